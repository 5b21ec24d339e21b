"""What becomes of a training sample in an epoch."""

import torch
from torch import Tensor

from plurigrid_ff.config import AugmentationConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.augmentation.erase import draw_rectangles, draw_runs
from plurigrid_ff.learning.augmentation.shift import draw_shifts, flip, shift
from plurigrid_ff.learning.augmentation.warp import LATTICE, draw_warp, warp
from plurigrid_ff.learning.draws import draw_bits, draw_rows

ON_IMAGES = ("shift", "rotate", "scale", "elastic", "flip", "erase", "frequency_mask")
ALONG_TIME = ("time_shift", "time_mask")


class Augmentation:
    """Changes samples as the settings say; at their defaults it returns what it is given.

    Args:
        config: What may be done, and how strongly.
        feature_shape: Shape of one sample.

    Raises:
        ConfigError: Samples of that shape cannot be changed so.
    """

    def __init__(self, config: AugmentationConfig, feature_shape: tuple[int, ...]) -> None:
        require(config, feature_shape)
        self.config = config
        self._changes = config != AugmentationConfig()
        # Series become images one pixel high.
        self._plane = feature_shape[-2:] if len(feature_shape) > 1 else (1, feature_shape[0])

    @torch.no_grad()
    def __call__(self, x: Tensor, sample_ids: Tensor, *, key: int) -> Tensor:
        """Return changed samples, of the shape and on the device of ``x``.

        Args:
            x: Samples, shape ``(batch, *feature_shape)``.
            sample_ids: Place of each sample in the training set, shape ``(batch,)``, int64.
            key: Derived from (seed, role, epoch).
        """
        if not self._changes or not len(x):
            return x
        images = x.reshape(len(x), -1, *self._plane)
        images = self._moved(images, key, sample_ids)
        images = self._masked(images, key, sample_ids)
        if self.config.noise:
            drawn = draw_rows(derive_key(key, "noise"), sample_ids, images[0].numel())
            # The inverse of the normal distribution at the middle of each cell of 2**-24.
            normal = torch.erfinv(2 * drawn + (2.0**-24 - 1)) * 2**0.5
            images = images + self.config.noise * normal.reshape(images.shape)
        return images.reshape(x.shape)

    def _moved(self, images: Tensor, key: int, ids: Tensor) -> Tensor:
        """Rotate, scale, bend, shift and mirror."""
        config = self.config
        if config.rotate or config.scale or config.elastic:
            count = 2 + (2 * LATTICE**2 if config.elastic else 0)
            drawn = 2 * draw_rows(derive_key(key, "warp"), ids, count) - 1
            bent = draw_warp(drawn, config.rotate, config.scale, config.elastic)
            images = warp(images, *bent)
        if config.shift:
            most = config.shift
            down, right = draw_shifts(derive_key(key, "shift"), ids, most).unbind(1)
            images = shift(images, down, right, reach=(most, most))
        if config.time_shift:
            most = config.time_shift
            later = draw_shifts(derive_key(key, "time-shift"), ids, most)[:, 0]
            images = shift(images, torch.zeros_like(later), later, reach=(0, most))
        if config.flip:
            images = flip(images, draw_bits(derive_key(key, "flip"), ids) < 0)
        return images

    def _masked(self, images: Tensor, key: int, ids: Tensor) -> Tensor:
        """Set rectangles, frames and bands to 0."""
        config, (height, width) = self.config, self._plane
        if config.erase:
            drawn = draw_rows(derive_key(key, "erase"), ids, 4)
            erased = draw_rectangles(drawn, config.erase, height, width)
            images = images.masked_fill(erased.unsqueeze(1), 0.0)
        if config.time_mask:
            drawn = draw_rows(derive_key(key, "time-mask"), ids, 2)
            frames = draw_runs(drawn, config.time_mask, width)
            images = images.masked_fill(frames[:, None, None, :], 0.0)
        if config.frequency_mask:
            drawn = draw_rows(derive_key(key, "frequency-mask"), ids, 2)
            bands = draw_runs(drawn, config.frequency_mask, height)
            images = images.masked_fill(bands[:, None, :, None], 0.0)
        return images


def require(config: AugmentationConfig, feature_shape: tuple[int, ...]) -> None:
    """Refuse what samples of a shape cannot undergo.

    Raises:
        ConfigError: They are no images, or smaller than what they would lose.
    """
    if len(feature_shape) not in (2, 3):
        for name in ON_IMAGES:
            if getattr(config, name):
                raise ConfigError(
                    f"training.augmentation.{name}: needs samples of shape (height, width) or "
                    f"(channels, height, width), got {feature_shape}; reshape the samples in an "
                    ".npz file, or set it to 0"
                )
    if len(feature_shape) > 3:
        for name in ALONG_TIME:
            if getattr(config, name):
                raise ConfigError(
                    f"training.augmentation.{name}: needs samples of at most three axes, the last "
                    f"of them time, got {feature_shape}"
                )
    width = feature_shape[-1]
    height = feature_shape[-2] if len(feature_shape) > 1 else 1
    extents = {
        "shift": min(height, width) - 1,
        "elastic": min(height, width) - 1,
        "time_shift": width - 1,
        "time_mask": width,
        "frequency_mask": height,
    }
    for name, most in extents.items():
        if getattr(config, name) > most:
            raise ConfigError(
                f"training.augmentation.{name}: must be at most {most} for samples of shape "
                f"{feature_shape}, got {getattr(config, name):g}"
            )
