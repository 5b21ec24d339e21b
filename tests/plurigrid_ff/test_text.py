import json

from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.text import printable, printable_json


def test_control_characters_are_escaped_and_text_is_kept():
    assert printable("a\x1b[31mb\x07\tö\n") == "a\\x1b[31mb\\x07\\tö\n"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_document_shows_no_character_that_drives_or_hides_and_stays_the_same(value):
    document = printable_json(json.dumps(value, indent=2, ensure_ascii=False))

    assert document.replace("\n", "").isprintable()
    assert json.loads(document) == value


def test_c1_controls_marks_that_turn_text_and_tags_are_escaped():
    hidden = "\x9b31m \u202e \U000e0041 é 語 😀"

    document = printable_json(json.dumps(hidden, ensure_ascii=False))

    assert document == '"\\u009b31m \\u202e \\udb40\\udc41 é 語 😀"'
