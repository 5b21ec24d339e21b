"""Fed-back ports in a checkpoint: JSON, and the arrays beside it in safetensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from plurigrid_ff.errors import CheckpointError, PluginError
from plurigrid_ff.files import written_beside
from plurigrid_ff.host.arrays import dump_value, restore_value
from plurigrid_ff.host.ports import STANDARD_PORTS, Port
from plurigrid_ff.host.skill import Role, Skill
from plurigrid_ff.host.wiring import written_ports

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARRAYS_FILE = "feedback.safetensors"


@dataclass(frozen=True, slots=True)
class Feedback:
    """Values of fed-back ports, taken apart.

    Attributes:
        values: The JSON part, by port name.
        arrays: What the values name, by that name.
    """

    values: dict[str, Any] = field(default_factory=dict)
    arrays: "dict[str, NDArray[Any]]" = field(default_factory=dict)


def dump_feedback(values: Mapping[str, Any], ports: Mapping[str, Port[Any]]) -> Feedback:
    """Take port values apart.

    Raises:
        PluginError: A value does not have its port's type.
    """
    feedback = Feedback()
    for name, value in values.items():
        try:
            feedback.values[name] = dump_value(ports[name].type, value, feedback.arrays)
        except PydanticSerializationError as error:
            raise PluginError(
                f"port {name!r} is fed back, but its value cannot be saved as the port's type: "
                f"{error}"
            ) from error
    return feedback


def restore_feedback(feedback: Feedback, ports: Mapping[str, Port[Any]]) -> dict[str, Any]:
    """Put port values together again.

    Raises:
        CheckpointError: A value does not have its port's type.
    """
    restored = {}
    for name, value in feedback.values.items():
        try:
            restored[name] = restore_value(ports[name].type, value, feedback.arrays)
        except (KeyError, ValidationError) as error:
            raise CheckpointError(
                f"checkpoint: port {name!r} cannot be read back; start again with --overwrite"
            ) from error
    return restored


def write_arrays(folder: Path, feedback: Feedback) -> None:
    """Write the arrays of fed-back ports; nothing where there are none."""
    if not feedback.arrays:
        return
    import numpy as np
    from safetensors.numpy import save_file

    held = {name: np.ascontiguousarray(array) for name, array in feedback.arrays.items()}
    with written_beside(folder / ARRAYS_FILE) as temporary:
        save_file(held, temporary)


def read_arrays(folder: Path) -> "dict[str, NDArray[Any]]":
    """Read the arrays of fed-back ports; none where no file is.

    Raises:
        CheckpointError: The file is damaged.
    """
    path = folder / ARRAYS_FILE
    if not path.exists():
        return {}
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: damaged; start again with --overwrite") from error
    return arrays


def fed_back(skills: dict[Role, Skill]) -> set[str]:
    """Ports that somebody reads one round late and somebody writes."""
    read = {name for skill in skills.values() for name in skill.card.feedback}
    written: set[str] = set()
    for skill in skills.values():
        written |= written_ports(skill.card)
    return read & written


def known_ports(skills: dict[Role, Skill]) -> dict[str, Port[Any]]:
    """Collect port definitions, and require one for every port that is fed back.

    Raises:
        PluginError: A fed-back port that no skill defines: it could not be resumed.
    """
    known = dict(STANDARD_PORTS)
    for skill in skills.values():
        known |= {port.name: port for port in skill.ports}
    for name in fed_back(skills):
        if name not in known:
            raise PluginError(
                f"port {name!r} is fed back, but no skill defines it; list it in Skill(ports=...)"
            )
    return known
