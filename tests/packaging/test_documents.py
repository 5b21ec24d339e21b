"""Documents that promise commands, files or code are held to it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from plurigrid_ff import testing
from plurigrid_ff.config import AugmentationConfig, TrainingConfig
from plurigrid_ff.host import ports
from plurigrid_ff.host.skill import Role

ROOT = Path(__file__).resolve().parents[2]
ECHO = ROOT / "tests" / "fixtures" / "plurigrid_ff_echo"
COSH = ROOT / "tests" / "fixtures" / "plurigrid_ff_cosh"
RESIDUAL = ROOT / "tests" / "fixtures" / "plurigrid_ff_residual"
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "docs", ROOT / "plugins", ROOT / "integrations", ROOT / "triads")
    for path in folder.glob("*.md")
)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(document):
    return (ROOT / document).read_text("utf-8")


def code_blocks(document, language):
    return [code for name, code in FENCE.findall(read(document)) if name == language]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_command_in_a_document_exists(document):
    in_blocks = "\n".join(code for _, code in FENCE.findall(read(document)))
    inline = "\n".join(re.findall(r"`(make [^`]*)`", read(document)))

    named = set(re.findall(r"^\s*\$?\s*make ([a-z]+)", f"{in_blocks}\n{inline}", re.MULTILINE))

    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_somewhere(document):
    links = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", read(document))

    missing = [link for link in links if not (ROOT / document).parent.joinpath(link).exists()]

    assert missing == []


def test_the_readme_names_the_commands_a_new_user_needs():
    assert "make demo" in read("README.md")
    assert "make test" in read("README.md")


def test_continuous_integration_runs_those_two_and_builds_the_documentation():
    assert "for target in test demo docs; do" in read(".ci/run")
    assert re.findall(r"^\s*make .*", read(".ci/run"), re.MULTILINE) == ['  make "$target"']


def test_the_plugin_page_shows_the_plugin_that_the_tests_install():
    (pyproject,) = code_blocks("plugins/README.md", "toml")
    module, *others = code_blocks("plugins/README.md", "python")

    assert pyproject == (ECHO / "pyproject.toml").read_text("utf-8")
    assert module == (ECHO / "plurigrid_ff_echo" / "__init__.py").read_text("utf-8")
    assert others == [
        (fixture / fixture.name / name).read_text("utf-8")
        for fixture, names in (
            (COSH, ("__init__.py", "objective.py")),
            (RESIDUAL, ("__init__.py", "block.py")),
        )
        for name in names
    ]


def test_the_two_commands_of_the_plugin_page_end_in_a_test_that_passes(tmp_path):
    section = read("plugins/README.md").partition("## Start from a template")[2]
    new, test = FENCE.search(section)[2].splitlines()
    programs = {"plurigrid-ff": ["-m", "plurigrid_ff"], "python": []}

    for command in new, test:
        program, *arguments = command.split()
        done = subprocess.run(
            [sys.executable, *programs[program], *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    assert "1 passed" in done.stdout


def test_the_plugin_page_names_every_check():
    section = read("plugins/README.md").partition("## Check your work")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)\(", section, re.MULTILINE)) == set(testing.__all__)


def test_the_plugin_page_lists_every_port():
    names = {port.name for port in vars(ports).values() if isinstance(port, ports.Port)}

    assert names == set(re.findall(r"^\| `([a-z-]+)` \|", read("plugins/README.md"), re.MULTILINE))


def test_the_triad_page_lists_every_shipped_triad():
    shipped = {
        (triad["name"], *(triad[role.slot] for role in Role))
        for path in (ROOT / "triads" / "plurigrid_ff_triads").glob("*.toml")
        for triad in [tomllib.loads(path.read_text("utf-8"))]
    }

    page = read("triads/README.md").partition("## Shipped triads")[2].partition("\n## ")[0]
    rows = [tuple(line.strip("| ").split(" | ")) for line in page.splitlines()]

    assert shipped == {row for row in rows if len(row) == 4 and row[0] in {s[0] for s in shipped}}
    assert len(re.findall(r"^\| [a-z]", page, re.MULTILINE)) == len(shipped)


def test_the_triad_page_shows_a_shipped_triad():
    (shown,) = code_blocks("triads/README.md", "toml")
    path = "persistent_homology_open_games_forward_forward.toml"

    assert shown == (ROOT / "triads" / "plurigrid_ff_triads" / path).read_text("utf-8")


def test_the_training_page_lists_every_setting():
    settings, _, rest = read("docs/training.md").partition("## Schedules")
    augmentation = rest.partition("## Augmentation")[2].partition("\n## ")[0]

    def named(section):
        cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
        return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} - {"key"}

    assert named(settings) == set(TrainingConfig.model_fields)
    assert named(augmentation) == set(AugmentationConfig.model_fields)


def test_the_training_page_shows_a_run_file_that_trains(tmp_path):
    (run_file,) = code_blocks("docs/training.md", "toml")
    (tmp_path / "run.toml").write_text(run_file)

    done = subprocess.run(
        [sys.executable, "-m", "plurigrid_ff", "train", "run.toml", "--out", "runs/shown"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "test accuracy" in done.stdout
