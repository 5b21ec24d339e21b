"""Fraction bits of a set of numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plurigrid_ff.onchip.scales import fraction_bits, to_int8

# Under 10,000 numbers none may be clamped, so the largest decides.
VALUES = arrays(
    np.float64,
    st.integers(1, 60),
    elements=st.floats(1e-6, 1e6) | st.floats(-1e6, -1e-6) | st.just(0.0),
)


@given(values=VALUES, most=st.integers(-20, 20))
def test_all_numbers_fit_with_the_bits_that_are_found(values, most):
    bits = fraction_bits(values, most=most)

    whole, share = to_int8(values, bits)

    assert bits <= most
    assert share == 0.0
    assert np.abs(whole / 2.0**bits - values).max() <= 0.5 / 2.0**bits


@given(values=VALUES, most=st.integers(-20, 20))
def test_one_bit_more_would_not_fit_or_not_be_allowed(values, most):
    bits = fraction_bits(values, most=most)

    assert bits == most or np.abs(values).max() * 2.0 ** (bits + 1) > 127.5


@given(values=VALUES, factor=st.integers(-6, 6))
def test_doubling_all_numbers_takes_one_bit(values, factor):
    values[0] = 3.0

    assert fraction_bits(values * 2.0**factor, most=99) == fraction_bits(values, most=99) - factor


def test_a_few_outliers_in_ten_thousand_are_clamped_rather_than_followed():
    values = np.full(20_000, 0.9)
    values[:2] = 1000.0

    bits = fraction_bits(values, most=20)

    assert bits == 7
    assert to_int8(values, bits)[1] == 1e-4
    values[2] = 1000.0
    assert fraction_bits(values, most=20) == -3


def test_nothing_and_nothing_but_zeros_get_all_the_bits():
    assert fraction_bits(np.zeros(5), most=6) == 6
    assert fraction_bits(np.empty(0), most=6) == 6
    assert to_int8(np.empty(0), 6)[1] == 0.0


def test_minus_128_is_never_used():
    whole, share = to_int8(np.array([-128.0, -127.0, 128.0, 1.4]), 0)

    assert whole.tolist() == [-127, -127, 127, 1]
    assert share == 0.5


def test_what_rounds_to_128_needs_a_bit_less():
    assert fraction_bits(np.array([127.4]), most=9) == 0
    assert fraction_bits(np.array([127.6]), most=9) == -1
