"""The command line stays quick: heavy libraries load when they are used."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from plurigrid_ff.cli import main
main({arguments!r}, standalone_mode=False)
loaded = sorted({heavy!r} & sys.modules.keys())
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""
HEAVY = {"torch", "gudhi", "sklearn", "matplotlib", "scipy"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["skills", "--json"],
        ["plugins", "--json"],
        ["recipes", "list", "--json"],
        ["triads", "list", "--all", "--json"],
        ["triads", "graph", "--format", "dot"],
        ["triads", "lint", "--json", "triads"],
    ],
)
def test_a_command_that_only_lists_loads_no_heavy_library(arguments):
    program = PROGRAM.format(arguments=arguments, heavy=HEAVY)

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert answer.returncode == 0, answer.stderr
