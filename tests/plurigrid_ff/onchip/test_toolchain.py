"""Finding the compilers and the emulator."""

import pytest

from plurigrid_ff.errors import PlurigridError, ToolchainError
from plurigrid_ff.onchip.toolchain import DEBIAN_PACKAGES, find_tool


def test_a_program_on_path_is_found(monkeypatch, tmp_path):
    (tmp_path / "clang").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_tool("clang") == tmp_path / "clang"


@pytest.mark.parametrize(("program", "package"), DEBIAN_PACKAGES.items())
def test_a_missing_program_is_named_with_its_package(monkeypatch, tmp_path, program, package):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ToolchainError, match=rf"{program} is needed .* apt-get install {package}$"):
        find_tool(program)


def test_the_error_is_one_that_a_user_can_act_on():
    assert issubclass(ToolchainError, PlurigridError)


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail), ("", pytest.skip)])
def test_without_a_program_tests_are_skipped_but_fail_where_ci_is_set(
    tool, monkeypatch, tmp_path, ci, outcome
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome.Exception, match="clang is needed and not on PATH"):
        tool("clang")
