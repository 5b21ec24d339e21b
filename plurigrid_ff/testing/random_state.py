"""Global random generators: set for a check, watched, and put back."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def _torch() -> Any:
    """Return torch if it is loaded: a check of a skill without it does not load it."""
    return sys.modules.get("torch")


def snapshot() -> tuple[Any, ...]:
    """Return the states of the global generators of random, numpy and torch."""
    numpy_state = np.random.get_state(legacy=False)["state"]
    torch = _torch()
    drawn = torch.get_rng_state().numpy().tobytes() if torch else None
    return random.getstate(), (numpy_state["key"].tobytes(), numpy_state["pos"]), drawn


def has_moved(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    """Tell whether a generator that was there before has other numbers to come."""
    return any(one != two for one, two in zip(before, after, strict=True) if one is not None)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators for a while, and put their states back."""
    before = random.getstate(), np.random.get_state()
    torch = _torch()
    drawn = torch.get_rng_state() if torch else None
    random.seed(seed)
    np.random.seed(seed)
    if torch:
        torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        if drawn is not None:
            torch.set_rng_state(drawn)
