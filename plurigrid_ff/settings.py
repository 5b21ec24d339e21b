"""The bases of every config, parsed once at the edge, and of every result."""

import difflib
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Tag, ValidationError, model_validator

from plurigrid_ff.errors import ConfigError


class Settings(BaseModel):
    """Base of every config: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def parse(cls, values: dict[str, Any], *, where: str) -> Self:
        """Validate raw values, naming ``where`` and the key in the error.

        Raises:
            ConfigError: The first key that is unknown, missing or out of range.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_first_complaint(error, cls, where)) from error

    @classmethod
    def parse_json(cls, text: str, *, where: str) -> Self:
        """Validate JSON by its own types: no string stands for a number.

        Raises:
            ConfigError: The first key that is unknown, missing, out of range or of another type.
        """
        try:
            return cls.model_validate_json(text, strict=True)
        except ValidationError as error:
            raise ConfigError(_first_complaint(error, cls, where)) from error


class Result(Settings):
    """Base of every result: what it writes, it can read back."""

    @model_validator(mode="before")
    @classmethod
    def _drop_computed(cls, values: Any) -> Any:
        """Leave out what is computed from the rest; a full dump holds it."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if key not in cls.model_computed_fields}


def _first_complaint(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Say in one sentence what is wrong with the first offending key."""
    first = error.errors()[0]
    owner, key = _place(model, first["loc"])
    message = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] != "extra_forbidden":
        return f"{where}: {key}: {message}, got {first['input']!r:.80}"
    known = sorted(owner.model_fields) if hasattr(owner, "model_fields") else []
    near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
    others = f"known keys: {', '.join(known)}" if known else "there are none to set"
    hint = f"did you mean {near[0]!r}?" if near else others
    return f"{where}: {key}: unknown key; {hint}"


def _place(model: Any, location: tuple[int | str, ...]) -> tuple[Any, str]:
    """Return what holds the last part of an error's place, and the place as a dotted key.

    Pydantic names the chosen member of a tagged union too; a run file does not.
    """
    owner, inside, key = None, model, []
    for part in location:
        while get_origin(inside) is Annotated:
            inside = get_args(inside)[0]
        member = _tagged(inside, part)
        if member is not None:
            inside = member
            continue
        owner = inside
        key.append(str(part))
        if hasattr(owner, "model_fields"):
            field = owner.model_fields.get(part)
            inside = _given(field.annotation) if field else None
        else:
            inside = next(iter(get_args(owner)), None)
    return owner, ".".join(key) or "(top level)"


def _given(annotation: Any) -> Any:
    """Return what an optional value is where it is given; anything else as it is."""
    members = [member for member in get_args(annotation) if member is not type(None)]
    optional = len(members) == 1 and type(None) in get_args(annotation)
    return members[0] if optional else annotation


def _tagged(union: Any, tag: int | str) -> Any:
    """Return the member of a union that has a tag; None where there is none."""
    for member in get_args(union):
        if Tag(str(tag)) in getattr(member, "__metadata__", ()):
            return get_args(member)[0]
    return None


def flat_settings(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings to dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flat_settings(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
