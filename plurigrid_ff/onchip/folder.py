"""Everything that an exported folder holds, as text."""

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.onchip.c_source import c_files, render
from plurigrid_ff.onchip.forward import predict
from plurigrid_ff.onchip.inputs import InputScaling
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.memory import KIB
from plurigrid_ff.onchip.network import IntegerNetwork
from plurigrid_ff.onchip.support import support_files, support_places
from plurigrid_ff.onchip.vectors import vectors_header
from plurigrid_ff.results import DeviceMemory

MODEL_FILE = "ff_model.c"
OF_THE_MODEL = (
    MODEL_FILE,
    "ff_model.h",
    "vectors.h",
    "main.c",
    "samples.csv",
    "inputs.csv",
    "README.md",
)
BUILD_FOLDER = "build"  # the Makefile's
MAX_VECTORS = 24
VECTOR_BYTES = 1 << 17  # the check must fit beside the model in an emulated board's flash
MAX_SAMPLES = 500
SAMPLE_BYTES = 1 << 20


def folder_files(
    network: IntegerNetwork,
    scaling: InputScaling,
    samples: NDArray[np.int8],
    labels: NDArray[np.int64],
    *,
    learns: bool,
    memory: DeviceMemory,
    class_names: tuple[str, ...],
) -> dict[str, str]:
    """Return the text of every file, by its path in the folder.

    Args:
        network: The network.
        scaling: From features to int8.
        samples: Labelled samples to check the build with and to try it on, int8, shape
            ``(samples, inputs)``.
        labels: Their classes, shape ``(samples,)``.
        learns: Whether ``ff_learn`` is part of it.
        memory: What it takes on the device.
        class_names: One name per class.
    """
    return {
        **c_files(network, learns=learns, description=_input_lines(scaling)),
        **support_files(),
        "vectors.h": _vectors(network, samples, labels, learns=learns),
        "main.c": render("main.c", {}),
        "samples.csv": _samples_csv(samples, labels),
        "inputs.csv": _inputs_csv(scaling),
        "README.md": render(
            "README.md",
            {
                "net": network,
                "widths": [network.inputs, *(layer.out_features for layer in network.layers)],
                "learns": learns,
                "memory": memory,
                "kib": KIB,
                "classes": [name.replace("|", "/") for name in class_names],
                "rounding": _input_lines(scaling)[0],
                "sample_count": min(len(samples), _sample_limit(network)),
            },
        ),
    }


def foreign_file(folder: Path) -> str | None:
    """Name a file that neither an export nor its Makefile writes; None: there is none."""
    ours = {*OF_THE_MODEL, *support_places()}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            continue
        if place.as_posix() not in ours and place.parts[0] != BUILD_FOLDER:
            return str(place)
    return None


def _vectors(
    network: IntegerNetwork, samples: NDArray[np.int8], labels: NDArray[np.int64], *, learns: bool
) -> str:
    """Work out with the reference what a build must compute on the first samples."""
    count = max(1, min(MAX_VECTORS, VECTOR_BYTES // network.inputs))
    x, y = samples[:count], labels[:count]
    learner = network.copy()
    if learns:
        for sample, label in zip(x, y.tolist(), strict=True):
            learn(learner, sample, label)
    steps = len(x) if learns else 0
    predicted = predict(learner, x).tolist()
    return vectors_header(x, y.tolist(), predicted, learner.digest(), steps=steps)


def _input_lines(scaling: InputScaling) -> tuple[str, ...]:
    """Say in C's comment how features become int8."""
    if not scaling.offset.any() and (scaling.step == scaling.step[0]).all():
        return (
            f"x[i] = feature i / {scaling.step[0]:.10g}, rounded, at most 127 either way.",
            "Any other common step does as well: samples are scaled to unit RMS in here.",
        )
    return (
        "x[i] = (feature i - offset i) / step i, rounded, at most 127 either way;",
        "offsets and steps stand in inputs.csv.",
    )


def _sample_limit(network: IntegerNetwork) -> int:
    """How many samples to write along."""
    return max(1, min(MAX_SAMPLES, SAMPLE_BYTES // (4 * network.inputs)))


def _samples_csv(samples: NDArray[np.int8], labels: NDArray[np.int64]) -> str:
    """Write samples as main.c reads them: the label, then the features."""
    limit = max(1, min(MAX_SAMPLES, SAMPLE_BYTES // (4 * samples.shape[1])))
    rows = zip(labels[:limit].tolist(), samples[:limit].tolist(), strict=True)
    return "".join(",".join(map(str, (label, *row))) + "\n" for label, row in rows)


def _inputs_csv(scaling: InputScaling) -> str:
    """Write offset and step of every feature."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("feature", "offset", "step"))
    for index, (offset, step) in enumerate(
        zip(scaling.offset.tolist(), scaling.step.tolist(), strict=True)
    ):
        writer.writerow((index, f"{offset:.10g}", f"{step:.10g}"))
    return text.getvalue()
