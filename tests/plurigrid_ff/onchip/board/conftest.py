"""A small hand-written model in a folder such as the exporter writes, and make."""

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from plurigrid_ff.onchip.support import support_files
from plurigrid_ff.onchip.vectors import vectors_header

MODEL = Path(__file__).resolve().parents[3] / "fixtures" / "onchip"
INPUTS = [
    [9, 1, 0, 0, 0, 0, 0, 0],
    [1, 9, 0, 0, 0, 0, 0, 0],
    [-3, 0, 9, 0, 0, 0, 0, 0],
    [0, 0, 1, 9, 0, 0, 0, 0],
    [-128, 127, 5, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0],
]
LABELS = [0, 1, 2, 3, 3, 2]


@dataclass(frozen=True)
class Oracle:
    """The hand-written model a second time, in Python."""

    predicted: list[int]
    digest: int

    @classmethod
    def after(cls, labels):
        """Learn the first inputs with these labels, then predict all."""
        weights = [[i + 1 if i == c else 0 for i in range(8)] for c in range(4)]
        for x, label in zip(INPUTS, labels, strict=False):
            weights[label] = [w + v for w, v in zip(weights[label], x, strict=True)]
        sums = [[sum(map(int.__mul__, row, x)) for row in weights] for x in INPUTS]
        digest = 2166136261 ^ len(labels)
        for weight in itertools.chain(*weights):
            digest = (digest ^ weight & 0xFFFF) * 16777619 % 2**32
        return cls([row.index(max(row)) for row in sums], digest)


def vectors(predicted, digest):
    return vectors_header(np.array(INPUTS, np.int8), LABELS, predicted, digest, steps=len(LABELS))


@pytest.fixture
def oracle():
    return Oracle.after(LABELS)


@pytest.fixture
def untrained():
    """What a model gives that was exported without learning."""
    return Oracle.after([])


@pytest.fixture
def exported(tmp_path, oracle):
    """An exported folder; ``vectors.h`` holds what the oracle expects."""
    shutil.copytree(MODEL, tmp_path, dirs_exist_ok=True)
    for place, text in support_files().items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text, "utf-8")
    (tmp_path / "vectors.h").write_text(vectors(oracle.predicted, oracle.digest), "utf-8")
    return tmp_path


@pytest.fixture
def expect(exported):
    """Make ``vectors.h`` expect something else."""

    def write(predicted, digest):
        (exported / "vectors.h").write_text(vectors(predicted, digest), "utf-8")

    return write


@pytest.fixture
def make(exported, tool):
    """Run make in the exported folder, on nothing but what is said here."""
    (program,) = tool("make")

    def run(*arguments, path=os.environ["PATH"]):
        environment = {"PATH": path, "LC_ALL": "C"}
        command = [program, "--silent", "--no-print-directory", *arguments]
        return subprocess.run(
            command, cwd=exported, env=environment, capture_output=True, text=True, timeout=120
        )

    return run
