import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.derivation import draw_array, shuffled
from plurigrid_ff.learning.draws import (
    draw_bits,
    draw_integers,
    draw_permutation,
    draw_uniform,
)

KEYS = st.integers(0, 2**64 - 1)


@given(key=KEYS, start=st.integers(0, 2**40))
def test_tensors_draw_what_arrays_draw(key, start):
    indices = np.arange(start, start + 9)

    drawn = draw_bits(key, torch.from_numpy(indices)).numpy().view(np.uint64)

    assert drawn.tolist() == draw_array(key, indices).tolist()


@given(key=KEYS, count=st.integers(1, 100))
def test_a_permutation_does_not_depend_on_the_library(key, count):
    drawn = draw_permutation(key, torch.arange(count))

    # argsort as signed against unsigned bits: the same draws, another order of the halves
    assert sorted(drawn.tolist()) == list(range(count))
    assert set(drawn.tolist()) == set(shuffled(key, count).tolist())


@given(key=KEYS, bound=st.integers(1, 50))
def test_integers_stay_below_their_bound(key, bound):
    drawn = draw_integers(key, torch.arange(200), bound)

    assert drawn.min() >= 0
    assert drawn.max() < bound


def test_integers_are_equally_likely():
    drawn = draw_integers(3, torch.arange(90_000), 9)

    counts = torch.bincount(drawn, minlength=9).double()
    chi_square = ((counts - 10_000).square() / 10_000).sum()
    assert chi_square < 26.1  # 8 degrees of freedom, p = .001


def test_uniform_draws_fill_their_interval():
    drawn = draw_uniform(5, (100, 100), 0.5)

    assert drawn.shape == (100, 100)
    assert drawn.dtype == torch.float32
    assert -0.5 <= drawn.min() < -0.49
    assert 0.49 < drawn.max() < 0.5
    assert abs(drawn.mean()) < 0.01
