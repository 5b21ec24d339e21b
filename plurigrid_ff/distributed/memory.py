"""Memory of one stage: told apart from that of the others when it does not suffice."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.errors import ConfigError, StageLostError
from plurigrid_ff.learning.footprint import COPIES, GIB, parameter_bytes, require_memory
from plurigrid_ff.learning.network import FFNetwork

# How torch says on the CPU what it could not have.
_REFUSED = re.compile(r"can't allocate memory: you tried to allocate (\d+) bytes")


def stage_bytes(network: FFNetwork, places: range) -> int:
    """Bytes that weights, optimizer state and gradients of some layers take.

    Who has the first layer leads, and holds the weights of the others as well.
    """
    sizes = [parameter_bytes(network.stack[place]) for place in places]
    held = parameter_bytes(network) - sum(sizes) if 0 in places else 0
    return COPIES * sum(sizes) + max(sizes) + held


def require_stage_memory(fleet: Fleet, network: FFNetwork, device: torch.device) -> None:
    """Refuse layers that this process's device cannot hold, before any of it is taken.

    Raises:
        ConfigError: Which stage, how much it would take, and how much there is.
    """
    try:
        require_memory(stage_bytes(network, fleet.cuts[fleet.stage]), device)
    except ConfigError as error:
        raise ConfigError(f"{fleet.name(fleet.rank)}: {error}, or more stages") from error


@contextmanager
def within_memory(fleet: Fleet) -> Iterator[None]:
    """Say which stage has run out of memory, and how much it wanted.

    Raises:
        StageLostError: It has.
    """
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        refused = _REFUSED.search(text)
        if refused is None and not isinstance(error, torch.OutOfMemoryError):
            raise
        wanted = text.splitlines()[0][:200]
        if refused is not None:
            wanted = f"it wanted {int(refused.group(1)) / GIB:.2f} GiB more"
        lost = StageLostError(
            f"{fleet.name(fleet.rank)} is out of memory: {wanted}; lower training.batch_size or "
            "training.chunk_size, or take more stages"
        )
        fleet.report(lost)
        raise lost from error
