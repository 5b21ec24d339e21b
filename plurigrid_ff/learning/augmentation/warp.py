"""Rotation, scaling and smooth distortion: all in one bilinear look-up per pixel."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

LATTICE = 4  # control points of a distortion along each side


def warp(x: Tensor, angles: Tensor, scales: Tensor, bends: Tensor | None = None) -> Tensor:
    """Rotate and scale images about their centre, and bend them; zeros come in.

    Args:
        x: Images, shape ``(batch, channels, height, width)``.
        angles: Radians, counter-clockwise, shape ``(batch,)``.
        scales: Size afterwards, 1 as before, shape ``(batch,)``.
        bends: Displacement of a lattice of control points in pixels, right and down, shape
            ``(batch, 2, LATTICE, LATTICE)``; bicubic in between. None: no bending.

    Reference:
        Simard, Steinkraus & Platt (2003), "Best Practices for Convolutional Neural Networks
        Applied to Visual Document Analysis": elastic distortion, there smoothed by a Gaussian.
    """
    batch, _, height, width = x.shape
    # The grid says where each output pixel comes from, in units of half the image's size.
    cos, sin = torch.cos(angles) / scales, torch.sin(angles) / scales
    theta = x.new_zeros(batch, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = cos, -sin * (height / width)
    theta[:, 1, 0], theta[:, 1, 1] = sin * (width / height), cos
    grid = F.affine_grid(theta, [batch, 1, height, width], align_corners=False)
    if bends is not None:
        field = _basis(height, x) @ bends @ _basis(width, x).T  # (batch, 2, height, width)
        half = field.new_tensor([width / 2, height / 2])
        grid = grid + field.permute(0, 2, 3, 1) / half
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _basis(extent: int, like: Tensor) -> Tensor:
    """Weight of each control point at each pixel of a line, ``(extent, LATTICE)``."""
    points = torch.eye(LATTICE, dtype=like.dtype, device=like.device)[None, None]
    return F.interpolate(points, (extent, LATTICE), mode="bicubic", align_corners=True)[0, 0]


def draw_warp(
    drawn: Tensor, rotate: float, scale: float, elastic: float
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Turn draws into the arguments of :func:`warp`.

    Args:
        drawn: Uniform on ``[-1, 1)``, shape ``(batch, 2 + 2 * LATTICE**2)``.
        rotate: Degrees at most.
        scale: Share at most by which an image grows or shrinks.
        elastic: Pixels at most by which a control point moves along each axis.
    """
    angles = drawn[:, 0] * math.radians(rotate)
    bends = drawn[:, 2:].reshape(-1, 2, LATTICE, LATTICE) * elastic if elastic else None
    return angles, 1 + scale * drawn[:, 1], bends
