"""A drift alarm: does a window of samples still fill what a clean reference fills?

Each reference sample joins the window at the distance of the nearest activity in it: these
are the H0 deaths of the reference relative to the window, with the window's own points
already connected. Where a class is missing from the window its reference samples join
late; where the window lies elsewhere all of them do, and the window's samples join the
reference late. So there is one number per layer and predicted class, the mean death of its
reference samples, and one per layer for the opposite direction.

Persistence diagrams of window and reference apart are no match for this: they forget where
in the layer a component lies, and a missing class leaves nine others as they were.

The threshold is a permutation test's. If the window is clean, its samples and those of the
reference are exchangeable, so the numbers are computed again for relabelings that deal
window and reference anew; every number is standardised over all relabelings, the largest
is the score, and the alarm goes off where few relabelings score as high. On clean windows
that happens at most at the stated rate, whatever the network and the data.

Reference:
    Barannikov, Trofimov, Sotnikov, Trimbach, Korotin, Filippov & Burnaev (2021), "Manifold
    Topology Divergence", whose cross-barcode this is without the merges inside the reference.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.observation import Observation
from plurigrid_ff_persistent_homology.clouds import distances_between, scale_rows
from plurigrid_ff_persistent_homology.diagrams import check_cloud

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one statistic says of the window.

    Attributes:
        score: The largest standardised number of the window.
        threshold: The score that the stated share of relabelings reaches or exceeds.
        p_value: Share of all labelings, the true one included, that score as high.
        alarm: Whether ``p_value`` is at most the stated false-alarm rate.
        largest: Which number it was.
    """

    score: float
    threshold: float
    p_value: float
    alarm: bool
    largest: int


def relabelings(reference: int, window: int, *, count: int, key: int) -> "NDArray[np.bool_]":
    """Say which samples stand for the window, in truth and in every relabeling.

    Args:
        reference: Samples of the reference; they come first.
        window: Samples of the window.
        count: Relabelings besides the truth.
        key: They are a function of this key.

    Returns:
        Shape ``(count + 1, reference + window)``; row 0 is the truth.
    """
    total = reference + window
    inside = np.zeros((count + 1, total), dtype=bool)
    inside[0, reference:] = True
    for row in range(1, count + 1):
        inside[row, shuffled(derive_key(key, row), total)[:window]] = True
    return inside


def joining_scales(
    distances: "Numbers",
    predicted: "NDArray[np.intp]",
    inside: "NDArray[np.bool_]",
    num_classes: int,
) -> "Numbers":
    """Return the mean scale at which reference samples join the window, and the reverse.

    Args:
        distances: Between all samples, shape ``(samples, samples)``.
        predicted: Predicted class of each, shape ``(samples,)``.
        inside: From :func:`relabelings`.
        num_classes: Number of classes.

    Returns:
        Shape ``(labelings, num_classes + 1)``: one mean per predicted class of reference
        samples, NaN where the reference has none, then the window's mean.
    """
    scales = np.full((len(inside), num_classes + 1), np.nan)
    for row, window in enumerate(inside):
        joins = distances[:, window].min(axis=1)  # (samples,)
        classes = predicted[~window]
        counts = np.bincount(classes, minlength=num_classes)
        sums = np.bincount(classes, joins[~window], num_classes)
        scales[row, :num_classes][counts > 0] = sums[counts > 0] / counts[counts > 0]
        scales[row, num_classes] = distances[np.ix_(window, ~window)].min(axis=1).mean()
    return scales


def judge(numbers: "Numbers", *, rate: float, two_sided: bool = False) -> Ruling:
    """Compare the window's numbers with those of its relabelings.

    Args:
        numbers: Shape ``(labelings, numbers)``, the truth first; NaN for what is missing.
        rate: False-alarm rate.
        two_sided: Whether small numbers are as suspicious as large ones.
    """
    known = ~np.isnan(numbers)
    counts = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, numbers, 0.0)
    centred = np.where(known, numbers - filled.sum(axis=0) / counts, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / counts)
    standard = centred / np.where(spread > 0, spread, 1.0)  # a missing number counts as average
    if two_sided:
        standard = np.abs(standard)
    scores = standard.max(axis=1)
    # Ties by rounding count as ties: the same window in another order scores the same.
    p_value = float((scores >= scores[0] - 1e-9).mean())
    highest = np.sort(scores)[::-1]
    return Ruling(
        score=float(scores[0]),
        threshold=float(highest[max(int(rate * len(scores)) - 1, 0)]),
        p_value=p_value,
        alarm=p_value <= rate,
        largest=int(standard[0].argmax()),
    )


def topology_numbers(
    reference: Observation, window: Observation, inside: "NDArray[np.bool_]"
) -> "Numbers":
    """Return the joining scales of every layer, shape ``(labelings, layers * (classes + 1))``.

    Cost: O(labelings * samples * window) per layer; 1,000 and 200 samples of 100 features
    at 199 relabelings take about a second.
    """
    predicted = np.concatenate([reference.predicted, window.predicted])
    numbers = []
    for index, (known, new) in enumerate(zip(reference.layers, window.layers, strict=True)):
        cloud = check_cloud(np.concatenate([known, new]), where=f"layer {index + 1}")
        distances = distances_between(scale_rows(cloud))
        classes = reference.goodness.shape[1]
        numbers.append(joining_scales(distances, predicted, inside, classes))
    return np.concatenate(numbers, axis=1)


def goodness_numbers(
    reference: Observation, window: Observation, inside: "NDArray[np.bool_]"
) -> "Numbers":
    """Return the window's mean goodness of the predicted class, shape ``(labelings, 1)``."""
    highest = np.concatenate([seen.goodness.max(axis=1) for seen in (reference, window)])
    return np.array([[highest[row].mean()] for row in inside])


def label_numbers(
    reference: Observation, window: Observation, inside: "NDArray[np.bool_]"
) -> "Numbers":
    """Return how far predicted labels differ, in total variation, shape ``(labelings, 1)``."""
    predicted = np.concatenate([reference.predicted, window.predicted])
    classes = reference.goodness.shape[1]

    def shares(members: "NDArray[np.bool_]") -> "Numbers":
        found: Numbers = np.bincount(predicted[members], minlength=classes) / members.sum()
        return found

    return np.array([[np.abs(shares(row) - shares(~row)).sum() / 2] for row in inside])
