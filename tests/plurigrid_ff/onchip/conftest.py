"""Random integer networks, and the C they turn into as a library that Python can call."""

import ctypes
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from plurigrid_ff import runs
from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.inference import OpenedRun, open_run
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.onchip.c_source import c_files
from plurigrid_ff.onchip.network import OBJECTIVES, IntegerLayer, IntegerNetwork, Ratio
from plurigrid_ff.onchip.quantise import quantise

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wshadow"]


def random_network(seed: int, **fixed) -> IntegerNetwork:
    """Draw a small network of any objective, its numbers out to the ends of their ranges.

    Args:
        seed: Equal seeds, equal networks.
        fixed: What is not drawn: ``objective``, or ``widths``, the features after each layer
            (class goodness takes the multiple of its classes below).
    """
    rng = np.random.default_rng(seed)
    objective = fixed.get("objective", OBJECTIVES[rng.integers(3)])
    classes = int(rng.integers(2, 20 if objective == "threshold" else 12))
    inputs = int(rng.integers(1, 24))
    columns = classes if objective == "threshold" else 0
    spread = rng.choice([4, 30, 127])
    layers = []
    width = inputs + columns
    widths = fixed.get("widths") or [None] * rng.integers(1, 4)
    for units in widths:
        units = units or int(rng.integers(1, 4)) * classes
        units -= units % classes if objective == "class-goodness" else 0
        weight_bits = int(rng.integers(3, 9))
        rows = classes if objective == "projection" else 0
        layers.append(
            IntegerLayer(
                weight=rng.integers(-spread, spread + 1, (units, width), dtype=np.int8),
                bias=rng.integers(-5000, 5000, units, dtype=np.int32),
                directions=rng.integers(-spread, spread + 1, (rows, units), dtype=np.int8),
                weight_bits=weight_bits,
                activity_bits=int(rng.integers(0, min(weight_bits + 4, 5) + 1)),
                direction_bits=int(rng.integers(0, 7)),
                goodness=Ratio.near(float(2.0 ** rng.uniform(-6, 3))),
                threshold=int(rng.integers(0, 3000)),
                rate_shift=int(rng.integers(0, 20)),
                direction_shift=int(rng.integers(0, 12)),
            )
        )
        width = units
    return IntegerNetwork(
        objective=objective,
        squares=bool(rng.integers(2)),
        inputs=inputs,
        classes=classes,
        normalises=bool(rng.integers(2)),
        layers=layers,
        key=int(rng.integers(0, 2**64, dtype=np.uint64)),
        hardest=bool(rng.integers(2)),
        halvings=int(rng.integers(0, 3)),
    )


@pytest.fixture(name="random_network")
def random_network_fixture():
    return random_network


@pytest.fixture
def fresh():
    """Make the integer form of an untrained network."""

    def make(dataset, objective, options, negatives="auto"):
        config = NetworkConfig(
            hidden=(48, 36), objective=objective, options=options, negatives=negatives
        )
        net = FFNetwork(config, dataset.feature_shape, len(dataset.class_names), seed=3)
        return quantise(net, dataset.train.x, seed=3)

    return make


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory):
    """Train two layers on digits by an objective, a second each; return the run folder."""

    @cache
    def train(objective: str) -> Path:
        config = RunConfig(
            network=NetworkConfig(hidden=(40, 30), objective=objective),
            training=TrainingConfig(epochs=6, batch_size=32, learning_rate=5e-3),
            device="cpu",
        )
        folder = tmp_path_factory.mktemp("trained") / objective
        runs.train(config, folder)
        return folder

    return train


@pytest.fixture(scope="session")
def trained(trained_folder):
    """The same run, opened."""

    @cache
    def opened(objective: str) -> OpenedRun:
        return open_run(trained_folder(objective))

    return opened


@dataclass
class Device:
    """The C code of one network, called from Python."""

    library: ctypes.CDLL
    prefix: str
    classes: int

    def __post_init__(self) -> None:
        for name in ("digest", "predict", "steps", "saturated"):
            if hasattr(self.library, f"{self.prefix}_{name}"):
                getattr(self.library, f"{self.prefix}_{name}").restype = ctypes.c_uint32

    def call(self, name: str, *arguments):
        return getattr(self.library, f"{self.prefix}_{name}")(*arguments)

    def learn(self, x: np.ndarray, label: int) -> None:
        self.call("learn", x.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint(label))

    def predict(self, x: np.ndarray) -> int:
        return self.call("predict", x.ctypes.data_as(ctypes.c_void_p))

    def goodness(self, x: np.ndarray) -> list[int]:
        scores = (ctypes.c_int32 * self.classes)()
        self.call("goodness", x.ctypes.data_as(ctypes.c_void_p), scores)
        return list(scores)

    def digest(self) -> int:
        return self.call("digest")


FUNCTIONS = [
    "goodness",
    "predict",
    "learn",
    "reset",
    "set_halvings",
    "steps",
    "saturated",
    "digest",
]


@pytest.fixture
def build(tmp_path):
    """Compile networks into one library; several at once cost one start of the linker."""

    def make(
        networks: list[IntegerNetwork],
        *,
        learns: bool = True,
        compiler: str = "gcc",
        flags: tuple[str, ...] = ("-O1",),
    ) -> list[Device]:
        objects = []
        for place, network in enumerate(networks):
            folder = tmp_path / f"{compiler}-{learns}-{place}"
            folder.mkdir()
            for name, text in c_files(network, learns=learns).items():
                (folder / name).write_text(text, "utf-8")
            renamed = [f"-Dff_{function}=ff{place}_{function}" for function in FUNCTIONS]
            target = folder / "ff_model.o"
            subprocess.run(
                [
                    compiler,
                    *STRICT,
                    *flags,
                    *renamed,
                    "-fPIC",
                    "-c",
                    folder / "ff_model.c",
                    "-o",
                    target,
                ],
                check=True,
            )
            objects.append(target)
        library = tmp_path / f"{compiler}-{learns}.so"
        subprocess.run([compiler, *flags, "-shared", *objects, "-o", library], check=True)
        loaded = ctypes.CDLL(str(library))
        return [Device(loaded, f"ff{i}", network.classes) for i, network in enumerate(networks)]

    return make


@pytest.fixture
def written(tmp_path):
    """Write a network's C files; return their folder."""

    def write(network: IntegerNetwork, *, learns: bool = True) -> Path:
        for name, text in c_files(network, learns=learns).items():
            (tmp_path / name).write_text(text, "utf-8")
        return tmp_path

    return write
