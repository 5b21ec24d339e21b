import pytest

from plurigrid_ff.agents.frontmatter import FrontmatterError, split_skill


def fields(head):
    return split_skill(f"---\n{head}\n---\nbody\n")[0]


def test_head_and_body_are_told_apart():
    found, body = split_skill("---\nname: a\n---\n\n# Title\n---\nmore")

    assert found == {"name": "a"}
    assert body == "\n# Title\n---\nmore"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("k: plain text, with: colons inside words:ok", None),
        ("k: plain text", "plain text"),
        ("k: 'it''s'", "it's"),
        ('k: "a \\"b\\" \\\\ c"', 'a "b" \\ c'),
        ("k: one\n  two\n  three", "one two three"),
        ("k: >-\n  one\n  two\n\n  three", "one two\nthree"),
        ("k: >\n    one\n\n\n    two", "one\n\ntwo"),
        ("k: |\n  one\n\n  two", "one\n\ntwo"),
        ("# a comment\nk: v\n", "v"),
        ("k:", ""),
        ("k: http://x.org/a#b", "http://x.org/a#b"),
    ],
)
def test_text_is_read_as_yaml_reads_it(written, read):
    if read is None:
        with pytest.raises(FrontmatterError, match="quote the value"):
            fields(written)
    else:
        assert fields(written) == {"k": read}


def test_one_level_of_keys_is_read():
    head = 'metadata:\n  version: "1.0"\n  trit: "-1"\nname: a'

    assert fields(head) == {"metadata": {"version": "1.0", "trit": "-1"}, "name": "a"}


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("name: a\nname: b", "line 3: 'name' for the second time"),
        ("- item", "expected 'key: value'"),
        ("tools: [a, b]", r"cannot begin with '\['"),
        ("a: &x b", "cannot begin with '&'"),
        ("a: !!python/object x", "cannot begin with '!'"),
        ("a: - b", "cannot begin with '-'"),
        ('a: "open', "not closed"),
        ("a: 'open", "not closed"),
        ('a: "\\x1b"', "an escape that is not read here"),
        ("a: b # c", "quote the value"),
        ("\tname: a", "a tab"),
        ("a: b --- c", "ends it for others"),
        ("m:\n  a: b\n    c: d", "indented alike"),
        ("m:\n  a:\n    b: c", "must be one line"),
        ("m:\n  # nothing", "has no value"),
        ("a: b\n\n  c", "an empty line within a value"),
        ("a: >2\n  b", "expected one of"),
        ("a: >+\n  b", "expected one of"),
        ("a: >\n\n  b", "must begin on the next line"),
        ("a: >", "must begin on the next line"),
        ("a: |\n  b\n    c", "lines of a text must be indented alike"),
        ("a: >\n  b\n     \n  c", "a line of spaces"),
    ],
)
def test_other_yaml_is_refused_by_its_line(head, message):
    with pytest.raises(FrontmatterError, match=rf"^line \d+: .*{message.removeprefix('line 3: ')}"):
        fields(head)


@pytest.mark.parametrize(
    ("text", "message"), [("# no head", "expected '---'"), ("---\nname: a\n", "no closing")]
)
def test_a_file_without_a_head_is_refused(text, message):
    with pytest.raises(FrontmatterError, match=message):
        split_skill(text)
