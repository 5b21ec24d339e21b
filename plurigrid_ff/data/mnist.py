"""MNIST, in the four files its authors published.

Reference:
    LeCun, Bottou, Bengio & Haffner (1998), "Gradient-Based Learning Applied to Document
    Recognition".
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from plurigrid_ff.data.idx import read_idx
from plurigrid_ff.data.idx_folder import find_files, read_files
from plurigrid_ff.data.location import FOLDER_VARIABLE, data_folder
from plurigrid_ff.data.source import Source
from plurigrid_ff.errors import DataError

PUBLISHER = "yann.lecun.com/exdb/mnist"

# SHA-256 of the decompressed content: gzip headers differ between mirrors.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def read_mnist() -> Source:
    """Read MNIST from the data folder and compare it with the published files.

    Raises:
        DataError: A file is missing, damaged, or not MNIST's.
    """
    folder = data_folder()
    found, missing = find_files(folder)
    if missing:
        raise DataError(
            f"mnist: {folder} lacks {', '.join(missing)} (plain or .gz); download the four files "
            f"from {PUBLISHER} into it, or set {FOLDER_VARIABLE} to a folder that has them"
        )
    return read_files(found, where=f"mnist in {folder}", read=_read_checked)


def _read_checked(path: Path) -> NDArray[Any]:
    """Read an idx file whose content is known."""
    hasher = sha256()
    array = read_idx(path, observe=hasher.update)
    expected, got = CHECKSUMS[path.name.removesuffix(".gz")], hasher.hexdigest()
    if got != expected:
        raise DataError(
            f"{path}: expected MNIST's SHA-256 {expected}, got {got}; download it again from "
            f"{PUBLISHER}, or give the folder as a path if it holds another data set"
        )
    return array
