"""Triads: find one by name or file, check it, and resolve it to installed skills."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field

from plurigrid_ff.config import RunConfig, Settings, Triad, read_toml
from plurigrid_ff.errors import RunFolderError, TriadError, unknown_name
from plurigrid_ff.files import write_text
from plurigrid_ff.gf3 import add, format_trit, is_balanced, is_strict
from plurigrid_ff.host.expressions import THEN
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role, Skill
from plurigrid_ff.host.wiring import wiring_faults

SLOTS = tuple(role.slot for role in Role)  # validator, coordinator, generator


class TriadCheck(Settings):
    """What is known of a triad without running it."""

    name: str
    skills: dict[str, str] = Field(description="Skill names by slot.")
    trits: dict[str, int] = Field(description="Trits by skill name.")
    trit_sum: int = Field(description="Sum of the trits in GF(3).")
    balanced: bool
    strict: bool
    installed: dict[str, bool] = Field(description="By skill name.")
    well_typed: bool | None = Field(description="None until all three are installed.")
    faults: tuple[str, ...] = Field(description="Why it cannot run; empty if it can.")

    @property
    def runnable(self) -> bool:
        """Whether nothing stands in the way of a run."""
        return not self.faults


def shipped_triads() -> dict[str, Triad]:
    """Read the triads that come with the project, by name."""
    found = {}
    for resource in sorted(files("plurigrid_ff_triads").iterdir(), key=lambda item: item.name):
        if resource.name.endswith(".toml"):
            values = tomllib.loads(resource.read_text("utf-8"))
            triad = Triad.parse(values, where=resource.name)
            found[triad.name] = triad
    return found


def find_triad(reference: str) -> Triad:
    """Look a triad up by the name of a shipped one, or read it from a file.

    Raises:
        UnknownNameError: No shipped triad has that name, and it is no file.
        ConfigError: The file is not a triad.
    """
    triads = shipped_triads()
    if reference in triads:
        return triads[reference]
    path = Path(reference)
    if path.suffix == ".toml" or path.is_file():
        return Triad.parse(read_toml(path), where=str(path))
    raise unknown_name("triad", reference, triads)


def parse_run(values: dict[str, Any], *, where: str) -> RunConfig:
    """Validate raw settings; a triad given by name or path is looked up.

    Raises:
        ConfigError: A key that is unknown or out of range.
        UnknownNameError: No such triad.
    """
    triad = values.get("triad")
    if isinstance(triad, str):
        values = {**values, "triad": find_triad(triad).model_dump()}
    return RunConfig.parse(values, where=where)


def compose_triad(names: Sequence[str], registry: Registry, *, name: str | None = None) -> Triad:
    """Put three skills, given in any order, into the slots of their roles.

    Raises:
        UnknownNameError: A name that means nothing here.
        TriadError: Not three names, or not one of each role; the sum is shown.
    """
    if len(names) != 3:
        raise TriadError(f"a triad has three skills, got {len(names)}: {', '.join(names)}")
    roles = {skill: registry.role(skill) for skill in names}
    _require_strict(" + ".join(names), [roles[skill] for skill in names], names)
    slots = {roles[skill].slot: skill for skill in names}
    title = name or "-".join(slots[slot] for slot in SLOTS)
    return Triad.parse({"name": title, **slots}, where="triad")


def write_triad(triad: Triad, path: Path, *, overwrite: bool = False) -> None:
    """Write a triad as a TOML file that ``find_triad`` reads.

    Raises:
        RunFolderError: The file exists and ``overwrite`` is False.
    """
    if path.exists() and not overwrite:
        raise RunFolderError(f"{path}: exists; --overwrite to replace it")
    write_text(path, "".join(f'{key} = "{value}"\n' for key, value in triad.model_dump().items()))


def check_triad(triad: Triad, registry: Registry) -> TriadCheck:
    """Check arithmetic, slots, installation and ports, without raising.

    Raises:
        UnknownNameError: A skill name that means nothing here.
    """
    where = f"triad {triad.name!r}: "
    skills = {slot: str(getattr(triad, slot)) for slot in SLOTS}
    roles = {slot: registry.role(name, where=where) for slot, name in skills.items()}
    trits = [int(role) for role in roles.values()]
    installed = {name: name in registry.skills for name in skills.values()}
    faults = _slot_faults(triad, skills, roles)
    well_typed = None
    if not faults and all(installed.values()):
        wrong = wiring_faults({role: registry.skill(skills[role.slot]).card for role in Role})
        well_typed = not wrong
        faults += [where + fault for fault in wrong]
    faults += [
        f"{where}{name!r} is not installed: no plugin here provides it"
        for name, there in installed.items()
        if not there
    ]
    return TriadCheck(
        name=triad.name,
        skills=skills,
        trits={name: int(roles[slot]) for slot, name in skills.items()},
        trit_sum=add(trits),
        balanced=is_balanced(trits),
        strict=is_strict(trits),
        installed=installed,
        well_typed=well_typed,
        faults=tuple(faults),
    )


def resolve_triad(triad: Triad, registry: Registry) -> dict[Role, Skill]:
    """Look the three skills up and require that they can run together.

    Raises:
        UnknownNameError: A skill name that means nothing here.
        TriadError: Unbalanced, not strict, a wrong slot, not installed, or ill-typed.
    """
    check = check_triad(triad, registry)
    if check.faults:
        raise TriadError(check.faults[0])
    return {role: registry.skill(check.skills[role.slot]) for role in Role}


def _slot_faults(triad: Triad, skills: dict[str, str], roles: dict[str, Role]) -> list[str]:
    """Check the sum first, then strictness, then each slot."""
    where = f"triad {triad.name!r}"
    try:
        _require_strict(where, list(roles.values()), list(skills.values()))
    except TriadError as error:
        return [str(error)]
    return [
        f"{where}: {name!r} is a {roles[slot].slot}, but it fills the {slot} slot"
        for slot, name in skills.items()
        if roles[slot].slot != slot
    ]


def _require_strict(where: str, roles: Sequence[Role], names: Sequence[str]) -> None:
    """Require one skill of each role, and say which arithmetic failed if not.

    Raises:
        TriadError: The sum is not 0, or it is and the roles are three of a kind.
    """
    trits = [int(role) for role in roles]
    if is_strict(trits):
        return
    terms = " + ".join(
        f"({format_trit(trit)} {name})" for trit, name in zip(trits, names, strict=True)
    )
    if not is_balanced(trits):
        raise TriadError(
            f"{where}: does not balance: {terms} = {format_trit(add(trits))} in GF(3), not 0; "
            "take one validator, one coordinator and one generator"
        )
    raise TriadError(
        f"{where}: balanced but not strict: {terms} = 0 in GF(3), but three "
        f"{roles[0].slot}s do not make a triad; take one of each role"
    )


def triad_from_arguments(arguments: Sequence[str], registry: Registry) -> Triad:
    """Read what a user typed: a triad's name, a file, or three skill names.

    Raises:
        TriadError: A sequence, two arguments, or more than three.
        UnknownNameError: A name that means nothing here.
    """
    if THEN in arguments:
        raise TriadError(
            f"{' '.join(arguments)}: a sequence, where one triad is expected; `plurigrid-ff triads "
            "run` runs it, `plurigrid-ff triads compose` shows its sums"
        )
    if len(arguments) == 1:
        return find_triad(arguments[0])
    if len(arguments) != 3:
        raise TriadError(
            f"expected a triad's name, a .toml file or three skill names, got {len(arguments)} "
            f"arguments: {', '.join(arguments)}"
        )
    return compose_triad(arguments, registry)
