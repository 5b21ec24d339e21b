"""Run folders: whole or absent. A run grows beside its place and is renamed into it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plurigrid_ff.config import RunConfig, format_toml, read_toml
from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.files import write_text
from plurigrid_ff.host.checkpoints import list_checkpoints

RUN_FILE = "run.toml"
LOG_FILE = "rounds.jsonl"
NETWORK_FILE = "network.safetensors"
AGENTS_FOLDER = "agents"
REPORT_FILE = "report.json"
MAX_NAMED = 5  # run folders that an error names
START_FOLDER = "start"  # what a run needs of the one that it begins with


def agent_file(folder: Path, agent: str) -> Path:
    """Return where the network of one of several agents lies; one alone has NETWORK_FILE."""
    return folder / AGENTS_FOLDER / f"{agent}.safetensors"


class RunFolder:
    """Where one run lies: ``OUT`` when it is complete, ``OUT.partial`` until then.

    Args:
        path: The run's final place.

    Raises:
        RunFolderError: The path has no name of its own.
    """

    def __init__(self, path: Path) -> None:
        if path.name in ("", ".."):
            raise RunFolderError(f"{path}: expected a new folder, such as {path / 'mine'}")
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        self._replaced = path.with_name(path.name + ".replaced")

    @property
    def is_complete(self) -> bool:
        """Whether a finished run lies at the final place."""
        return (self.path / REPORT_FILE).is_file() and (self.path / RUN_FILE).is_file()

    @property
    def is_begun(self) -> bool:
        """Whether an unfinished run lies beside it, however short it was."""
        return (self.partial / RUN_FILE).is_file()

    def settings(self) -> dict[str, Any]:
        """Read the settings of the run that lies here, unfinished or finished; {} if none does.

        Raises:
            ConfigError: Its run file is damaged.
        """
        if self.is_begun:
            return read_toml(self.partial / RUN_FILE)
        return read_toml(self.path / RUN_FILE) if self.is_complete else {}

    def require_free(self, *, overwrite: bool) -> None:
        """Refuse to lose anything.

        Raises:
            RunFolderError: Something lies there and ``overwrite`` is False, or what lies
                there is not a run. A run that stopped before its first round was
                complete is nothing to lose.
        """
        self._recover()
        if self.path.exists() and not self.is_complete:
            raise RunFolderError(
                f"{self.path}: exists and is not a finished run, so it is left alone; "
                "choose another --out"
            )
        if overwrite:
            return
        if self.path.exists():
            raise RunFolderError(
                f"{self.path}: holds a finished run; choose another --out, or --overwrite to "
                "replace it once the new run is complete"
            )
        if list_checkpoints(self.partial):
            raise RunFolderError(
                f"{self.partial}: holds an unfinished run; --resume to go on with it, or "
                "--overwrite to start again"
            )

    def begin(self, config: RunConfig, copy_start: Callable[[Path], None] | None = None) -> Path:
        """Make a partial folder with the resolved run file and nothing else.

        Args:
            config: The settings.
            copy_start: Copies what is needed of the run that this one begins with.
        """
        if self.partial.exists():
            shutil.rmtree(self.partial)
        self.partial.mkdir(parents=True)
        if copy_start is not None:
            copy_start(self.partial / START_FOLDER)
        write_text(self.partial / RUN_FILE, format_toml(config))
        return self.partial

    def finish(self) -> Path:
        """Rename the partial folder into place; a run that was there goes last."""
        if self.path.exists():
            self.path.rename(self._replaced)
        self.partial.rename(self.path)
        shutil.rmtree(self._replaced, ignore_errors=True)
        return self.path

    def _recover(self) -> None:
        """Put a replaced run back if the process died between the two renames."""
        if self._replaced.exists() and not self.path.exists():
            self._replaced.rename(self.path)


def read_run_config(folder: Path) -> RunConfig:
    """Read the resolved run file of a run folder.

    Raises:
        RunFolderError: The folder holds no run.
        ConfigError: Its run file is damaged.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        stages = sorted(folder.glob(f"*/{RUN_FILE}"))
        if stages:
            held = ", ".join(str(stage.parent) for stage in stages[:MAX_NAMED])
            raise RunFolderError(f"{folder}: not a run folder, but it holds some: {held}; name one")
        raise RunFolderError(
            f"{folder}: not a run folder (no {RUN_FILE}); make one with `plurigrid-ff train`"
        )
    return RunConfig.parse(read_toml(path), where=str(path))
