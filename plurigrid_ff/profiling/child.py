"""``python -m plurigrid_ff.profiling.child``: one job on standard input, its result on output."""

import sys
import time

import torch

from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.profiling.contenders import Contender, build_contender
from plurigrid_ff.profiling.peak import Peak
from plurigrid_ff.profiling.results import Job, Measured
from plurigrid_ff.run_settings import open_settings

MOST_BATCHES = 4  # of an epoch, so that a repeat can be short


def main() -> None:
    """Measure what the job says."""
    job = Job.model_validate_json(sys.stdin.read())
    torch.set_num_threads(job.threads)
    sys.stdout.write(measure(job).model_dump_json())


def measure(job: Job) -> Measured:
    """Train for a while, and tell how fast it was or what memory it took.

    Samples are the training samples, as often as it takes to fill a batch.
    """
    run, data = open_settings(job.run, load_host())
    device = torch.device(run.device)
    batch, samples = run.training.batch_size, len(data.train)
    chosen = torch.arange(batch * max(1, min(MOST_BATCHES, samples // batch))) % samples
    x = torch.from_numpy(data.train.x)[chosen].to(device)
    y = torch.from_numpy(data.train.y)[chosen].to(device)
    num_classes = data.num_classes
    del data
    torch.mm(torch.ones(64, 64, device=device), torch.ones(64, 64, device=device))
    peak = Peak(device)
    contender = build_contender(job.contender, run, x, y, num_classes)
    contender.epoch()  # the first makes optimizer state, and wakes the libraries
    contender.epoch()
    rates = _rates(contender, len(y), job, device) if job.measure == "speed" else ()
    return Measured(
        parameter_bytes=contender.parameter_bytes,
        optimizer_bytes=contender.optimizer_bytes,
        peak_bytes=peak.bytes(),
        rates=rates,
        chunk_size=contender.chunk_size,
    )


def _rates(contender: Contender, samples: int, job: Job, device: torch.device) -> tuple[float, ...]:
    """Return samples per second, one figure per repeat."""
    rates = []
    for _ in range(job.repeats):
        epochs = 0
        start = _now(device)
        while (passed := _now(device) - start) < job.seconds or not epochs:
            contender.epoch()
            epochs += 1
        rates.append(epochs * samples / passed)
    return tuple(rates)


def _now(device: torch.device) -> float:
    """Return the time in seconds, once the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


if __name__ == "__main__":
    main()
