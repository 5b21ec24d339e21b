import pytest

from plurigrid_ff.agents.validation import validate_skill

GOOD = "name: my-skill\ndescription: d\n"


def faults(skill):
    return [f"{fault.where}: {fault.message}" for fault in validate_skill(skill).faults]


def test_a_skill_with_every_field_is_valid(make_skill):
    skill = make_skill(
        head=f'{GOOD}license: MIT\ncompatibility: c\nallowed-tools: Read\nmetadata:\n  v: "1"\n',
        body="See [a](references/a.md), [web](https://x.org) and [here](#here).\n",
        files={"references/a.md": "Back to [the skill](../SKILL.md#top)."},
    )

    check = validate_skill(skill)

    assert check.valid
    assert (check.name, check.files) == ("my-skill", 2)


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("name: my-skill\n", "description: is missing"),
        ("description: d\n", "name: is missing"),
        (f"{GOOD}version: 1\n", "version: is no field of a skill; allowed: name, description"),
        ("name: my-skill\ndescription:\n", "description: expected a text, found none"),
        (f"name: my-skill\ndescription: {'d' * 1025}\n", "at most 1024 characters, got 1025"),
        (f"{GOOD}compatibility: {'c' * 501}\n", "at most 500 characters, got 501"),
        (f"{GOOD}metadata: text\n", "metadata: expected indented keys"),
        (f"{GOOD}license:\n  a: b\n", "license: expected a text"),
        ("name: other\ndescription: d\n", "'other' must be the folder's name"),
        ("name: My-Skill\ndescription: d\n", "expected a-z, 0-9 and single hyphens"),
        ("name: my--skill\ndescription: d\n", "expected a-z, 0-9 and single hyphens"),
        (f"name: {'n' * 65}\ndescription: d\n", "name: at most 64 characters, got 65"),
        ("name: [a]\n", "SKILL.md: line 2: a value cannot begin with '['"),
    ],
)
def test_faults_of_the_head_are_named(make_skill, head, fault):
    found = faults(make_skill(head=head))

    assert any(fault in line for line in found), found


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "has no text below its frontmatter"),
        ("line\n" * 501, "at most 500 lines below the frontmatter, got 501"),
        ("x" * 20_001, "at most about 5000 tokens, got about 5001"),
        ("[a](references/a.md)", "'references/a.md' leads to no file"),
        ("[a](../../etc/passwd)", "'../../etc/passwd' leads out of the skill"),
        ("[a](/etc/passwd)", "'/etc/passwd' leads out of the skill"),
    ],
)
def test_faults_of_the_body_are_named(make_skill, body, fault):
    (found,) = faults(make_skill(body=body or "\n"))

    assert fault in found


def test_links_inside_code_are_code(make_skill):
    assert faults(make_skill(body="```py\nx[0](absent.md)\n```\n")) == []


def test_references_lie_one_level_deep(make_skill):
    assert faults(make_skill(files={"references/deep/a.md": "a"})) == [
        "references/deep/a.md: references/ holds files, not folders"
    ]


def test_a_folder_without_the_file_and_one_that_is_no_text_are_refused(tmp_path, make_skill):
    (tmp_path / "empty").mkdir()
    binary = make_skill("binary")
    (binary / "SKILL.md").write_bytes(b"\xff\xfe")

    assert faults(tmp_path / "empty") == ["SKILL.md: is missing; every skill has one"]
    assert faults(binary) == ["SKILL.md: is not UTF-8: invalid start byte"]
