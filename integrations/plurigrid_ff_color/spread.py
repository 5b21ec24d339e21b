"""Choose one colour per place so that the nearest two are as far apart as can be."""

from collections.abc import Sequence

import numpy as np

from plurigrid_ff.colors.spaces import Array

MAX_SWEEPS = 50


def spread_out(choices: Sequence[Array]) -> list[int]:
    """Choose by farthest point first, then exchange one place at a time while it helps.

    The least distance never falls; what is found is a local optimum. Finding the best is
    NP-hard.

    Args:
        choices: Per place, OkLab of what may stand there as several kinds of eyes see it, shape
            ``(eyes, candidates, 3)``; a distance is the least over all eyes.

    Returns:
        The index of what was chosen, per place.
    """
    chosen = [_most_chromatic(choices[0])]
    for place in range(1, len(choices)):
        chosen.append(int(_nearest(choices, chosen, place).argmax()))
    for _ in range(MAX_SWEEPS):
        before = list(chosen)
        for place in range(len(choices)):
            apart = _nearest(choices, chosen, place)
            best = int(apart.argmax())
            if apart[best] > apart[chosen[place]]:
                chosen[place] = best
        if chosen == before:
            break
    return chosen


def _most_chromatic(seen: Array) -> int:
    """Return the candidate of the most chroma under full colour vision."""
    return int(np.hypot(seen[0, :, 1], seen[0, :, 2]).argmax())


def _nearest(choices: Sequence[Array], chosen: list[int], place: int) -> Array:
    """Return how far each candidate of a place is from the nearest of the other places'."""
    others = [other for other in range(len(chosen)) if other != place]
    apart = np.full(choices[place].shape[1], np.inf)
    for other in others:
        point = choices[other][:, chosen[other]][:, None]
        distance = np.linalg.norm(choices[place] - point, axis=-1).min(axis=0)
        apart = np.minimum(apart, distance)
    return apart
