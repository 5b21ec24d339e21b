"""Runs that begin with the networks of a finished run: what is required, and what is kept of it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import CheckpointError, ConfigError, DataError, RunFolderError
from plurigrid_ff.host.folder import (
    LOG_FILE,
    NETWORK_FILE,
    REPORT_FILE,
    RUN_FILE,
    RunFolder,
    agent_file,
    read_run_config,
)
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.ports import WARM_START
from plurigrid_ff.host.skill import SkillCard
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.settings import flat_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plurigrid_ff.data.dataset import Dataset

WHERE = "warm_start.run"


@dataclass(frozen=True, slots=True)
class WarmStart:
    """A finished run that another begins with.

    Attributes:
        folder: Where it lies.
        log_head: Hash of the last entry of its log.
        data_digest: Digest of the data it learned from.
        networks: The file of every agent's network.
    """

    folder: Path
    log_head: str
    data_digest: str
    networks: dict[str, Path]

    def require_data(self, data: "Dataset") -> None:
        """Require the samples and the split that the networks learned from.

        Raises:
            DataError: They are others, so test samples may have been trained on.
        """
        if data.digest != self.data_digest:
            raise DataError(
                f"{WHERE}: {self.folder} learned from other samples than {data.name!r} holds now, "
                "so its networks may know the test split; take the same data and splits"
            )

    def weights(self) -> "dict[str, dict[str, NDArray[Any]]]":
        """Read all weights and buffers, by agent and by name in its file.

        Raises:
            CheckpointError: A file is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        found = {}
        for agent, path in self.networks.items():
            try:
                found[agent] = load_file(path)
            except (OSError, SafetensorError) as error:
                raise CheckpointError(f"{path}: cannot be read as safetensors: {error}") from error
        return found

    def copy_to(self, folder: Path) -> None:
        """Copy what it takes to begin again: settings, log, report and networks."""
        folder.mkdir()
        for name in (RUN_FILE, LOG_FILE, REPORT_FILE):
            shutil.copyfile(self.folder / name, folder / name)
        for path in self.networks.values():
            copy = folder / path.relative_to(self.folder)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)


def open_warm_start(
    config: RunConfig, agents: Sequence[str], generator: SkillCard, folder: Path
) -> WarmStart:
    """Find the run that another is to begin with, and require that it can.

    Args:
        config: The resolved settings of the run that is to begin.
        agents: Names of its agents.
        generator: Card of its generator.
        folder: Where the finished run lies.

    Raises:
        RunFolderError: No finished run lies there, or its log was changed.
        ConfigError: What differs, or who has no network.
    """
    if WARM_START.name not in generator.feedback:
        raise ConfigError(
            f"{WHERE}: {generator.name!r} does not begin with given weights: its card reads no "
            f"port {WARM_START.name!r}; forward-forward-learning does"
        )
    if not RunFolder(folder).is_complete:
        raise RunFolderError(
            f"{WHERE}: no finished run lies in {str(folder)!r}; make one with `plurigrid-ff train`"
        )
    saved, report = read_run_config(folder), read_report(folder)
    log = read_log(folder / LOG_FILE)
    if not log or log[-1].hash != report.log_head:
        raise RunFolderError(
            f"{WHERE}: {folder / LOG_FILE} does not end where its report says that it ends; "
            "`plurigrid-ff replay` tells what was changed"
        )
    asked = config.warm_start.log_head if config.warm_start else None
    if asked not in (None, report.log_head):
        raise ConfigError(
            f"warm_start.log_head: {folder} now holds another run: its log ends in "
            f"{report.log_head}, expected {asked}; leave the key out to begin with this one"
        )
    _require_alike(config, saved, folder)
    networks = _networks(folder, saved, agents)
    return WarmStart(folder, report.log_head, report.data_digest, networks)


def _require_alike(config: RunConfig, saved: RunConfig, folder: Path) -> None:
    """Require networks of the same shape and splits of the same seed.

    Raises:
        ConfigError: The first setting that differs.
    """
    if config.seed != saved.seed:
        raise ConfigError(
            f"{WHERE}: the seed of {folder} is {saved.seed}, got {config.seed}; splits and shards "
            "derive from it, so take the same seed"
        )
    want, have = (flat_settings(one.network.model_dump(mode="json")) for one in (config, saved))
    for key in sorted(want.keys() | have.keys()):
        if want.get(key) != have.get(key):
            raise ConfigError(
                f"{WHERE}: network.{key} of {folder} is {have.get(key)!r}, got {want.get(key)!r}; "
                "networks go on as they are: take the same [network]"
            )


def _networks(folder: Path, saved: RunConfig, agents: Sequence[str]) -> dict[str, Path]:
    """Find the network of every agent.

    Raises:
        ConfigError: The first agent that has none.
    """
    if (saved.society.agents == 1) != (len(agents) == 1):
        raise ConfigError(
            f"{WHERE}: society.agents of {folder} is {saved.society.agents}, got {len(agents)}; "
            "every agent goes on from a network of its own"
        )
    one = len(agents) == 1
    found = {agent: folder / NETWORK_FILE if one else agent_file(folder, agent) for agent in agents}
    for agent, path in found.items():
        if not path.is_file():
            raise ConfigError(
                f"{WHERE}: {folder} left no network of {agent!r}: it was excluded, or the "
                "generator saves none; every agent goes on from a network of its own"
            )
    return found
