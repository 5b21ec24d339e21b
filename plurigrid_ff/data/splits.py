"""Stratified splits that are a function of a key, not of a moment."""

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.data.source import Samples, Source, to_float
from plurigrid_ff.derivation import derive_key, draw_array
from plurigrid_ff.errors import DataError

# The test split is the same for every seed of a run: accuracies over seeds then differ by
# training alone, and no seed can be chosen for its easy test samples.
TEST_KEY = derive_key(0, "data", "test")


def split_source(source: Source, config: DataConfig, *, seed: int) -> tuple[Split, Split, Split]:
    """Return the training, validation and test split of a source.

    Validation samples depend on the seed; test samples are the source's own, or the same
    share of every class whatever the seed.

    Raises:
        DataError: A class too small to be in every split.
    """
    _check_sizes(source)
    samples, test = source.train, source.test
    if test is None:
        held = hold_out(samples.y, config.test_fraction, key=TEST_KEY, keep=2)
        samples, test = _take(samples, ~held), _take(samples, held)
    held = hold_out(
        samples.y, config.validation_fraction, key=derive_key(seed, "data", "validation")
    )
    return (
        _to_split(_take(samples, ~held)),
        _to_split(_take(samples, held)),
        _to_split(test),
    )


def hold_out(
    y: NDArray[np.int64], fraction: float, *, key: int, keep: int = 1
) -> NDArray[np.bool_]:
    """Mark the samples to hold out: the same share of every class, at least one.

    Args:
        y: Classes, shape ``(samples,)``, each of 0 to K - 1 more than ``keep`` times.
        fraction: Share to hold out, in (0, 1); rounded to whole samples per class.
        key: What the draw derives from.
        keep: Samples of each class that must stay.

    Returns:
        Mask, shape ``(samples,)``.
    """
    sizes = np.bincount(y)
    counts = np.clip(np.floor(sizes * fraction + 0.5).astype(np.intp), 1, sizes - keep)
    # Samples sorted by class and, within a class, by their draws.
    order = np.lexsort((draw_array(key, np.arange(len(y))), y))
    classes = y[order]
    ranks = np.arange(len(y)) - (np.cumsum(sizes) - sizes)[classes]
    held = np.empty(len(y), dtype=np.bool_)
    held[order] = ranks < counts[classes]
    return held


def _check_sizes(source: Source) -> None:
    """Refuse a class that cannot be in every split."""
    if source.test is None:
        _require(source, source.train, 3, "one each to train, to validate and to test")
    else:
        _require(source, source.train, 2, "one to train and one to validate")
        _require(source, source.test, 1, "one in the source's test split")


def _require(source: Source, samples: Samples, needed: int, why: str) -> None:
    """Refuse a class with fewer samples than ``needed``."""
    sizes = np.bincount(samples.y, minlength=len(source.class_names))
    smallest = int(sizes.argmin())
    if sizes[smallest] < needed:
        raise DataError(
            f"{source.where}: class {source.class_names[smallest]!r} needs at least {needed} "
            f"samples ({why}), got {sizes[smallest]}; add samples, or leave the class out"
        )


def _take(samples: Samples, mask: NDArray[np.bool_]) -> Samples:
    """Return the masked samples in their order."""
    return Samples(samples.x[mask], samples.y[mask])


def _to_split(samples: Samples) -> Split:
    """Scale the inputs."""
    return Split(to_float(samples.x), samples.y)
