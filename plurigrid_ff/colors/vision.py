"""What people with a colour vision deficiency see of a colour, and how well colours part for all.

Reference:
    Machado, Oliveira & Fernandes (2009), "A Physiologically-based Model for Simulation of Color
    Vision Deficiency", IEEE TVCG 15(6); its matrices of severity 1.0, applied to linear RGB.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from plurigrid_ff.colors.spaces import (
    Array,
    decode_srgb,
    distances,
    encode_srgb,
    oklab_from_srgb,
)

Deficiency = Literal["protan", "deutan", "tritan"]
DEFICIENCIES: tuple[Deficiency, ...] = get_args(Deficiency)

_MATRICES: dict[str, Array] = {
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def simulate(rgb: ArrayLike, deficiency: Deficiency) -> Array:
    """Return sRGB ``(..., 3)`` as it looks without one kind of cone."""
    linear = decode_srgb(rgb) @ _MATRICES[deficiency].T
    return encode_srgb(np.clip(linear, 0.0, 1.0))


def views(rgb: ArrayLike) -> Array:
    """Return OkLab of sRGB colours as four kinds of eyes see them.

    Args:
        rgb: sRGB, shape ``(n, 3)``.

    Returns:
        Shape ``(4, n, 3)``: full colour vision, then protan, deutan and tritan.
    """
    seen = [np.asarray(rgb, dtype=np.float64), *(simulate(rgb, kind) for kind in DEFICIENCIES)]
    return oklab_from_srgb(np.stack(seen))


def least_distance(rgb: ArrayLike, *, for_all: bool = False) -> float:
    """Return the least OkLab distance between any two colours; infinite for fewer than two.

    Args:
        rgb: sRGB, shape ``(n, 3)``.
        for_all: Take the least over all four kinds of eyes.
    """
    seen = views(rgb) if for_all else views(rgb)[:1]
    rows, columns = np.triu_indices(seen.shape[1], k=1)
    return min(float(distances(lab, lab)[rows, columns].min(initial=np.inf)) for lab in seen)
