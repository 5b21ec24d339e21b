"""Integer arithmetic against fractions, floats, and slow whole-number code."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plurigrid_ff.derivation import draw
from plurigrid_ff.onchip.arithmetic import (
    ERROR_BITS,
    EXP_TABLE,
    dithers,
    draws,
    exponentials,
    normalised,
    rounded,
    saturated,
    scaled,
    sigmoid,
    softmax,
    stochastically_rounded,
)

INT32 = st.integers(-(2**31), 2**31 - 1)
SHIFT = st.integers(0, 30)
INT8_ROW = st.lists(st.integers(-127, 127), min_size=1, max_size=40)
GOODNESS = st.integers(-50_000, 50_000)


@given(value=INT32, shift=SHIFT)
def test_rounded_is_the_nearest_whole_number_and_half_goes_up(value, shift):
    exact = Fraction(value, 1 << shift)

    assert rounded(np.array([value]), shift)[0] == math.floor(exact + Fraction(1, 2))


@given(value=INT32, shift=st.integers(-20, 30))
def test_scaled_rounds_down_and_a_negative_shift_multiplies(value, shift):
    exact = Fraction(value) / Fraction(2) ** shift

    assert scaled(np.array([value]), shift)[0] == math.floor(exact)


@given(value=INT32, limit=st.integers(0, 1000))
def test_saturated_is_the_nearest_number_in_a_symmetric_range(value, limit):
    assert saturated(np.array([value]), limit)[0] == sorted((-limit, value, limit))[1]


def slowly_normalised(row):
    """The specification, one whole number after another, the root found by counting down."""
    mean = sum(value * value for value in row) * 256 // len(row)
    root = next(r for r in range(16 * 127, -1, -1) if r * r <= mean)
    factor = (16 * 256 * 32) // root if root else 0
    return [max(-127, min(127, (value * factor + 128) // 256)) for value in row]


@given(row=INT8_ROW)
def test_normalised_is_the_specification_number_by_number(row):
    assert normalised(np.array([row]))[0].tolist() == slowly_normalised(row)


@given(row=INT8_ROW)
def test_normalised_is_near_the_real_root_mean_square(row):
    x = np.array(row, dtype=float)
    rms = float(np.sqrt((x * x).mean()))
    assume(rms > 0.25)
    real = np.clip(32 * x / rms, -127, 127)

    error = np.abs(normalised(np.array([row]))[0] - real).max()

    # Half a unit by rounding; the factor drops under 1/256, which 127 units feel as another
    # half; the root has 4 fraction bits and is too low by up to 1.1 of 16 rms.
    assert error <= 1.0 + 127 * 1.1 / (16 * rms - 1.1)


@given(row=st.lists(st.integers(-127, 127), min_size=8, max_size=40))
def test_normalised_has_a_root_mean_square_of_32_where_nothing_is_clamped(row):
    found = normalised(np.array([row]))[0]
    assume(np.abs(row).max() >= 16)
    assume(np.abs(found).max() < 127)

    # The same errors, in the mean: a unit, and 1.1 of 16 rms, where rms is 16 / sqrt(40) or more.
    assert np.sqrt(np.square(found).mean()) == pytest.approx(32, abs=1 + 32 * 1.1 / 39)


def test_normalised_ignores_the_other_rows():
    rows = np.random.default_rng(0).integers(-127, 128, (6, 9))

    together = normalised(rows)

    assert together.tolist() == [normalised(row[None])[0].tolist() for row in rows]


def test_a_row_of_zeros_stays_zero_and_so_does_one_under_a_sixteenth():
    faint = np.zeros((1, 400), dtype=np.int64)
    faint[0, 0] = 1  # RMS 1/20

    assert not normalised(np.zeros((1, 5), dtype=np.int64)).any()
    assert not normalised(faint).any()


def test_the_exponential_table_is_within_half_a_unit():
    assert [abs(EXP_TABLE[d] - 65535 * math.exp(-d / 16)) <= 0.5 for d in range(256)] == [
        True
    ] * 256


@given(distance=st.integers(0, 20_000))
def test_exponentials_are_a_table_step_above_the_real_value_at_most(distance):
    # The table is read at the distance rounded down to 1/16 nat, so it is too high by up to
    # exp(1/16), and half a unit by rounding. From 16 nat on it is 0, where exp gives 0.007.
    real = 65535 * math.exp(-distance / 256)

    found = exponentials(np.array([distance]))[0]

    assert real - 0.51 <= found <= real * math.exp(1 / 16) + 0.5


@given(goodness=st.lists(GOODNESS, min_size=2, max_size=12))
def test_softmax_is_the_real_softmax_within_the_tables_error(goodness):
    real = np.exp((np.array(goodness) - max(goodness)) / 256)
    real /= real.sum()

    found = softmax(np.array([goodness]))[0] / 2**ERROR_BITS

    # Weight and sum are each too high by up to exp(1/16), and a unit of 2**-15 is dropped.
    ratio = math.exp(1 / 16)
    unit = len(goodness) * 1e-5 + 2.0**-ERROR_BITS
    assert (found <= real * ratio + unit).all()
    assert (found >= real / ratio - unit).all()


@given(goodness=st.lists(GOODNESS, min_size=2, max_size=12), shift=st.integers(-9999, 9999))
def test_softmax_is_nearly_one_in_all_and_does_not_see_a_common_shift(goodness, shift):
    found = softmax(np.array([goodness]))

    assert 2**ERROR_BITS - len(goodness) < found.sum() <= 2**ERROR_BITS
    assert (softmax(np.array([goodness]) + shift) == found).all()


@given(odds=GOODNESS)
def test_sigmoid_is_the_real_sigmoid_within_the_tables_error(odds):
    real = 1 / (1 + math.exp(-odds / 256))

    found = int(sigmoid(np.array([odds]))[0]) / 2**ERROR_BITS

    # exp(-d) is too high by 6.5 % at most; p (1 - p) 6.5 % is under 0.0164.
    assert abs(found - real) <= 0.0164


@given(odds=GOODNESS)
def test_sigmoids_of_opposite_odds_are_one_together(odds):
    total = int(sigmoid(np.array([odds]))[0] + sigmoid(np.array([-odds]))[0])

    assert 2**ERROR_BITS - 1 <= total <= 2**ERROR_BITS


@given(odds=GOODNESS)
def test_sigmoid_never_falls(odds):
    assert sigmoid(np.array([odds]))[0] <= sigmoid(np.array([odds + 1]))[0]


@given(value=st.integers(-(2**20), 2**20), shift=st.integers(0, 12))
def test_stochastic_rounding_is_exact_in_the_mean_over_all_dithers(value, shift):
    every = np.arange(1 << shift)

    found = stochastically_rounded(np.full(1 << shift, value), shift, every)

    assert found.sum() == value  # sum over 2**shift dithers of value / 2**shift
    assert found.max() - found.min() <= 1


@given(value=INT32, bits=st.integers(0, 2**32 - 1), shift=SHIFT)
def test_stochastic_rounding_reads_the_low_bits_only(value, bits, shift):
    low = bits % (1 << shift)

    found = stochastically_rounded(np.array([value]), shift, np.array([bits]))

    assert found[0] == math.floor(Fraction(value + low, 1 << shift))


def test_draws_are_splitmix64():
    # The first outputs of the published generator, state 0.
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]

    assert draws(0, 0, 3).tolist() == expected


@given(key=st.integers(0, 2**64 - 1), place=st.integers(0, 2**35))
def test_draws_start_at_a_place_and_agree_with_one_at_a_time(key, place):
    assert draws(key, place, 3).tolist() == [draw(key, place + i) for i in range(3)]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 33])
def test_dithers_are_the_bytes_of_each_draw_the_low_ones_first(count):
    words = [draw(99, place) for place in range(5)]
    low_first = [byte for word in words for byte in word.to_bytes(8, "little")]

    assert dithers(99, count).tolist() == low_first[:count]


def test_dithers_are_uniform():
    bits = dithers(7, 160_000)

    counts = np.bincount(bits >> 4, minlength=16)

    # Chi-square with 15 degrees of freedom: over 37.7 once in a thousand keys.
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 37.7
    assert abs(bits.mean() - 127.5) < 4 * 73.9 / 400  # four standard errors
