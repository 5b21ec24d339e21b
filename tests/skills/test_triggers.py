"""The description is found by those who need it, and by nobody else."""

import re
import tomllib
from pathlib import Path

import pytest

TRIGGERS = tomllib.loads((Path(__file__).parent / "triggers.toml").read_text("utf-8"))
SHOULD, SHOULD_NOT = TRIGGERS["should"], TRIGGERS["should_not"]
ALL = SHOULD + SHOULD_NOT
SMALL_WORDS = {"a", "an", "and", "by", "for", "from", "in", "it", "of", "on", "the", "to", "with"}


def holds(text, words):
    """Whether words stand in a text as whole words, whatever their case and line breaks."""
    text = " ".join(text.lower().split())
    return re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", text) is not None


def prompt_of(trigger):
    return trigger["prompt"]


def test_there_are_24_prompts_half_of_them_near_misses_each_with_its_reason():
    assert (len(SHOULD), len(SHOULD_NOT)) == (12, 12)
    assert len({trigger["prompt"] for trigger in ALL}) == 24
    assert all(trigger["why"] and trigger["words"] for trigger in ALL)


@pytest.mark.parametrize("trigger", ALL, ids=prompt_of)
def test_the_words_that_decide_stand_in_the_prompt(trigger):
    for words in trigger["words"]:
        assert holds(trigger["prompt"], words) or words in trigger["prompt"].lower(), words


@pytest.mark.parametrize("trigger", SHOULD, ids=prompt_of)
def test_the_description_has_every_word_that_should_trigger(trigger, skill_fields):
    missing = [words for words in trigger["words"] if not holds(skill_fields["description"], words)]

    assert missing == []


@pytest.mark.parametrize("trigger", SHOULD_NOT, ids=prompt_of)
def test_the_description_has_no_word_of_a_near_miss(trigger, skill_fields):
    found = [words for words in trigger["words"] if holds(skill_fields["description"], words)]

    assert found == []


@pytest.mark.parametrize("trigger", SHOULD_NOT, ids=prompt_of)
def test_a_near_miss_is_near(trigger, skill_fields):
    in_prompt = set(re.findall(r"[a-z]+", trigger["prompt"].lower())) - SMALL_WORDS
    in_description = set(re.findall(r"[a-z]+", skill_fields["description"].lower()))

    assert in_prompt & in_description
