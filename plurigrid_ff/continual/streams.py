"""Streams that drift: river's generators, and images whose classes change their names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.errors import MissingExtraError, unknown_name

CONCEPTS = 4
"""Of a stream that changes at once, equally long; the first holds the warm-up."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Samples in the order in which they arrive.

    Attributes:
        x: Shape ``(samples, *feature_shape)``, float32.
        y: Classes, shape ``(samples,)``, int64.
        num_classes: Number of classes.
        drifts: Samples before which the stream changes at once; empty: it does so all the time.
        scaling: How a learner should scale features.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    num_classes: int
    drifts: tuple[int, ...]
    scaling: Literal["none", "standard"]


def open_stream(name: str, samples: int, *, seed: int) -> Stream:
    """Return a stream by name.

    Args:
        name: One of ``STREAMS``.
        samples: Its length.
        seed: Determines all of it.

    Raises:
        UnknownNameError: There is none of that name.
        MissingExtraError: It needs river.
    """
    if name not in STREAMS:
        raise unknown_name(
            "stream", name, STREAMS, remedy="`plurigrid-ff adapt streams` lists them"
        )
    return STREAMS[name][0](samples, seed)


def drift_places(samples: int) -> tuple[int, ...]:
    """Return where a stream of several concepts changes."""
    return tuple(samples * place // CONCEPTS for place in range(1, CONCEPTS))


def _synth(name: str) -> Any:
    """Return one of river's generators.

    Raises:
        MissingExtraError: river is not installed.
    """
    try:
        from river.datasets import synth
    except ImportError as error:
        raise MissingExtraError(
            "drifting streams but 'digits-swaps' need river: pip install 'plurigrid-ff[streams]'"
        ) from error
    return getattr(synth, name)


def _table(
    rows: Iterable[tuple[dict[Any, Any], Any]], classes: int, drifts: tuple[int, ...] = ()
) -> Stream:
    """Read what river yields."""
    x, y = [], []
    for features, label in rows:
        x.append([float(value) for value in features.values()])
        y.append(int(label))
    return Stream(np.array(x, np.float32), np.array(y, np.int64), classes, drifts, "standard")


def _abrupt(
    name: str, variants: list[dict[str, Any]], classes: int, samples: int, seed: int
) -> Stream:
    """Join concepts of a generator, one after the other."""
    kind = _synth(name)
    drifts = drift_places(samples)
    bounds = (0, *drifts, samples)
    parts = [
        islice(
            kind(seed=(seed + number) % (1 << 32), **variant), bounds[number + 1] - bounds[number]
        )
        for number, variant in enumerate(variants)
    ]
    return _table(chain(*parts), classes, drifts)


def _sea(samples: int, seed: int) -> Stream:
    """Three features, two classes, another threshold of their sum in each concept."""
    variants = [{"variant": variant, "noise": 0.1} for variant in (0, 2, 1, 3)]
    return _abrupt("SEA", variants, 2, samples, seed)


def _agrawal(samples: int, seed: int) -> Stream:
    """Loan applicants, nine features, two classes, another rule in each concept."""
    variants = [{"classification_function": rule, "perturbation": 0.05} for rule in (0, 3, 6, 2)]
    return _abrupt("Agrawal", variants, 2, samples, seed)


def _led(samples: int, seed: int) -> Stream:
    """Seven noisy segments and 17 irrelevant bits, ten classes; which bits matter changes."""
    common = {"noise_percentage": 0.05, "irrelevant_features": True}
    variants = [{"n_drift_features": count, **common} for count in (0, 3, 5, 7)]
    return _abrupt("LEDDrift", variants, 10, samples, seed)


def _rbf(samples: int, seed: int) -> Stream:
    """Twenty moving centres in ten dimensions, four classes."""
    kind = _synth("RandomRBFDrift")
    seed %= 1 << 32
    rows = kind(
        seed_model=seed,
        seed_sample=seed,
        n_classes=4,
        n_features=10,
        n_centroids=20,
        n_drift_centroids=20,
        change_speed=0.001,
    )
    return _table(islice(rows, samples), 4)


def _hyperplane(samples: int, seed: int) -> Stream:
    """Ten features, two classes on either side of a plane that turns."""
    kind = _synth("Hyperplane")
    rows = kind(
        seed=seed % (1 << 32),
        n_features=10,
        n_drift_features=10,
        mag_change=0.01,
        noise_percentage=0.05,
    )
    return _table(islice(rows, samples), 2)


def _digits_swaps(samples: int, seed: int) -> Stream:
    """scikit-learn's digits, anew in every pass; in each concept pairs of classes swap names."""
    from plurigrid_ff.data.digits import read_digits

    digits = read_digits().train
    x, y = digits.x, digits.y
    passes = -(-samples // len(y))
    order = np.concatenate(
        [shuffled(derive_key(seed, "digits-swaps", number), len(y)) for number in range(passes)]
    )[:samples]
    drifts = drift_places(samples)
    concept = np.searchsorted(np.array(drifts), np.arange(samples), side="right")
    names = np.stack([swapped_names(10, number, seed=seed) for number in range(CONCEPTS)])
    return Stream(x[order], names[concept, y[order]], 10, drifts, "none")


def swapped_names(num_classes: int, concept: int, *, seed: int) -> NDArray[np.int64]:
    """Return the name of every class in a concept: in the first its own, then a partner's."""
    names = np.arange(num_classes, dtype=np.int64)
    if concept:
        pairs = shuffled(derive_key(seed, "swaps", concept), num_classes)
        first, second = pairs[0::2], pairs[1::2]
        names[first], names[second] = second, first
    return names


STREAMS: dict[str, tuple[Callable[[int, int], Stream], str]] = {
    "agrawal": (_agrawal, "nine features, two classes, four rules, one after the other"),
    "digits-swaps": (_digits_swaps, "images, ten classes that swap names in pairs three times"),
    "hyperplane": (_hyperplane, "ten features, two classes, a plane that turns all the time"),
    "led": (_led, "24 bits, ten classes, the bits that matter move three times"),
    "rbf": (_rbf, "ten features, four classes, centres that move all the time"),
    "sea": (_sea, "three features, two classes, a threshold that moves three times"),
}
"""Every stream: what makes it of a length and a seed, and what it is."""
