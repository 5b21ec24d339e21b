"""Work in a process of its own that can hang, crash or eat memory without harm to others."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from plurigrid_ff.errors import TrainingError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff_self_evolving_agent.worker import (
    INHERITED_FILE,
    JOB_FILE,
    OUT_OF_MEMORY,
    RESULT_FILE,
    WEIGHTS_FILE,
    Job,
    Result,
)

Weights = Mapping[str, NDArray[np.float32]]


def contained(command: Sequence[str], *, seconds: float) -> None:
    """Run a command, and end it and all that it started when its time is over.

    Raises:
        TrainingError: It took too long, ran out of memory, crashed or refused; and what it said.
    """
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise TrainingError(f"ended after {seconds:g} s, its limit") from error
    finally:
        _end(process)
    status = process.returncode
    if status == OUT_OF_MEMORY:
        raise TrainingError("ran out of memory")
    if status < 0:
        raise TrainingError(f"crashed: {signal.Signals(-status).name}")
    if status:
        lines = said.strip().splitlines() or [f"exit status {status}"]
        raise TrainingError(f"failed: {lines[-1]:.300}")


def _end(process: "subprocess.Popen[str]") -> None:
    """End a process and its children, if it still runs."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


def evaluate_contained(
    job: Job, inherited: Weights | None, *, seconds: float, memory: int
) -> tuple[Result, dict[str, NDArray[np.float32]]]:
    """Evaluate an individual in a process of its own.

    Args:
        job: What to evaluate.
        inherited: Weights to go on from; those of another shape are left aside.
        seconds: After which it is ended.
        memory: MiB of data that it may hold.

    Returns:
        What was measured, and the weights as they were learned.

    Raises:
        TrainingError: It failed; nothing else is harmed.
    """
    with tempfile.TemporaryDirectory(prefix="plurigrid-ff-") as name:
        folder = Path(name)
        write_text(folder / JOB_FILE, job.model_dump_json())
        if inherited is not None:
            save_file(dict(inherited), folder / INHERITED_FILE)
        module = "plurigrid_ff_self_evolving_agent.worker"
        try:
            contained([sys.executable, "-m", module, name, str(memory)], seconds=seconds)
        except TrainingError as error:  # archived, so it must not name a folder of the moment
            raise TrainingError(str(error).replace(f"{name}{os.sep}", "")) from error
        result = Result.model_validate_json(read_text(folder / RESULT_FILE))
        weights: dict[str, NDArray[np.float32]] = load_file(folder / WEIGHTS_FILE)
    return result, {tensor: weights[tensor] for tensor in sorted(weights)}
