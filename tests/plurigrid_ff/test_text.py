from plurigrid_ff.text import printable


def test_control_characters_are_escaped_and_text_is_kept():
    assert printable("a\x1b[31mb\x07\tö\n") == "a\\x1b[31mb\\x07\\tö\n"
