"""Commands as a user calls them, in a folder of their own."""

import pytest
from click.testing import CliRunner

from plurigrid_ff.cli import main

TRIAD = "persistent-homology-open-games-forward-forward"
SMALL = ["--hidden", "24,16", "--epochs", "4", "--batch-size", "32", "--device", "cpu"]


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLURIGRID_FF_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: str):
        result = CliRunner().invoke(main, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "run"
    result = CliRunner().invoke(main, ["triads", "run", TRIAD, *SMALL, "--out", str(out)])
    assert result.exit_code in (0, 3), result.output
    return out


@pytest.fixture
def refused():
    """Check that a command ended with one sentence and the right exit status."""

    def check(result, message: str, status: int = 1) -> None:
        assert result.exit_code == status, result.output
        assert message in result.stderr
        assert "Traceback" not in result.output

    return check
