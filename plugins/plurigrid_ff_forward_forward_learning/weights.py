"""An agent's trained weights as arrays: handed out, and taken up when others have mixed them."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from plurigrid_ff.errors import PluginError


def read_parameters(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return a copy of every trained weight, by its name in the network's file."""
    return {
        name: weights.detach().cpu().numpy().copy()
        for name, weights in network.named_parameters()
        if weights.requires_grad
    }


@torch.no_grad()
def write_parameters(
    network: nn.Module, parameters: Mapping[str, NDArray[np.float32]], *, agent: str
) -> None:
    """Let a network take up weights; nothing changes unless all of them fit.

    Optimizer state stays what it is: the mixed weights are in the agent's own coordinates.

    Args:
        network: The network.
        parameters: A new value for every trained weight, by name.
        agent: Whose network it is, for errors.

    Raises:
        PluginError: A weight is missing, unknown, of another shape, or not finite.
    """
    own = {name: value for name, value in network.named_parameters() if value.requires_grad}
    for name in sorted(own.keys() | parameters.keys()):
        want = tuple(own[name].shape) if name in own else "absent"
        got = tuple(parameters[name].shape) if name in parameters else "none"
        where = f"port 'mixed-parameters': {name!r} of agent {agent!r}"
        if want != got:
            raise PluginError(f"{where} must have shape {want}, as in 'parameters', got {got}")
        if not np.isfinite(parameters[name]).all():
            raise PluginError(f"{where} holds values that are not finite; the mixing diverged")
    for name, value in own.items():
        value.copy_(torch.from_numpy(np.array(parameters[name], dtype=np.float32)))
