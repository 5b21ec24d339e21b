import subprocess
import sys

import pytest

from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.report import render_report, write_report


def test_the_page_is_written_beside_what_it_is_made_of(folder, report, rounds):
    path = write_report(folder)

    assert path == folder / "report.html"
    assert path.read_text("utf-8") == render_report(report, rounds)
    assert sorted(item.name for item in folder.iterdir()) == [
        "report.html",
        "report.json",
        "rounds.jsonl",
    ]


def test_writing_twice_gives_the_same_bytes(folder):
    first = write_report(folder).read_bytes()
    assert write_report(folder).read_bytes() == first


def test_a_broken_log_leaves_the_page_that_was_there(folder):
    before = write_report(folder).read_bytes()
    (folder / "rounds.jsonl").write_text("{torn", "utf-8")

    with pytest.raises(RunFolderError, match=r"rounds\.jsonl: line 1: not valid JSON"):
        write_report(folder)

    assert (folder / "report.html").read_bytes() == before


def test_importing_the_package_loads_neither_matplotlib_nor_jinja2():
    program = (
        "import sys, plurigrid_ff.report;"
        "print({'matplotlib', 'jinja2', 'numpy', 'torch'} & set(sys.modules) or 'cheap')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "cheap"


def test_another_process_writes_the_same_page(folder):
    program = (
        "import sys; from pathlib import Path; from plurigrid_ff.report import write_report;"
        "write_report(Path(sys.argv[1]))"
    )
    first = write_report(folder).read_bytes()

    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(folder)],
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(filter(None, sys.path))},
    )

    assert (folder / "report.html").read_bytes() == first
