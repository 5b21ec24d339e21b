"""How the processes of a run find each other, and refuse to start if they do not match."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from plurigrid_ff.errors import ConfigError, MeetingError

PAPERS = "papers/"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a launcher tells a process of its place, in the variables that torchrun sets.

    Attributes:
        rank: Number of the process, from 0.
        world: Number of processes.
        local_rank: Its number on its machine: which GPU it has.
        address: Machine that holds the store in which they meet.
        port: Where it listens there.
        hosted: The launcher holds the store; else the process of rank 0 does.
        attempt: How often the launcher has started them before.
    """

    rank: int
    world: int
    local_rank: int
    address: str
    port: int
    hosted: bool
    attempt: int

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Launch":
        """Read the variables.

        Raises:
            ConfigError: One is missing or is no number.
        """

        def number(name: str, default: str | None = None) -> int:
            text = environment.get(name, default)
            if text is None or not text.isdecimal():
                raise ConfigError(
                    f"{name}: expected a number from the launcher, got {text!r}; start with "
                    "torchrun --nproc-per-node N -m plurigrid_ff.distributed RUN.toml"
                )
            return int(text)

        return cls(
            rank=number("RANK"),
            world=number("WORLD_SIZE"),
            local_rank=number("LOCAL_RANK", "0"),
            address=environment.get("MASTER_ADDR", "127.0.0.1"),
            port=number("MASTER_PORT"),
            hosted=environment.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
            attempt=number("TORCHELASTIC_RESTART_COUNT", "0"),
        )

    @property
    def where(self) -> str:
        """Where the store is, for people."""
        return f"{self.address}:{self.port}"


def open_store(launch: Launch, timeout_s: float) -> Store:
    """Open the store, or wait until it is there.

    Raises:
        MeetingError: Nobody answered in time.
    """
    try:
        store = TCPStore(
            launch.address,
            launch.port,
            launch.world,
            is_master=launch.rank == 0 and not launch.hosted,
            timeout=timedelta(seconds=timeout_s),
            wait_for_workers=False,
        )
    except (RuntimeError, ValueError) as error:  # torch's own, and those of name look-up
        raise MeetingError(
            f"rank {launch.rank} of {launch.world} on {socket.gethostname()} found no store at "
            f"{launch.where} within {timeout_s:g} s; start the process of rank 0 there, or correct "
            f"MASTER_ADDR and MASTER_PORT ({_first_line(error)})"
        ) from error
    return PrefixStore(f"plurigrid-ff/{launch.attempt}", store)


def meet(
    store: Store,
    launch: Launch,
    versions: Mapping[str, str],
    settings: Mapping[str, Any],
    timeout_s: float,
) -> list[str]:
    """Show the others what runs here, wait for them, and compare.

    Args:
        store: Where they meet.
        launch: This process's place.
        versions: Of what a result depends on.
        settings: All that was asked for, flat.
        timeout_s: How long to wait for all others together.

    Returns:
        The machine of each rank.

    Raises:
        MeetingError: A rank did not come.
        ConfigError: Another version, or another setting, on some rank.
    """
    own = {"host": socket.gethostname(), "versions": dict(versions), "settings": dict(settings)}
    store.set(f"{PAPERS}{launch.rank}", json.dumps(own, default=str))
    keys = [f"{PAPERS}{rank}" for rank in range(launch.world)]
    try:
        store.wait(keys, timedelta(seconds=timeout_s))
        papers = [json.loads(store.get(key)) for key in keys]
    except RuntimeError as error:
        raise MeetingError(
            f"rank {launch.rank} waited {timeout_s:g} s at {launch.where}, and of ranks 0 to "
            f"{launch.world - 1} these did not come: {_absent(store, keys)}; start them with the "
            "same command, see that they reach that address, or allow more with --timeout"
        ) from error
    for rank, other in enumerate(papers[1:], start=1):
        _require_equal(papers[0]["versions"], other["versions"], rank, "runs", "install the same")
        _require_equal(
            papers[0]["settings"], other["settings"], rank, "was asked for", "give all the same"
        )
    return [paper["host"] for paper in papers]


def _require_equal(
    first: dict[str, Any], other: dict[str, Any], rank: int, verb: str, remedy: str
) -> None:
    """Refuse what differs between two ranks.

    Raises:
        ConfigError: The first that does.
    """
    for name in sorted(first.keys() | other.keys()):
        if first.get(name) != other.get(name):
            raise ConfigError(
                f"rank {rank} {verb} {name} {other.get(name)!r}, rank 0 {first.get(name)!r}; "
                f"{remedy} on all ranks"
            )


def _absent(store: Store, keys: list[str]) -> str:
    """Name the ranks that have shown nothing."""
    try:
        return ", ".join(str(rank) for rank, key in enumerate(keys) if not store.check([key]))
    except RuntimeError:  # who held the store has left, because of what it read there perhaps
        return "who held the store, whose own message says why it left"


def _first_line(error: BaseException) -> str:
    """Shorten what torch says."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
