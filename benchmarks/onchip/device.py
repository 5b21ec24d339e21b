"""The exported C of a network, compiled for this machine and driven sample by sample."""

import ctypes
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.quantise import Quantised
from plurigrid_ff.provenance import installed_versions

FLAGS = ("-std=c99", "-O3", "-march=native", "-shared", "-fPIC")

# The loops over samples; everything else is the exported file, unchanged.
LOOPS = """
#include "ff_model.h"

void loop_learn(const int8_t *x, const int32_t *y, const int32_t *order, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        ff_learn(x + (long)order[i] * FF_INPUTS, (unsigned)y[order[i]]);
}

void loop_predict(const int8_t *x, int32_t *predicted, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        predicted[i] = (int32_t)ff_predict(x + (long)i * FF_INPUTS);
}

void loop_stream(const int8_t *x, const int32_t *y, int32_t *predicted, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        predicted[i] = (int32_t)ff_predict(x + (long)i * FF_INPUTS);
        ff_learn(x + (long)i * FF_INPUTS, (unsigned)y[i]);
    }
}
"""


class Device:
    """A device with one network on it, at the weights it was exported with.

    Args:
        quantised: The network and how samples become its input.
    """

    def __init__(self, quantised: Quantised) -> None:
        self.scaling = quantised.scaling
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, text in c_files(quantised.network, learns=True).items():
                (folder / file).write_text(text, "utf-8")
            (folder / "loops.c").write_text(LOOPS, "utf-8")
            sources = [folder / "ff_model.c", folder / "loops.c"]
            command = [compiler(), *FLAGS, *map(str, sources), "-o", str(folder / "model.so")]
            subprocess.run(command, check=True)
            self._library = ctypes.CDLL(str(folder / "model.so"))
        self._library.ff_digest.restype = ctypes.c_uint32
        self._library.ff_saturated.restype = ctypes.c_uint32
        if self._library.ff_digest() != quantised.network.digest():
            raise RuntimeError("the compiled network differs from the one it was made from")

    def learn(
        self, x: NDArray[np.float32], y: NDArray[np.int64], order: NDArray[np.integer]
    ) -> None:
        """Learn from samples ``x[order]``, one after the other."""
        whole, labels = self.scaling.apply(x), y.astype(np.int32)
        places = order.astype(np.int32)
        self._library.loop_learn(_at(whole), _at(labels), _at(places), len(places))

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the class of every sample; nothing is learned."""
        whole = self.scaling.apply(x)
        predicted = np.empty(len(x), dtype=np.int32)
        self._library.loop_predict(_at(whole), _at(predicted), len(x))
        return predicted

    def stream(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> NDArray[np.int32]:
        """Predict every sample, then learn from it; return the predictions."""
        whole, labels = self.scaling.apply(x), y.astype(np.int32)
        predicted = np.empty(len(x), dtype=np.int32)
        self._library.loop_stream(_at(whole), _at(labels), _at(predicted), len(x))
        return predicted

    def set_halvings(self, halvings: int) -> None:
        """Divide the step size by two to this power."""
        self._library.ff_set_halvings(halvings)

    def saturated(self) -> int:
        """Return how many weight updates were clamped so far."""
        return int(self._library.ff_saturated())

    def accuracy(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
        """Return the share of samples predicted right."""
        return float((self.predict(x) == y).mean())


def compiler() -> str:
    """Return the path of the C compiler.

    Raises:
        RuntimeError: There is none.
    """
    found = shutil.which("gcc") or shutil.which("cc")
    if found is None:
        raise RuntimeError("no C compiler on PATH: install gcc")
    return found


def compiler_version() -> str:
    """Return the first line in which the compiler says what it is."""
    command = [compiler(), "--version"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return answer.stdout.splitlines()[0]


def setting() -> dict[str, object]:
    """Return machine, compiler and versions, for a report."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "compiler": compiler_version(),
        "versions": installed_versions(),
    }


def _at(values: NDArray[np.generic]) -> ctypes.c_void_p:
    """Point to an array's first number."""
    if not values.flags.c_contiguous:
        raise ValueError("the array must be contiguous")
    return values.ctypes.data_as(ctypes.c_void_p)
