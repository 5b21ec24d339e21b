"""Arrays in the values of ports: a type that pydantic knows, kept beside the JSON.

A value that holds arrays is written in two parts: JSON in which each array is named, and the
arrays by that name, bit for bit. Pydantic carries the second part along as its context.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetCoreSchemaHandler, TypeAdapter
from pydantic_core import core_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ARRAYS = "arrays"  # key of pydantic's context


@dataclass(frozen=True, slots=True)
class ArrayType:
    """What an array must be, for pydantic; used inside ``Annotated``.

    Attributes:
        dtype: Name of the dtype, exactly.
    """

    dtype: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate and serialize through the context; a JSON schema would say a string."""
        return core_schema.with_info_plain_validator_function(
            self._take,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._keep, info_arg=True
            ),
        )

    def _take(self, value: Any, info: core_schema.ValidationInfo) -> "NDArray[Any]":
        """Look an array up by its name, or take one that is there."""
        arrays = (info.context or {}).get(_ARRAYS, {})
        array = arrays.get(value) if isinstance(value, str) else value
        self._require(array)
        taken: NDArray[Any] = array
        return taken

    def _keep(self, value: Any, info: core_schema.SerializationInfo) -> str:
        """Put an array into the context, and return its name there."""
        self._require(value)
        arrays = (info.context or {}).get(_ARRAYS)
        if arrays is None:
            raise ValueError("an array has no JSON form of its own; use dump_value")
        name = str(len(arrays))
        arrays[name] = value
        return name

    def _require(self, value: Any) -> None:
        """Require an array of this dtype."""
        found = getattr(value, "dtype", None)
        if str(found) != self.dtype:
            actual = f"an array of {found}" if found is not None else f"a {type(value).__name__}"
            raise ValueError(f"expected an array of {self.dtype}, got {actual}")


if TYPE_CHECKING:
    Float32Array = NDArray[np.float32]
    Int64Array = NDArray[np.int64]
else:
    Float32Array = Annotated[Any, ArrayType("float32")]
    Int64Array = Annotated[Any, ArrayType("int64")]


def dump_value(type_: Any, value: Any, arrays: "dict[str, NDArray[Any]]") -> Any:
    """Return a value's JSON part, and put its arrays into ``arrays``.

    Raises:
        pydantic_core.PydanticSerializationError: The value does not have the type.
    """
    adapter = TypeAdapter(type_)
    return adapter.dump_python(value, mode="json", context={_ARRAYS: arrays}, warnings="error")


def restore_value(type_: Any, value: Any, arrays: "dict[str, NDArray[Any]]") -> Any:
    """Put a value together again from its JSON part and its arrays.

    Raises:
        pydantic.ValidationError: They are not parts of a value of the type.
    """
    return TypeAdapter(type_).validate_python(value, context={_ARRAYS: arrays})
