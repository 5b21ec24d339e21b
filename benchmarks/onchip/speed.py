"""One ``ff_learn`` call beside one step of float backprop in C: time, memory, bytes moved.

Both are built with the same compiler and flags into one library and take turns on the same
samples; the figure is the median of the ratios of neighbours. Bytes moved are those between
a simulated first-level data cache and the next level, from valgrind's cachegrind. Example:

    python -m benchmarks.onchip.speed --out benchmarks/results/onchip_speed.json
"""

import argparse
import ctypes
import json
import re
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.onchip.device import setting
from benchmarks.onchip.training import Case
from plurigrid_ff.files import write_text
from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.elf import object_sizes
from plurigrid_ff.onchip.quantise import quantise

HERE = Path(__file__).parent
CASES = (
    Case("mnist", "projection", (200, 100), 1),
    Case("mnist", "class-goodness", (200, 100), 1),
    Case("mnist", "threshold", (200, 100), 1),
    Case("digits", "projection", (100, 100), 1),
    Case("digits", "class-goodness", (100, 100), 1),
    Case("digits", "threshold", (100, 100), 1),
)
BUILDS = tuple(
    (compiler, flags)
    for compiler in ("gcc", "clang")
    for flags in ("-O2", "-O3", "-O3 -march=native")
)
CACHES = {"32 KiB": "32768,8,64", "8 KiB": "8192,2,32"}
SAMPLES = 4000
CACHED_SAMPLES = 200
RATE = 0.01  # of backprop; it takes the same time at any other

CACHE_MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include "ff_model.h"
#include "backprop.h"
static int8_t x[SAMPLES][FF_INPUTS];
static uint8_t y[SAMPLES];
int main(int count, char **arguments)
{
    FILE *file = fopen("samples.bin", "rb");
    if (!file || fread(x, 1, sizeof x, file) != sizeof x || fread(y, 1, sizeof y, file) != sizeof y)
        return 1;
    int steps = atoi(arguments[count - 1]);
    ff_reset();
    bp_reset(1);
    for (int i = 0; i < steps; i++)
        if (arguments[1][0] == 'f')
            ff_learn(x[i], y[i]);
        else
            bp_learn(x[i], y[i]);
    return 0;
}
"""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples as the device reads them.

    Attributes:
        x: Shape ``(samples, inputs)``, int8.
        y: Their classes, shape ``(samples,)``.
    """

    x: NDArray[np.int8]
    y: NDArray[np.uint8]


def main() -> None:
    """Measure every case in every build, print tables and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--data", default="mnist,digits", help="Data sets to measure on.")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = []
    for case in CASES:
        if case.data not in arguments.data.split(","):
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            samples = write_sources(case, folder)
            rows.append(measure(case, samples, folder, arguments.repetitions))
            print_row(rows[-1])
    report = {
        "setting": setting(),
        "repetitions": arguments.repetitions,
        "cases": rows,
    }
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")


def write_sources(case: Case, folder: Path) -> Samples:
    """Write both programs for a case; return training samples as both read them."""
    data = case.load(0)
    quantised = quantise(case.network(data, 0), data.train.x, seed=0)
    for name, text in c_files(quantised.network, learns=True).items():
        (folder / name).write_text(text, "utf-8")
    for name in ("backprop.c", "backprop.h", "timing.c"):
        shutil.copy(HERE / name, folder / name)
    (folder / "cache.c").write_text(CACHE_MAIN, "utf-8")
    x, y = quantised.scaling.apply(data.train.x), data.train.y.astype(np.uint8)
    repeated = np.resize(np.arange(len(y)), SAMPLES)
    return Samples(np.ascontiguousarray(x[repeated]), y[repeated])


def shape_flags(case: Case, samples: Samples, *, skips: int) -> list[str]:
    """Tell backprop.c the shape of the network."""
    widths = [samples.x.shape[1], *case.hidden, 10]
    weights = sum(a * b for a, b in pairwise(widths))
    values = {
        "WIDTHS": ",".join(map(str, widths)),
        "LAYERS": len(widths) - 1,
        "WEIGHTS": weights,
        "UNITS": sum(widths[1:]),
        "INPUTS": widths[0],
        "WIDEST": max(widths),
        "CLASSES": widths[-1],
        "NORMALISES": 1,
        "SKIPS": skips,
    }
    return [f"-DBP_{name}={value}" for name, value in values.items()]


def measure(case: Case, samples: Samples, folder: Path, repetitions: int) -> dict[str, object]:
    """Time both in every build there is; count memory and bytes moved."""
    builds = []
    for compiler, flags in BUILDS:
        if shutil.which(compiler):
            times = time_build(case, samples, folder, compiler, flags.split(), repetitions)
            builds.append({"build": f"{compiler} {flags}"} | times)
    return {
        "data": case.data,
        "objective": case.objective,
        "hidden": list(case.hidden),
        "ram_bytes": ram_bytes(case, samples, folder),
        "cache": {name: moved(case, samples, folder, shape) for name, shape in CACHES.items()},
        "builds": builds,
    }


def time_build(
    case: Case, samples: Samples, folder: Path, compiler: str, flags: list[str], repetitions: int
) -> dict[str, object]:
    """Let both learn in turn; the faster form of backprop is the rival."""
    ratios: dict[int, list[float]] = {}
    times: dict[int, list[tuple[float, float]]] = {}
    for skips in (0, 1):
        # A name of its own: a library that is loaded already is not loaded again.
        library = Path(tempfile.mkstemp(suffix=".so", dir=folder)[1])
        command = [compiler, "-std=c99", *flags, *shape_flags(case, samples, skips=skips)]
        command += ["-shared", "-fPIC", "ff_model.c", "backprop.c", "timing.c", "-lm", "-o"]
        subprocess.run([*command, str(library)], cwd=folder, check=True)
        times[skips] = take_turns(ctypes.CDLL(str(library)), samples, repetitions)
        ratios[skips] = [ours / theirs for ours, theirs in times[skips]]
    rival = max(ratios, key=lambda skips: statistics.median(ratios[skips]))
    ours, theirs = zip(*times[rival], strict=True)
    return {
        "ff_learn_us": 1e6 * statistics.median(ours),
        "backprop_us": 1e6 * statistics.median(theirs),
        "ratio": statistics.median(ratios[rival]),
        "ratio_min": min(ratios[rival]),
        "ratio_max": max(ratios[rival]),
        "backprop_skips_zeros": bool(rival),
    }


def take_turns(
    library: ctypes.CDLL, samples: Samples, repetitions: int
) -> list[tuple[float, float]]:
    """Return seconds per call of both, once a repetition, while they learn from scratch."""
    library.seconds_of.restype = ctypes.c_double
    library.bp_set_rate(ctypes.c_float(RATE))
    x, y = (values.ctypes.data_as(ctypes.c_void_p) for values in (samples.x, samples.y))
    count, inputs = samples.x.shape
    found = []
    for repetition in range(repetitions + 1):
        library.ff_reset()
        library.bp_reset(ctypes.c_uint64(repetition))
        ours, theirs = (
            library.seconds_of(getattr(library, name), x, y, count, inputs) / count
            for name in ("ff_learn", "bp_learn")
        )
        found.append((ours, theirs))
    return found[1:]  # the first one warms up


def ram_bytes(case: Case, samples: Samples, folder: Path) -> dict[str, int]:
    """All that changes, from the object files."""
    found = {}
    for name in ("ff_model", "backprop"):
        target = folder / f"{name}.o"
        flags = shape_flags(case, samples, skips=1)
        command = ["gcc", "-std=c99", "-O2", *flags, "-c", f"{name}.c", "-o", str(target)]
        subprocess.run(command, cwd=folder, check=True)
        found[name] = object_sizes(target).ram
    return found


def moved(case: Case, samples: Samples, folder: Path, cache: str) -> dict[str, float] | None:
    """Bytes per call between a first-level data cache and what lies behind, and instructions.

    None without valgrind. What the start costs is taken out by a run without any call.
    """
    if not shutil.which("valgrind"):
        return None
    first = slice(0, CACHED_SAMPLES)
    (folder / "samples.bin").write_bytes(samples.x[first].tobytes() + samples.y[first].tobytes())
    flags = [*shape_flags(case, samples, skips=1), f"-DSAMPLES={CACHED_SAMPLES}"]
    command = ["gcc", "-std=c99", "-O3", *flags, "cache.c", "ff_model.c", "backprop.c", "-lm"]
    subprocess.run([*command, "-o", "cache"], cwd=folder, check=True)
    line = int(cache.split(",")[2])
    found = {}
    for name, letter in (("ff_learn", "f"), ("backprop", "b")):
        none, all_ = (simulate(folder, letter, steps, cache) for steps in (0, CACHED_SAMPLES))
        found[f"{name}_bytes"] = line * (all_[1] - none[1]) / CACHED_SAMPLES
        found[f"{name}_instructions"] = (all_[0] - none[0]) / CACHED_SAMPLES
    return found


def simulate(folder: Path, letter: str, steps: int, cache: str) -> tuple[int, int]:
    """Return instructions and first-level data misses of a run."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=yes", f"--D1={cache}"]
    command += ["--cachegrind-out-file=/dev/null", "./cache", letter, str(steps)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    counts = []
    for label in (r"I\s+refs", r"D1\s+misses"):
        match = re.search(label + r":\s+([\d,]+)", done.stderr)
        if match is None:
            raise RuntimeError(f"cachegrind printed no line {label}")
        counts.append(int(match[1].replace(",", "")))
    return counts[0], counts[1]


def print_row(row: dict[str, object]) -> None:
    """Print what was found for one case."""
    print(f"\n{row['data']}, {row['objective']}, {row['hidden']}: RAM {row['ram_bytes']}")
    for name, found in row["cache"].items():  # type: ignore[attr-defined]
        print(f"  {name} cache:", found and {key: round(value) for key, value in found.items()})
    for build in row["builds"]:  # type: ignore[attr-defined]
        print(
            f"  {build['build']:20} ff_learn {build['ff_learn_us']:6.1f} us, backprop "
            f"{build['backprop_us']:6.1f} us, ratio {build['ratio']:.2f} "
            f"({build['ratio_min']:.2f} to {build['ratio_max']:.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
