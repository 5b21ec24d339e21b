"""Measure a run file: every contender in processes of its own."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Literal

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import MeasurementError
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.profiling.results import (
    CONTENDERS,
    ContenderName,
    ContenderProfile,
    Job,
    Measured,
    RunProfile,
)
from plurigrid_ff.provenance import installed_versions
from plurigrid_ff.run_settings import open_settings

# glibc keeps freed memory below this size for later; above, a freed tensor leaves the process.
MMAP_THRESHOLD = {"MALLOC_MMAP_THRESHOLD_": "65536"}


def measure_run(
    config: RunConfig,
    *,
    seconds: float = 2.0,
    repeats: int = 5,
    threads: int | None = None,
    host: Host | None = None,
    progress: Callable[[ContenderName], None] = lambda contender: None,
) -> RunProfile:
    """Measure what training by a run's settings costs, beside backprop on the same layers.

    Memory and speed are measured apart: what makes one exact slows the other down.

    Args:
        config: The run's settings.
        seconds: Least duration of a repeat.
        repeats: How often speed is measured; the median counts.
        threads: Of torch; None: one per core.
        host: Skills, objectives and blocks to choose from; None loads every installed plugin.
        progress: Called before each contender with its name.

    Raises:
        PlurigridError: What ``train`` would refuse, or a process that did not come back.
    """
    run, _ = open_settings(config, host or load_host())
    threads = threads or os.cpu_count() or 1
    profiles = {}
    for contender in CONTENDERS:
        progress(contender)
        found: dict[str, Measured] = {}
        measures: tuple[Literal["memory", "speed"], ...] = ("memory", "speed")
        for measure in measures:
            job = Job(
                run=config,
                contender=contender,
                measure=measure,
                seconds=seconds,
                repeats=repeats,
                threads=threads,
            )
            found[measure] = run_job(job)
        profiles[contender] = joined(found["memory"], found["speed"].rates)
    return RunProfile(
        **profiles,
        batch_size=run.training.batch_size,
        device=run.device,
        threads=threads,
        seconds=seconds,
        repeats=repeats,
        versions=installed_versions(),
    )


def run_job(job: Job) -> Measured:
    """Do one job in a process of its own.

    Raises:
        MeasurementError: The process ended without a result.
    """
    environment = os.environ | {"OMP_NUM_THREADS": str(job.threads)}
    if job.measure == "memory":
        environment |= MMAP_THRESHOLD
    done = subprocess.run(
        [sys.executable, "-m", "plurigrid_ff.profiling.child"],
        input=job.model_dump_json(),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        raise MeasurementError(
            f"{job.contender}, {job.measure}: its process ended with {how}: {last}; lower "
            "training.batch_size if memory ran out"
        )
    return Measured.model_validate_json(done.stdout.splitlines()[-1])


def joined(memory: Measured, rates: tuple[float, ...]) -> ContenderProfile:
    """Join what two processes found of one contender."""
    known = memory.parameter_bytes + memory.optimizer_bytes
    return ContenderProfile(
        samples_per_s=statistics.median(rates),
        rates=rates,
        peak_bytes=memory.peak_bytes,
        parameter_bytes=memory.parameter_bytes,
        optimizer_bytes=memory.optimizer_bytes,
        activation_bytes=max(0, memory.peak_bytes - known),
        chunk_size=memory.chunk_size,
    )
