"""TOML that was written to do harm: refused in a sentence, and soon."""

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.toml_files import MAX_CONFIG_DEPTH, parse_toml

NAMES = st.text("ab. \"'", min_size=1, max_size=4)
TABLES = st.recursive(
    st.integers(0, 9) | st.text("ab.\"'\n", max_size=9),
    lambda inner: st.dictionaries(NAMES, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(NAMES, TABLES, max_size=3))
def test_an_ordinary_file_is_read_as_it_was_written(values):
    assert parse_toml(tomli_w.dumps(values), where="here") == values


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 20_000 + "]" * 20_000,
        "a = " + "{x = " * 20_000 + "1" + "}" * 20_000,
        "a = " + "[" * (MAX_CONFIG_DEPTH + 1) + "]" * (MAX_CONFIG_DEPTH + 1),
        # Each of these would take tomllib minutes.
        "a" + ".a" * 400_000 + " = 1",
        "[a" + " . a" * 200_000 + "]",
        "'a b'" + ".'a b'" * 100_000 + " = 1",
        r'"\""' + r'."\""' * 100_000 + " = 1",
        "a = {b" + ".b" * 200_000 + " = 1}",
    ],
)
def test_values_too_deep_within_each_other_are_refused(text):
    with pytest.raises(ConfigError, match="here: expected at most 32 tables or arrays within"):
        parse_toml(text, where="here")


def test_depth_at_the_limit_is_read():
    dotted = ".".join("a" * MAX_CONFIG_DEPTH) + " = 1"
    nested = "a = " + "[" * (MAX_CONFIG_DEPTH - 1) + "1" + "]" * (MAX_CONFIG_DEPTH - 1)

    assert parse_toml(dotted, where="here") != {}
    assert parse_toml(nested, where="here") != {}


@pytest.mark.parametrize("text", ["seed = " + "9" * 5000, "a = ", "a = 1\na = 2", "a = '\x00'"])
def test_what_is_no_toml_is_refused(text):
    with pytest.raises(ConfigError, match="here: not valid TOML"):
        parse_toml(text, where="here")


@pytest.mark.parametrize("character", list("\"'.[{a-\\"))
def test_no_megabyte_of_one_character_keeps_anybody_waiting(character):
    with pytest.raises(ConfigError):
        parse_toml(character * (1 << 20), where="here")
