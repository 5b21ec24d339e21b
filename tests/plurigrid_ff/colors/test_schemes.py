import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.colors.schemes import MAX_INDEX, color_at
from plurigrid_ff.colors.splittable import SplittableRandom
from plurigrid_ff.errors import ConfigError, UnknownNameError

PUBLISHED = "E67F86 D06546 1316BB BA2645 49EE54 11C710 76B0F0 E59798 5333D9 7E90EB 1D9E7E DD7CB0"
TRITS = [1, 0, -1, 1, 1, 0, -1, 0, -1, 0, 0, 1]


def test_gay_mcp_draws_the_published_colours_and_trits():
    drawn = [color_at(1069, index) for index in range(1, 13)]

    assert [color.hex for color in drawn] == [f"#{text}" for text in PUBLISHED.split()]
    assert [color.trit for color in drawn] == TRITS
    assert color_at(2069, 1).hex == "#635CD8"


@pytest.mark.parametrize(
    ("seed", "first", "second"),
    [
        (0, 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4),
        (1069, 0x97629500787D9C76, 0xB30FB97B4961612F),
    ],
)
def test_the_unsplit_generator_is_splitmix64(seed, first, second):
    random = SplittableRandom(seed)

    assert [random.next(), random.next()] == [first, second]


def test_the_oklch_scheme_stays_as_it_is():
    drawn = [color_at(1069, index, "oklch").hex for index in range(1, 5)]

    assert drawn == ["#DD717F", "#3D8A52", "#9088D6", "#9E6523"]


@given(
    seed=st.integers(-(2**70), 2**70),
    index=st.integers(1, 200),
    scheme=st.sampled_from(["gay_mcp", "oklch"]),
)
def test_the_trit_is_the_sum_of_the_bytes_less_one(seed, index, scheme):
    color = color_at(seed, index, scheme)

    assert color.trit == sum(bytes.fromhex(color.hex[1:])) % 3 - 1


def test_neighbours_of_the_oklch_scheme_turn_by_the_golden_angle():
    from plurigrid_ff.colors.gamut import srgb_of
    from plurigrid_ff.colors.spaces import oklab_from_srgb, oklch_from_oklab

    hexes = [color_at(3, index, "oklch").hex for index in range(1, 40)]
    hues = oklch_from_oklab(oklab_from_srgb(srgb_of(hexes)))[:, 2]

    turns = (hues[1:] - hues[:-1]) % 360
    assert abs(turns - 137.508).max() < 2.5  # bytes round the hue


@pytest.mark.parametrize("index", [0, -1, MAX_INDEX + 1])
def test_an_index_out_of_range_is_refused(index):
    with pytest.raises(ConfigError, match=rf"index must be in 1 .. {MAX_INDEX}, got {index}"):
        color_at(0, index)


def test_an_unknown_scheme_is_told_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'gay_mcp'"):
        color_at(0, 1, "gay-mcp")
