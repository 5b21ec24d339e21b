"""constraints.txt: exact versions, from no particular place, that fit pyproject.toml."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
PINS = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in LINES}


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("line", LINES)
def test_every_line_is_one_exact_public_version(line):
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)


@pytest.mark.parametrize("requirement", requirements())
def test_every_dependency_is_pinned_to_a_version_it_allows(requirement):
    wanted = Requirement(requirement)

    assert wanted.specifier.contains(PINS[canonicalize_name(wanted.name)])


def test_what_the_dependencies_need_is_pinned_too():
    """Follow the installed metadata from pyproject.toml's names to everything below."""
    todo = {canonicalize_name(Requirement(text).name) for text in requirements()}
    seen = set()
    while todo:
        name = todo.pop()
        seen.add(name)
        try:
            below = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # needed on another system
            continue
        for text in below:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo |= {canonicalize_name(requirement.name)} - seen

    from_cuda = {name for name in seen if re.match(r"(nvidia|cuda|triton)\b", name)}
    assert seen - from_cuda <= PINS.keys()
