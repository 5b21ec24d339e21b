"""Small skills in folders of their own."""

import pytest

HEAD = "---\nname: {name}\ndescription: Does a thing. Use when asked.\n---\n"


@pytest.fixture
def make_skill(tmp_path):
    """Write a skill: its head, its body and any other files."""

    def make(name="my-skill", *, head=None, body="# Body\n", files=None):
        skill = tmp_path / name
        skill.mkdir(parents=True)
        head = HEAD.format(name=name) if head is None else f"---\n{head}---\n"
        (skill / "SKILL.md").write_text(head + body, "utf-8")
        for place, text in (files or {}).items():
            target = skill / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        return skill

    return make
