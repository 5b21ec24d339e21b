"""Writers of data files that owe nothing to the readers under test."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

TYPE_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def encode_idx(array: NDArray[Any]) -> bytes:
    code = TYPE_CODES[array.dtype.str[1:]]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture(scope="session")
def to_idx() -> Callable[[NDArray[Any]], bytes]:
    return encode_idx


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the examples of a property share; each overwrites its file."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture
def images() -> dict[str, NDArray[Any]]:
    """Six training and three test images of 2x3 bytes in three classes."""
    return {
        "x_train": np.arange(36, dtype=np.uint8).reshape(6, 2, 3),
        "y_train": np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8),
        "x_test": np.arange(18, dtype=np.uint8).reshape(3, 2, 3),
        "y_test": np.array([2, 1, 0], dtype=np.uint8),
    }


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write arrays under MNIST's names, gzipped or not, and return the folder."""

    def write(arrays: dict[str, NDArray[Any]], *, packed: bool = False) -> Path:
        folder = tmp_path / "idx"
        folder.mkdir(exist_ok=True)
        for key, array in arrays.items():
            content = encode_idx(array)
            if packed:
                (folder / f"{NAMES[key]}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / NAMES[key]).write_bytes(content)
        return folder

    return write
