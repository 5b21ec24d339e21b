"""Fleets of two: rank 0 is the process of the tests, rank 1 one beside it."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.distributed.meeting import Launch

FOLLOWER = """
import sys
import torch
torch.set_num_threads(1)
from plurigrid_ff.distributed import Fleet, Launch, work
from plurigrid_ff.errors import PlurigridError
fleet = Fleet(Launch.read(), {}, replicas=int(sys.argv[1]), timeout_s=60.0)
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
def two_processes(replicas: int):
    """Yield the fleet as rank 0 sees it, and the other process."""
    port = find_port()
    other = subprocess.Popen(
        [sys.executable, "-c", FOLLOWER, str(replicas)],
        env=os.environ | environment(1, 2, port),
        stderr=subprocess.PIPE,
        text=True,
    )
    fleet = None
    try:
        launch = Launch.read(environment(0, 2, port))
        fleet = Fleet(launch, {}, replicas=replicas, timeout_s=60.0)
        yield fleet, other
        if other.poll() is None:
            fleet.dismiss()
    finally:
        if fleet is not None:
            fleet.close()
        other.communicate(timeout=60)


@pytest.fixture(scope="module")
def two_stages():
    """Two stages, one process each: the fleet, and the other process."""
    with two_processes(replicas=1) as found:
        yield found


@pytest.fixture
def stages(two_stages):
    """The fleet of two stages."""
    return two_stages[0]


@pytest.fixture
def replicas():
    """The fleet of one stage with two processes."""
    with two_processes(replicas=2) as (fleet, _):
        yield fleet


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody holds."""
    return find_port()
