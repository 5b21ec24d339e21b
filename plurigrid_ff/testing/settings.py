"""What holds for the settings of a skill and for the options of an objective."""

import json
from typing import Any

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.testing.requirement import failure, require


def check_settings(model: Any, where: str) -> None:
    """Require defaults, descriptions, a JSON form that reads back, and no unknown key."""
    require(
        isinstance(model, type) and issubclass(model, Settings),
        where,
        expected="a subclass of plurigrid_ff.Settings",
        actual=f"{model!r:.80}",
        remedy="subclass it: it refuses unknown keys and is immutable",
    )
    for name, field in model.model_fields.items():
        require(
            not field.is_required(),
            f"{where}: {name}",
            expected="a default",
            actual="none",
            remedy="write Field(DEFAULT, description=...)",
        )
        require(
            field.description,
            f"{where}: {name}",
            expected="a description",
            actual="none",
            remedy="write Field(DEFAULT, description=...); users see it",
        )
    try:
        defaults = model.parse({}, where=where)
        again = model.parse(json.loads(defaults.model_dump_json()), where=where)
    except ConfigError as error:
        raise failure(
            where,
            expected="defaults that parse, also from JSON",
            actual=str(error),
            remedy="make every default one that its own field accepts",
        ) from error
    require(
        again == defaults,
        where,
        expected="defaults that come back from JSON unchanged",
        actual=f"{again!r:.200} from {defaults!r:.200}",
        remedy="use types that pydantic writes as JSON, so that run.toml can hold them",
    )
    try:
        model.parse({"no_such_setting": 1}, where=where)
    except ConfigError:
        return
    raise failure(
        where,
        expected="an unknown key to be refused",
        actual="it was accepted",
        remedy='leave model_config["extra"] at "forbid"',
    )
