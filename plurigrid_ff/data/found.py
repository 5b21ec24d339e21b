"""Which data sets can be loaded here, without reading them."""

from importlib.util import find_spec

from plurigrid_ff.config import Settings
from plurigrid_ff.data.idx_folder import find_files
from plurigrid_ff.data.location import FOLDER_VARIABLE, data_folder
from plurigrid_ff.data.mnist import PUBLISHER


class DataSource(Settings):
    """A data set that has a name.

    Attributes:
        name: What a run file calls it.
        where: The folder or the package it lies in.
        found: Whether it is there; its content is only checked by loading it.
        detail: One line for people: where it lies, or why it was not found.
    """

    name: str
    where: str
    found: bool
    detail: str


def find_datasets() -> tuple[DataSource, ...]:
    """Look for every data set that has a name."""
    return _find_digits(), _find_mnist()


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
