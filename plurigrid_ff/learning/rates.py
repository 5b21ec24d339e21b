"""Step sizes: warm-up and decay over the epochs in which a layer learns."""

import math
from dataclasses import dataclass

from plurigrid_ff.config import Decay, TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.schedules import Window


@dataclass(frozen=True, slots=True)
class Rate:
    """The step size of one layer, as a function of time.

    Attributes:
        peak: Step size at its highest.
        window: Epochs in which the layer learns.
        decay: How it falls after the warm-up.
        warmup: Epochs in which it rises linearly.
        final: Share of ``peak`` where warm-up begins and decay ends.
    """

    peak: float
    window: Window
    decay: Decay
    warmup: float
    final: float

    def at(self, epoch: float) -> float:
        """Return the step size after so many epochs of the whole training."""
        passed = max(0.0, epoch - self.window.start)
        if passed < self.warmup:
            return self.peak * (self.final + (1 - self.final) * passed / self.warmup)
        done = (passed - self.warmup) / (self.window.epochs - self.warmup)
        return self.peak * decayed(self.decay, min(done, 1.0), self.final)


def decayed(decay: Decay, done: float, final: float) -> float:
    """Return the share of the step size that is left.

    Args:
        decay: ``cosine``: half a cosine. ``linear``: a line. ``step``: a geometric step
            after a half and after three quarters, as in He et al. (2016), arXiv:1512.03385,
            where ``final`` is 0.01. ``none``: all of it.
        done: Share of the time that has passed.
        final: Share that is left at the end.
    """
    if decay == "cosine":
        return final + (1 - final) * (1 + math.cos(math.pi * done)) / 2
    if decay == "linear":
        return final + (1 - final) * (1 - done)
    if decay == "step":
        return math.pow(final, ((done >= 0.5) + (done >= 0.75)) / 2)
    return 1.0


def layer_rates(training: TrainingConfig, windows: list[Window]) -> list[Rate]:
    """Return the step size of every layer.

    Args:
        training: The settings.
        windows: Each layer's epochs, first layer first.

    Raises:
        ConfigError: A list of another length than there are layers, or a warm-up that fills
            the epochs of a layer.
    """
    given = training.learning_rate
    peaks = list(given) if isinstance(given, tuple) else [given] * len(windows)
    if len(peaks) != len(windows):
        raise ConfigError(
            f"training.learning_rate: expected a number, or one for each of {len(windows)} layers, "
            f"got {len(peaks)}"
        )
    least = min(window.epochs for window in windows)
    if training.warmup >= least:
        raise ConfigError(
            f"training.warmup: must be shorter than the {least} epochs in which a layer learns, "
            f"got {training.warmup:g}"
        )
    return [
        Rate(peak, window, training.decay, training.warmup, training.final_rate)
        for peak, window in zip(peaks, windows, strict=True)
    ]
