"""The README and the pages in docs are true: programs print what they say, settings are valid.

The blocks of a page in docs go on from one another, so they are one program.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from plurigrid_ff.config import RunConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.host.listing import list_skills
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {page.stem: page.read_text("utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
NUMBER = re.compile(r"\d+(?:\.\d+)?")


BLOCKS = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
PROGRAMS = [
    pytest.param(*match, id=f"README-{place}") for place, match in enumerate(BLOCKS.findall(README))
] + [
    pytest.param(*map("".join, zip(*found, strict=True)), id=name)
    for name, text in PAGES.items()
    if (found := BLOCKS.findall(text))
]
SETTINGS = [
    pytest.param(match, id=f"{name}-{place}")
    for name, text in PAGES.items()
    for place, match in enumerate(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
]


def test_every_program_is_followed_by_what_it_prints():
    assert README.count("```python\n") == README.count("```text\n") == 2
    for name, text in PAGES.items():
        assert len(BLOCKS.findall(text)) == text.count("```python\n"), name


@pytest.mark.parametrize(("program", "text"), PROGRAMS)
def test_a_program_prints_what_the_readme_says(program, text, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert NUMBER.sub("#", done.stdout) == NUMBER.sub("#", text)
    # Other versions of torch round differently; the figures stay within a few test samples.
    found, written = (list(map(float, NUMBER.findall(printed))) for printed in (done.stdout, text))
    assert found == pytest.approx(written, abs=1.5)


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_on_a_page_make_a_network_that_learns(text):
    config = RunConfig.parse(tomllib.loads(text), where="page")
    data = load_dataset(config.data, seed=0)
    network = FFNetwork(config.network, data.feature_shape, data.num_classes, seed=0)
    x, y = torch.from_numpy(data.train.x[:64]), torch.from_numpy(data.train.y[:64])

    losses = [
        layer.loss for layer in Trainer(network, x, y, config.training, seed=0).train_epochs(1)
    ]

    assert len(losses) == len(config.network.hidden)


def test_the_table_of_skills_is_the_registrys():
    rows = re.findall(r"^\| ([a-z-]+) \| (\w+) \| ([-+0-9]+) \| ([a-z ]+) \|", README, re.MULTILINE)

    listed = list_skills(load_host().registry)

    assert rows == [
        (skill.name, skill.role, format_trit(skill.trit), skill.state) for skill in listed
    ]


def test_the_table_of_objectives_is_the_librarys():
    from plurigrid_ff.learning.objectives import known_objectives

    section = README.partition("| objective |")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `([\w-]+)`", section, re.MULTILINE)) == set(known_objectives())
