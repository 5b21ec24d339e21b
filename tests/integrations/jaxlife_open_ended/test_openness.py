import numpy as np
import pytest
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, NUM_FEATURES
from plurigrid_ff_jaxlife_open_ended.openness import (
    NUM_PROBES,
    Observer,
    Predictor,
    choose_watched,
    novelty,
)


def test_novelty_is_the_share_of_situations_answered_unlike_the_five_nearest():
    archive = np.zeros((7, NUM_PROBES), np.int8)
    archive[5:] = 1  # two are far from everything below
    behaviours = np.zeros((2, NUM_PROBES), np.int8)
    behaviours[1, :16] = 2

    assert novelty(behaviours, archive) == pytest.approx((0 + 16 / NUM_PROBES) / 2)
    assert novelty(behaviours, archive[:4]) is None


def drawn(seed, rows=3000):
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(rows, NUM_FEATURES)).astype(np.float32)
    seen[:, -1] = 1
    return seen, rng.integers(0, len(ACTIONS), rows)


def test_what_follows_from_what_is_seen_can_be_learned_and_noise_cannot():
    seen, noise = drawn(0)
    later, more_noise = drawn(1)

    def rule(seen):
        return np.where(seen[:, 3] > 0, 2, 5)

    ruled = Predictor.fit(seen, rule(seen)).learnability(later, rule(later))
    assert 0.5 < ruled < 0.75  # a line through a step: 2 / pi of its variance
    assert Predictor.fit(seen, noise).learnability(later, more_noise) == 0


def test_what_never_changes_leaves_nothing_to_learn():
    seen, _ = drawn(0, rows=50)
    always = np.full(50, 4)

    assert Predictor.fit(seen, always).learnability(seen, always) == 0


def test_an_observer_goes_on_where_it_was():
    seen, actions = drawn(0, rows=80)
    behaviours = np.random.default_rng(2).integers(0, 6, (64, NUM_PROBES)).astype(np.int8)
    observer = Observer()
    assert observer.observe(behaviours, seen, actions) == (None, None)

    again = Observer.of(observer.arrays())

    assert again.observe(behaviours, seen, actions) == observer.observe(behaviours, seen, actions)


def test_only_the_living_are_watched():
    alive = np.zeros(24, bool)
    alive[[3, 8, 20]] = True

    watched = choose_watched(alive, seed=0, step=10)

    assert set(watched.tolist()) == {3, 8, 20}
    assert len(watched) == 64
