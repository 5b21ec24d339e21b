"""One small run through the triad, made once; the programs that C code is built with."""

import os
import shutil
from pathlib import Path

import pytest

from plurigrid_ff import runs
from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import ToolchainError
from plurigrid_ff.host.triad import find_triad
from plurigrid_ff.onchip.toolchain import find_tool


@pytest.fixture(scope="session")
def base() -> RunConfig:
    """Settings of a run of a second: digits, four rounds of two epochs."""
    return RunConfig(
        network=NetworkConfig(hidden=(24, 16)),
        training=TrainingConfig(epochs=8, epochs_per_round=2, batch_size=32, learning_rate=5e-3),
        triad=find_triad("persistent-homology-open-games-forward-forward"),
        device="cpu",
    )


@pytest.fixture(scope="session")
def finished(base, tmp_path_factory):
    """Folder and report of such a run. Tests leave it as it is."""
    out = tmp_path_factory.mktemp("runs") / "one"
    return out, runs.train(base, out)


@pytest.fixture
def contents():
    """Read every file of a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    return read


@pytest.fixture(scope="session")
def tool():
    """Find programs; without one the test is skipped, but fails where CI is set."""

    def find(*programs):
        try:
            return [str(find_tool(program)) for program in programs]
        except ToolchainError as error:
            if os.environ.get("CI"):
                pytest.fail(str(error))
            pytest.skip(str(error))

    return find


@pytest.fixture
def only_programs(tmp_path_factory, monkeypatch):
    """Leave nothing on PATH but these programs and what they need themselves."""

    def leave(*programs):
        folder = tmp_path_factory.mktemp("programs")
        for name in (*programs, "as", "ld", "mkdir", "rm", "timeout"):
            found = shutil.which(name)
            if found:
                # A script, because a compiler looks for its parts beside the name it is called by.
                (folder / name).write_text(f'#!/bin/sh\nexec {found} "$@"\n')
                (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return leave
