"""Where the receptive fields of a map lie."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fields:
    """Receptive fields of one extent in every direction, at every stride.

    Attributes:
        near: Zeros that are added at the near side of every direction.
        far: Zeros at the far side: an even field cannot have as many on both.
        places: How many fields there are, direction by direction.
    """

    near: int
    far: int
    places: tuple[int, ...]


def lay_fields(extents: tuple[int, ...], *, kernel: int, stride: int, padding: str) -> Fields:
    """Lay fields over a map.

    Args:
        extents: Places of the map, direction by direction.
        kernel: Extent of a field.
        stride: Places from one field to the next.
        padding: ``same`` adds zeros so that only the stride shrinks the map; ``valid`` none.

    Raises:
        ValueError: A field does not fit into the map.
    """
    near, far = ((kernel - 1) // 2, kernel // 2) if padding == "same" else (0, 0)
    left = [extent + near + far - kernel for extent in extents]
    if min(left) < 0:
        raise ValueError(f"a field of {kernel} does not fit into a map of {extents}")
    return Fields(near, far, tuple(extent // stride + 1 for extent in left))
