"""What both ends of a fleet build: a stage between its links, and the weights it is given."""

import torch
from torch import Tensor

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.distributed.links import ProcessInlet, ProcessOutlet
from plurigrid_ff.distributed.replicas import ProcessReplicas
from plurigrid_ff.learning.flows import FeedForward
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.pipeline import Work
from plurigrid_ff.learning.precision import activity_dtype
from plurigrid_ff.learning.stage import Stage


def build_stage(fleet: Fleet, work: Work) -> Stage:
    """Build this process's stage between those of its neighbours.

    Args:
        fleet: The processes, layers divided among them.
        work: What there is to train; of samples only what the stage reads.
    """
    network, own, replica = work.network, fleet.cuts[fleet.stage], fleet.replica
    below = above = None
    if fleet.stage > 0:
        flow = network.flow
        assert isinstance(flow, FeedForward)  # noqa: S101 - other flows are never divided
        below = ProcessInlet(
            fleet,
            fleet.rank_of(fleet.stage - 1, replica),
            flow.passed_on(network.stack, own.start),
            network.stack[own.start].objective.rails,
            work.y.device,
            activity_dtype(work.training.precision, work.y.device),
        )
    if fleet.stage + 1 < fleet.stages:
        above = ProcessOutlet(fleet, fleet.rank_of(fleet.stage + 1, replica))
    replicas = ProcessReplicas(fleet) if fleet.replicas > 1 else None
    return Stage(
        network,
        work.batches(replicas.part if replicas else (0, 1)),
        work.training,
        own,
        x=work.x if fleet.stage == 0 else None,
        below=below,
        above=above,
        replicas=replicas,
    )


def weights_of(network: FFNetwork, places: range) -> dict[str, Tensor]:
    """Return the weights and buffers of some layers; with the first, those of the input."""
    prefixes = tuple(f"layers.{place}." for place in places)
    if 0 in places:
        prefixes += ("input_",)
    return {k: v for k, v in network.state_dict().items() if k.startswith(prefixes)}


def take_up(network: FFNetwork, weights: dict[str, Tensor]) -> None:
    """Let layers take up what :meth:`weights_of` returned elsewhere."""
    unknown = network.load_state_dict(weights, strict=False).unexpected_keys
    assert not unknown, unknown  # noqa: S101 - both ends built the same network


def state_of(tensors: dict[str, Tensor], places: range) -> dict[str, Tensor]:
    """Return what of an optimizer state belongs to some layers."""
    prefixes = tuple(f"layers.{place}." for place in places)
    return {name: value for name, value in tensors.items() if name.startswith(prefixes)}


def materialise(network: FFNetwork, places: range, device: torch.device) -> None:
    """Give memory to some layers of a network that is only planned, on ``meta``."""
    for place in places:
        layer = network.stack[place]
        for part in filter(None, (layer.transform, layer.objective, layer.peers)):
            if part is layer.transform and layer.transform.kind == "block":
                part.to(device)  # made for real already
            else:
                part.to_empty(device=device)
    if 0 in places:
        for name, buffer in network.named_buffers(recurse=False):
            network.register_buffer(name, torch.empty_like(buffer, device=device))
