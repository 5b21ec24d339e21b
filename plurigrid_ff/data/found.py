"""Which data sets can be loaded here, without reading them."""

from importlib.util import find_spec
from pathlib import Path

from plurigrid_ff.config import Settings
from plurigrid_ff.data.cifar10 import find_cifar10, lacks_cifar10
from plurigrid_ff.data.fsdd import find_fsdd, lacks_fsdd
from plurigrid_ff.data.idx_folder import find_files
from plurigrid_ff.data.location import FOLDER_VARIABLE, data_folder
from plurigrid_ff.data.mnist import PUBLISHER


class DataSource(Settings):
    """A data set that has a name.

    Attributes:
        name: What a run file calls it.
        where: The folder, file or package it lies in.
        found: Whether it is there; its content is only checked by loading it.
        detail: One line for people: where it lies, or why it was not found.
    """

    name: str
    where: str
    found: bool
    detail: str


def find_datasets() -> tuple[DataSource, ...]:
    """Look for every data set that has a name."""
    return _find_digits(), _find_mnist(), _find_cifar10(), _find_fsdd()


def _find_digits() -> DataSource:
    """Look for the package that ships the digits."""
    found = find_spec("sklearn") is not None
    detail = "comes with scikit-learn" if found else "scikit-learn is not installed"
    return DataSource(name="digits", where="scikit-learn", found=found, detail=detail)


def _find_mnist() -> DataSource:
    """Look for the four files of MNIST."""
    folder = data_folder()
    _, missing = find_files(folder)
    detail = str(folder)
    if missing:
        detail = (
            f"{folder} lacks {', '.join(missing)}; download from {PUBLISHER}, "
            f"or set {FOLDER_VARIABLE}"
        )
    return DataSource(name="mnist", where=str(folder), found=not missing, detail=detail)


def _find_cifar10() -> DataSource:
    """Look for the published batches, or for images."""
    return _at("cifar10", find_cifar10(), lacks_cifar10())


def _find_fsdd() -> DataSource:
    """Look for the recordings, and for the library that they need."""
    source = _at("fsdd", find_fsdd(), lacks_fsdd())
    if source.found and find_spec("kaldi_native_fbank") is None:
        detail = f"{source.where}; to read it: pip install 'plurigrid-ff[audio]'"
        return source.model_copy(update={"detail": detail})
    return source


def _at(name: str, path: Path | None, lacks: str) -> DataSource:
    """Describe a data set that is one file or folder."""
    where = str(path or data_folder())
    return DataSource(
        name=name, where=where, found=path is not None, detail=where if path else lacks
    )
