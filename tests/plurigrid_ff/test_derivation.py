import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.derivation import GAMMA, derive_key, draw, draw_array, shuffled

# SplitMix64's published outputs; in counter form, draw i of seed s is output i.
VECTORS = {
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F],
    1234567: [6457827717110365317],
    1069: [0x97629500787D9C76, 0xB30FB97B4961612F],
}


@pytest.mark.parametrize("seed", VECTORS)
def test_draws_are_the_published_splitmix64_outputs(seed):
    drawn = [draw(seed, index) for index in range(len(VECTORS[seed]))]

    assert drawn == VECTORS[seed]


@given(key=st.integers(0, 2**64 - 1), start=st.integers(0, 2**40))
def test_arrays_draw_what_scalars_draw(key, start):
    indices = np.arange(start, start + 5)

    assert draw_array(key, indices).tolist() == [draw(key, int(i)) for i in indices]


@given(key=st.integers(0, 2**64 - 1), count=st.integers(0, 200))
def test_shuffled_is_a_permutation(key, count):
    assert sorted(shuffled(key, count).tolist()) == list(range(count))


def test_keys_differ_by_seed_and_by_every_part_of_the_path():
    keys = [
        derive_key(0, "a", 1),
        derive_key(1, "a", 1),
        derive_key(0, "b", 1),
        derive_key(0, "a", 2),
        derive_key(0, "a"),
        derive_key(0, "a", "1"),
        derive_key(0, "a1"),
    ]

    assert len(set(keys)) == len(keys)


def test_hashed_children_share_no_draw_where_children_at_an_offset_share_nearly_all():
    def shared(first, second):
        return len({draw(first, i) for i in range(1000)} & {draw(second, i) for i in range(1000)})

    assert shared(0, 17 * GAMMA % 2**64) == 983
    assert shared(derive_key(0, "child", 0), derive_key(0, "child", 17)) == 0


def test_a_key_never_changes_between_versions():
    assert derive_key(0, "agent-0", "order", 3) == 2404663956549013435


@settings(max_examples=30)
@given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_two_paths_never_read_as_one(path, other):
    assert (derive_key(0, *path) == derive_key(0, *other)) == (path == other)


def test_a_separator_in_a_name_does_not_split_it():
    assert derive_key(0, "a\x1fstr:b") != derive_key(0, "a", "b")


def test_a_number_counts_the_same_in_every_integer_type():
    assert derive_key(np.uint64(3), "order", np.int64(2)) == derive_key(3, "order", 2)
