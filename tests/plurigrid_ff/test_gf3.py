from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.gf3 import (
    add,
    count_balanced,
    count_partitions,
    count_strict,
    format_trit,
    is_balanced,
    is_strict,
    reduce,
)

TRITS = st.sampled_from([-1, 0, 1])


@pytest.mark.parametrize(
    ("trits", "total", "balanced", "strict"),
    [
        ((-1, 0, 1), 0, True, True),
        ((1, 1, 1), 0, True, False),
        ((0, 0, 0), 0, True, False),
        ((-1, -1, -1), 0, True, False),
        ((1, 1, 0), -1, False, False),
        ((-1, -1, 0), 1, False, False),
        ((-1, 1, 1), 1, False, False),
    ],
)
def test_sums_in_gf3(trits, total, balanced, strict):
    assert add(trits) == total
    assert is_balanced(trits) is balanced
    assert is_strict(trits) is strict


@given(st.lists(TRITS), st.lists(TRITS))
def test_sums_add_so_balanced_compositions_of_balanced_triads_are_balanced(first, second):
    assert add(first + second) == reduce(add(first) + add(second))


@given(st.integers(-1000, 1000))
def test_reduction_is_congruent_mod_three(total):
    assert (reduce(total) - total) % 3 == 0


@given(st.lists(TRITS, min_size=3, max_size=3))
def test_strict_implies_balanced(trits):
    assert not is_strict(trits) or is_balanced(trits)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_counts_are_those_of_listing_every_triad(a, b, c):
    skills = [-1] * a + [0] * b + [1] * c
    triads = [[skills[i] for i in chosen] for chosen in combinations(range(len(skills)), 3)]

    assert count_strict(a, b, c) == sum(map(is_strict, triads))
    assert count_balanced(a, b, c) == sum(map(is_balanced, triads))


def test_three_of_each_make_27_strict_and_30_balanced_triads():
    assert (count_strict(3, 3, 3), count_balanced(3, 3, 3)) == (27, 30)


def test_partitions_into_strict_triads_are_pairs_of_matchings():
    listed = {
        frozenset(zip("abc", second, third, strict=True))
        for second in permutations("def")
        for third in permutations("ghi")
    }

    assert count_partitions(3, 3, 3) == len(listed) == 36
    assert count_partitions(3, 2, 3) == 0


def test_trits_are_written_with_their_sign():
    assert [format_trit(t) for t in (-1, 0, 1)] == ["-1", "0", "+1"]
