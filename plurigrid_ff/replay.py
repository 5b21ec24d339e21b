"""Replay: derive a finished run again from its settings, and compare it round by round."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from plurigrid_ff.config import Settings
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff.host.folder import (
    AGENTS_FOLDER,
    LOG_FILE,
    NETWORK_FILE,
    START_FOLDER,
    read_run_config,
)
from plurigrid_ff.host.log import LogEntry, read_log
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.provenance import describe_machine, installed_versions
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.results import RunReport
from plurigrid_ff.runs import Watcher, train


class Difference(Settings):
    """The first thing in which a replay differs from the run.

    Attributes:
        what: What differs, in one sentence.
        round: The round, where it is in one.
        role: Whose step.
        port: Which port's digest; None where the numbers beside the ports differ.
    """

    what: str
    round: int | None = None
    role: str | None = None
    port: str | None = None


class ReplayReport(Settings):
    """What a replay found.

    Attributes:
        identical: Every log entry and every weight came out the same.
        entries: Log entries that did, from the first on.
        difference: The first that did not.
        environment: What has changed since the run in machine, versions and threads: bit
            identity is promised only where nothing has.
    """

    identical: bool
    entries: int
    difference: Difference | None
    environment: tuple[str, ...]


class _DivergedError(Exception):
    """Ends a replay at its first difference."""


def replay(
    folder: Path | str,
    *,
    host: Host | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> ReplayReport:
    """Derive a run again in a temporary folder and compare.

    Args:
        folder: The run folder; it is not touched.
        host: Skills to choose from; None loads every installed plugin.
        on_progress: Called with the share of all rounds that is done.

    Raises:
        RunFolderError: No finished run lies there.
        PlurigridError: The run cannot be repeated here: its data or a skill is missing.
    """
    folder = Path(folder)
    report = read_report(folder)
    environment = _changes(report)
    damage = _damage(folder, report)
    if damage is not None:
        return ReplayReport(identical=False, entries=0, difference=damage, environment=environment)
    recorded = read_log(folder / LOG_FILE)
    found = _Comparison(recorded)
    watcher = replace(Watcher(), on_progress=on_progress, on_entry=found.entry)
    with tempfile.TemporaryDirectory(prefix="plurigrid-ff-replay-") as place:
        again = Path(place) / "run"
        try:
            train(
                read_run_config(folder),
                again,
                host=host,
                watcher=watcher,
                start=folder / START_FOLDER,
            )
        except _DivergedError:
            pass
        else:
            found.end(folder, again)
    return ReplayReport(
        identical=found.difference is None,
        entries=found.same,
        difference=found.difference,
        environment=environment,
    )


class _Comparison:
    """Compares entries as they come.

    Args:
        recorded: The run's own.
    """

    def __init__(self, recorded: list[LogEntry]) -> None:
        self.recorded = recorded
        self.same = 0
        self.difference: Difference | None = None

    def entry(self, again: LogEntry) -> None:
        """Compare the next entry.

        Raises:
            _DivergedError: It differs.
        """
        if self.same >= len(self.recorded):
            what = f"the log ends after {self.same} entries, the replay goes on"
            self.difference = Difference(what=what, round=again.round, role=again.role)
        else:
            self.difference = _difference(self.recorded[self.same], again)
        if self.difference is not None:
            raise _DivergedError
        self.same += 1

    def end(self, folder: Path, again: Path) -> None:
        """Compare what lies there after the last entry."""
        if self.same < len(self.recorded):
            left = self.recorded[self.same]
            what = f"the log goes on after {self.same} entries, the replay ends"
            self.difference = Difference(what=what, round=left.round, role=left.role)
            return
        names = [_networks(folder), _networks(again)]
        for name in sorted(names[0] | names[1]):
            if _bytes(folder / name) != _bytes(again / name):
                what = f"{folder / name}: not the network that the settings lead to"
                self.difference = Difference(what=what)
                return


def _difference(recorded: LogEntry, again: LogEntry) -> Difference | None:
    """Compare two entries: who acted, what was read, what was written, what was noted."""
    where = {"round": recorded.round, "role": recorded.role}
    for name in ("round", "role", "skill", "version", "trit", "seed"):
        before, after = getattr(recorded, name), getattr(again, name)
        if before != after:
            what = f"{name} was {before!r} and is {after!r} in the replay"
            return Difference(what=what, **where)
    for direction in ("inputs", "outputs"):
        before, after = getattr(recorded, direction), getattr(again, direction)
        for port in sorted(before.keys() | after.keys()):
            if before.get(port) != after.get(port):
                what = (
                    f"the digest of {direction[:-1]} port {port!r} was {before.get(port)} and is "
                    f"{after.get(port)} in the replay"
                )
                return Difference(what=what, port=port, **where)
    if recorded.hash != again.hash:
        return Difference(what="its summary differs, all its ports are the same", **where)
    return None


def _damage(folder: Path, report: RunReport) -> Difference | None:
    """Find what can be seen to have been changed without training anything."""
    try:
        log = read_log(folder / LOG_FILE)
        settings = digest(read_run_config(folder))
    except (RunFolderError, ConfigError) as error:
        return Difference(what=str(error))
    head = log[-1].hash if log else None
    if head != report.log_head:
        what = f"{folder / LOG_FILE}: ends in {head}, the report says {report.log_head}"
        return Difference(what=what)
    if report.settings_digest is not None and settings != report.settings_digest:
        what = f"{folder}: run.toml holds other settings than those that the run had"
        return Difference(what=what)
    return None


def _changes(report: RunReport) -> tuple[str, ...]:
    """Say what has changed since in versions, machine and threads."""
    before = report.versions | report.machine
    now = installed_versions() | describe_machine()
    return tuple(
        f"{name}: {before[name]} then, {now.get(name, 'unknown')} now"
        for name in sorted(before)
        if before[name] != now.get(name)
    )


def _networks(folder: Path) -> set[str]:
    """Name the networks of a run."""
    found = {path.relative_to(folder).as_posix() for path in folder.glob(f"{AGENTS_FOLDER}/*")}
    return found | ({NETWORK_FILE} if (folder / NETWORK_FILE).exists() else set())


def _bytes(path: Path) -> bytes | None:
    """Return a file's bytes; None where there is none."""
    return path.read_bytes() if path.is_file() else None
