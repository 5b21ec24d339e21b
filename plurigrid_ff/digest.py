"""Digests of values: equal values give equal digests on every machine."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    class _State(Protocol):
        """What a hash under way offers."""

        def update(self, data: ReadableBuffer, /) -> None: ...


DIGEST_BYTES = 16


def canonical_json(value: Any) -> str:
    """Write JSON one way only: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_text(text: str) -> str:
    """Return the digest of a text, in hex."""
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def digest(value: Any) -> str:
    """Return the digest of a port's value, in hex.

    Arrays count with dtype, shape and bytes; models as JSON; mappings by sorted key;
    dataclasses field by field.

    Raises:
        TypeError: The value holds something that has no canonical form.
    """
    state = blake2b(digest_size=DIGEST_BYTES)
    _feed(state, value)
    return state.hexdigest()


def _feed(state: "_State", value: Any) -> None:
    """Feed a value, tagged with its kind so that different kinds never collide."""
    if isinstance(value, BaseModel):
        _feed_text(state, "model", canonical_json(value.model_dump(mode="json")))
    elif hasattr(value, "__array_interface__"):
        import numpy as np

        array = np.ascontiguousarray(value)
        _feed_text(state, "array", f"{array.dtype.str}{array.shape}")
        state.update(array.data)
    elif isinstance(value, Mapping):
        _feed_text(state, "mapping", str(len(value)))
        for key in sorted(value, key=str):
            _feed_text(state, "key", str(key))
            _feed(state, value[key])
    elif isinstance(value, (list, tuple)):
        _feed_text(state, "sequence", str(len(value)))
        for item in value:
            _feed(state, item)
    elif is_dataclass(value) and not isinstance(value, type):
        _feed(state, {field.name: getattr(value, field.name) for field in fields(value)})
    elif value is None or isinstance(value, (bool, int, float, str)):
        _feed_text(state, type(value).__name__, repr(value))
    else:
        raise TypeError(f"no canonical form for a {type(value).__name__}")


def _feed_text(state: "_State", kind: str, text: str) -> None:
    """Feed a text with its kind and length."""
    state.update(f"{kind}:{len(text)}:{text}".encode())
