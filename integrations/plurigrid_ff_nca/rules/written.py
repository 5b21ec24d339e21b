"""Rules as data and in files, whether they have a name or not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import NonNegativeInt

from plurigrid_ff.errors import ConfigError, DataError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff.settings import Settings
from plurigrid_ff_nca.rules.family import Family, FamilyName
from plurigrid_ff_nca.rules.notation import name_rule
from plurigrid_ff_nca.rules.rule import Rule
from plurigrid_ff_nca.rules.space import Space

MAX_BYTES = 1 << 22


class WrittenRule(Settings):
    """A rule as data.

    Attributes:
        name: In the field's notation; for people, the table counts.
        space: States and neighbourhood.
        family: What the table's entries tell apart.
        table: Next state for every entry.
    """

    name: str | None = None
    space: Space
    family: FamilyName
    table: list[NonNegativeInt]


def write_rule(rule: Rule) -> WrittenRule:
    """Write a rule down."""
    return WrittenRule(
        name=name_rule(rule), space=rule.space, family=rule.family.name, table=rule.table.tolist()
    )


def read_rule(written: WrittenRule, *, where: str) -> Rule:
    """Read a rule that was written down.

    Raises:
        ConfigError: A table of another length or with states that there are not.
    """
    family = Family(written.space, written.family)
    if len(written.table) != family.entries:
        raise ConfigError(
            f"{where}: table: expected {family.entries} next states, got {len(written.table)}"
        )
    if max(written.table) >= written.space.states:
        raise ConfigError(
            f"{where}: table: expected states 0 to {written.space.states - 1}, got "
            f"{max(written.table)}"
        )
    return Rule(family, np.array(written.table, np.uint8))


def save_rule(rule: Rule, path: Path) -> None:
    """Write a rule as JSON; until the file is whole, what was there stays."""
    write_text(path, json.dumps(write_rule(rule).model_dump(mode="json")) + "\n")


def load_rule(path: Path) -> Rule:
    """Read a rule from JSON.

    Raises:
        DataError: No JSON object.
        ConfigError: Not a rule.
    """
    try:
        values: Any = json.loads(read_text(path, max_bytes=MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: expected a rule as JSON, got something else") from error
    if not isinstance(values, dict):
        raise DataError(f"{path}: expected a JSON object, got a {type(values).__name__}")
    return read_rule(WrittenRule.parse(values, where=str(path)), where=str(path))
