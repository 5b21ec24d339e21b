"""Augmentation: training samples changed anew in every epoch.

Every draw is a function of (seed, role, epoch, sample), so neither the order of samples nor
an interruption changes what becomes of one.
"""

from plurigrid_ff.learning.augmentation.augment import Augmentation

__all__ = ["Augmentation"]
