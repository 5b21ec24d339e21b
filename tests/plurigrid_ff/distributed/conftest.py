"""Fleets: rank 0 is the process of the tests, the others are forked from one that has torch."""

import multiprocessing
import socket
from contextlib import contextmanager

import pytest

from plurigrid_ff.distributed import Fleet, Launch

FOLLOWER = """
import os
import sys
import torch
torch.set_num_threads(1)
from plurigrid_ff.distributed import Fleet, Launch, work
from plurigrid_ff.errors import PlurigridError
fleet = Fleet(Launch.read(environment), {}, replicas=replicas, timeout_s=300.0)
try:
    work(fleet)
except PlurigridError as error:
    sys.exit(str(error))
finally:
    fleet.close()
"""


def find_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def environment(rank: int, world: int, port: int) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


@contextmanager
def processes(world: int, replicas: int):
    """Yield the fleet as rank 0 sees it, and the other processes."""
    port = find_port()
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["plurigrid_ff.distributed.worker"])
    others = []
    for rank in range(1, world):
        given = {"environment": environment(rank, world, port), "replicas": replicas}
        others.append(server.Process(target=exec, args=(FOLLOWER, given), daemon=True))
        others[-1].start()
    fleet = None
    try:
        launch = Launch.read(environment(0, world, port))
        fleet = Fleet(launch, {}, replicas=replicas, timeout_s=300.0)
        yield fleet, others
        if all(other.is_alive() for other in others):
            fleet.dismiss()
    finally:
        if fleet is not None:
            fleet.close()
        for other in others:
            other.join(60)


@pytest.fixture(scope="module")
def two_stages():
    """Two stages, one process each: the fleet, and the other process."""
    with processes(world=2, replicas=1) as (fleet, (other,)):
        yield fleet, other


@pytest.fixture
def stages(two_stages):
    """The fleet of two stages."""
    return two_stages[0]


@pytest.fixture
def replicas():
    """A fleet of two stages with two processes each."""
    with processes(world=4, replicas=2) as (fleet, _):
        yield fleet


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody holds."""
    return find_port()
