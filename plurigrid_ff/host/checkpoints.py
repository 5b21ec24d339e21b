"""Checkpoints between rounds: numbered folders, written beside and renamed."""

import json
import shutil
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff.host.feedback import Feedback, read_arrays, write_arrays
from plurigrid_ff.host.skill import Role, Stateful
from plurigrid_ff.results import Verdict

_PREFIX = "checkpoint-"
_HOST_FILE = "host.json"


class HostState(Settings):
    """What the host itself must know to go on.

    Attributes:
        rounds: Rounds that are complete.
        entries: Log entries that belong to them.
        seconds: Wall-clock seconds they took.
        data: Digest of the data set they ran on.
        graph: Digest of the society's graph.
        feedback: JSON part of the fed-back ports, by port name; their arrays lie beside.
        excluded: Agents that no longer take part, and why.
        done: The generator wants no further round.
        verdict: Of the last round; a run may be interrupted between it and its report.
    """

    rounds: int
    entries: int
    seconds: float
    data: str
    graph: str
    feedback: dict[str, Any]
    excluded: dict[str, str] = Field(default_factory=dict)
    done: bool = False
    verdict: Verdict | None = None


def save_checkpoint(
    folder: Path, state: HostState, feedback: Feedback, built: dict[Role, Any]
) -> None:
    """Write a checkpoint; the one before goes once the new one is whole."""
    final = folder / f"{_PREFIX}{state.rounds:06d}"
    beside = final.with_suffix(".part")
    if beside.exists():
        shutil.rmtree(beside)
    beside.mkdir(parents=True)
    for role, skill in built.items():
        if isinstance(skill, Stateful):
            place = beside / role.slot
            place.mkdir()
            skill.save_state(place)
    write_arrays(beside, feedback)
    write_text(beside / _HOST_FILE, state.model_dump_json())
    beside.rename(final)
    for old in list_checkpoints(folder)[:-1]:
        shutil.rmtree(old)


def load_checkpoint(folder: Path, built: dict[Role, Any]) -> tuple[HostState, Feedback] | None:
    """Bring every skill to the last complete checkpoint; None if there is none.

    Raises:
        CheckpointError: The checkpoint is damaged or belongs to other skills.
    """
    complete = list_checkpoints(folder)
    if not complete:
        return None
    path = complete[-1] / _HOST_FILE
    try:
        state = HostState.model_validate(json.loads(read_text(path)))
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged; start again with --overwrite") from error
    for role, skill in built.items():
        if isinstance(skill, Stateful):
            skill.load_state(complete[-1] / role.slot)
    return state, Feedback(state.feedback, read_arrays(complete[-1]))


def remove_checkpoints(folder: Path) -> None:
    """Remove all checkpoints; a finished run does not need them."""
    for path in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(path)


def list_checkpoints(folder: Path) -> list[Path]:
    """List complete checkpoints, oldest first."""
    found = sorted(folder.glob(f"{_PREFIX}*"))
    return [path for path in found if path.suffix != ".part"]
