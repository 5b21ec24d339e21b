"""Writers of data files that owe nothing to the readers under test."""

import gzip
import io
import struct
import tarfile
from collections.abc import Callable, Iterable
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


def encode_image(array: NDArray[Any], form: str = "PNG") -> bytes:
    """Encode ``(height, width)`` or ``(height, width, channels)`` bytes."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(array).save(stream, form)
    return stream.getvalue()


def encode_wav(samples: NDArray[Any], *, rate: int = 8000, form: int = 1) -> bytes:
    """Write the 44 bytes of header by hand; samples ``(frames,)`` or ``(frames, channels)``."""
    values = samples.reshape(len(samples), -1) if samples.size else samples[:, None]
    width, channels = values.dtype.itemsize, values.shape[1]
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    block = width * channels
    header = struct.pack("<HHIIHH", form, channels, rate, rate * block, block, 8 * width)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + header + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(chunks) + len(data)) + chunks + data


def encode_tar(members: Iterable[tuple[str, bytes]], mode: str = "w:") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture(scope="session")
def to_image() -> Callable[..., bytes]:
    return encode_image


@pytest.fixture(scope="session")
def to_wav() -> Callable[..., bytes]:
    return encode_wav


@pytest.fixture(scope="session")
def to_tar() -> Callable[..., bytes]:
    return encode_tar


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """Four images of 4x5 for each of two classes, a cat darker than a dog, by file name."""
    rng = np.random.default_rng(3)
    return {
        f"{label}/{index}.png": encode_image(rng.integers(low, low + 100, (4, 5), dtype=np.uint8))
        for label, low in (("cat", 0), ("dog", 150))
        for index in range(4)
    }


@pytest.fixture(scope="session")
def tones() -> dict[str, bytes]:
    """Four recordings of 0.3 s for each of two classes, a low and a high tone."""
    time = np.arange(2400) / 8000
    return {
        f"{label}/{index}.wav": encode_wav(
            (9000 * np.sin(2 * np.pi * (pitch + 10 * index) * time)).astype(np.int16)
        )
        for label, pitch in (("high", 2000), ("low", 300))
        for index in range(4)
    }


@pytest.fixture
def write_files(tmp_path: Path) -> Callable[..., Path]:
    """Write files by relative name into a new folder and return it."""

    def write(files: dict[str, bytes], name: str = "folder") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for relative, content in files.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    return write
