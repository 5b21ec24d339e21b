"""The orders in which a network's units may be written without changing what it computes."""

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import AlignmentError
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.transforms.conv import Conv
from plurigrid_ff.learning.transforms.linear import Linear
from plurigrid_ff.sheaves.units import Permutation, Segment, UnitSymmetry

Axes = tuple[tuple[Segment, ...], ...]


def unit_symmetry(network: FFNetwork) -> UnitSymmetry:
    """Return which tensors of a network move along with the units of which layer.

    Layers may be linear or convolutions; their channels are the units.

    Raises:
        AlignmentError: A part whose units cannot be permuted, and which part.
    """
    if network.config.recurrent is not None:
        raise AlignmentError(
            "network.recurrent: layers that hear the layer above cannot be aligned unit by unit; "
            "leave it out, or set maps = 'identity' and start = 'common'"
        )
    stack = network.stack
    for index, layer in enumerate(stack):
        _require_permutable(network, index, layer)
    axes: dict[str, Axes] = {}
    below: tuple[Segment, ...] = ()
    for index, layer in enumerate(stack):
        units, places = layer.out_shape[0], prod(layer.out_shape[1:])
        prefix = f"layers.{index}"
        weight = network.get_parameter(f"{prefix}.transform.weight")
        along = Segment(units, index)
        reads = below or (Segment(weight.shape[1]),)
        if isinstance(layer.transform, Conv) and below:
            reads = (Segment(weight.shape[1], index - 1),)
        kernel = tuple((Segment(extent),) for extent in weight.shape[2:])
        axes[f"{prefix}.transform.weight"] = ((along,), reads, *kernel)
        axes[f"{prefix}.transform.bias"] = ((along,),)
        if layer.peers is not None:
            axes[f"{prefix}.peers.mean"] = ((along,),)
        for name, axis in (layer.objective.feature_axes or {}).items():
            shape = layer.objective.get_parameter(name).shape
            axes[f"{prefix}.objective.{name}"] = _along(shape, axis, _features(index, layer))
        below = (Segment(units * places, index, places),)
    axes |= _probe_axes(network)
    return UnitSymmetry(
        units=tuple(layer.out_shape[0] for layer in stack),
        groups=tuple(_groups(network, index) for index in range(len(stack))),
        cells=tuple(layer.summary.features // layer.out_shape[0] for layer in stack),
        axes=axes,
        readings=tuple(
            f"layers.{index}.objective.{tensor}" if (tensor := layer.objective.reading) else None
            for index, layer in enumerate(stack)
        ),
    )


def symmetry_of(
    config: NetworkConfig, feature_shape: tuple[int, ...], num_classes: int
) -> UnitSymmetry:
    """Return the symmetry of networks with these settings; a rigid one where units cannot move."""
    network = FFNetwork(config, feature_shape, num_classes, seed=0)
    try:
        return unit_symmetry(network)
    except AlignmentError:
        return rigid_symmetry(network)


def rigid_symmetry(network: FFNetwork) -> UnitSymmetry:
    """Return the symmetry in which every unit stays where it is, whatever the layers are."""
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    return UnitSymmetry.rigid(shapes, [layer.summary.features for layer in network.stack])


@torch.no_grad()
def permute_units(network: FFNetwork, order: Sequence[Permutation]) -> None:
    """Write a network's units in another order; what it computes stays the same.

    Args:
        network: The network, changed in place.
        order: One permutation per layer: unit ``order[layer][i]`` comes to place ``i``.

    Raises:
        AlignmentError: Units that cannot be permuted, or not so.
    """
    symmetry = unit_symmetry(network)
    state: dict[str, Tensor] = {
        name: value for name, value in network.state_dict().items() if name in symmetry.axes
    }
    arrays = {name: value.cpu().numpy() for name, value in state.items()}
    for name, moved in symmetry.carried(arrays, order).items():
        state[name].copy_(torch.from_numpy(np.ascontiguousarray(moved)))


def _require_permutable(network: FFNetwork, index: int, layer: FFLayer) -> None:
    """Refuse layers whose units are not free to change places.

    Raises:
        AlignmentError: The layer, what stands against it, and a way out.
    """
    where = f"layer {index + 1}"
    way_out = "train without alignment: maps = 'identity' and start = 'common'"
    if not isinstance(layer.transform, Linear | Conv):
        raise AlignmentError(
            f"{where}: expected a linear layer or a convolution, got {layer.transform.kind!r}, "
            f"whose units cannot be permuted; {way_out}"
        )
    if network.config.layers[index].shortcut != "none":
        raise AlignmentError(
            f"{where}: a shortcut ties its units to those of an earlier layer; {way_out}"
        )
    objective = layer.objective
    own = {name for name, _ in objective.named_parameters()}
    if objective.feature_axes is None or own != set(objective.feature_axes):
        raise AlignmentError(
            f"{where}: objective {objective.name!r} does not say how its tensors follow a "
            f"permutation of features (Objective.feature_axes); {way_out}"
        )
    groups = _groups(network, index)
    if layer.out_shape[0] % groups:
        raise AlignmentError(
            f"{where}: its {layer.out_shape[0]} channels must be a multiple of the {groups} "
            f"classes, each of which owns some; take such a number of channels"
        )


def _groups(network: FFNetwork, index: int) -> int:
    """Return how many runs of units of a layer must stay apart."""
    above = network.config.layers[index + 1 :]
    apart = network.stack[index].objective.owns_groups or (above and above[0].norm == "group")
    return network.num_classes if apart else 1


def _features(index: int, layer: FFLayer) -> Segment:
    """What the objective, or a probe, reads of a layer."""
    features = layer.summary.features
    return Segment(features, index, features // layer.out_shape[0])


def _along(shape: Sequence[int], axis: int, segment: Segment) -> Axes:
    """One axis runs along units, the others along nothing."""
    return tuple((segment if place == axis else Segment(size),) for place, size in enumerate(shape))


def _probe_axes(network: FFNetwork) -> dict[str, Axes]:
    """A probe reads all layers side by side, a head one."""
    if network.probe is None:
        return {}
    parts = [_features(index, layer) for index, layer in enumerate(network.stack)]
    classes = (Segment(network.num_classes),)
    if network.config.readout == "probe":
        return {"probe.weight": (classes, tuple(parts)), "probe.bias": (classes,)}
    axes: dict[str, Axes] = {}
    for index, part in enumerate(parts):
        axes[f"probe.heads.{index}.weight"] = (classes, (part,))
        axes[f"probe.heads.{index}.bias"] = (classes,)
    return axes
