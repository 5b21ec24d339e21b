"""Small networks and batches, the same numbers for torch and for JAX."""

import os

import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.learning.network import FFNetwork

# Compiling takes longer than running here, so without the passes that make code fast. Read when
# JAX first compiles, which no module does on import.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

try:
    import jax  # noqa: F401
    import optax  # noqa: F401
except ImportError:
    collect_ignore_glob = ["test_*.py"]

# No class can be exactly a quarter of a batch: a probe's first gradient would be rounding noise,
# of which Adam makes a whole step.
SHAPE, CLASSES, BATCH = (3, 4), 4, 13


@pytest.fixture
def batch():
    """Returns a function of a number: samples, labels, wrong labels, other samples."""

    def draw(number=0):
        generator = torch.Generator().manual_seed(number)
        x = torch.randn(2 * BATCH, *SHAPE, generator=generator)
        y = torch.randint(CLASSES, (BATCH,), generator=generator)
        wrong = (y + torch.randint(1, CLASSES, (BATCH,), generator=generator)) % CLASSES
        return x[:BATCH], y, wrong, x[BATCH:]

    return draw


@pytest.fixture
def build(batch):
    """Returns a function that builds a torch network from settings."""

    def make(**settings):
        config = NetworkConfig(**({"hidden": (16, 12)} | settings))
        network = FFNetwork(config, SHAPE, CLASSES, seed=3)
        network.fit_scaling(batch()[0])
        return network

    return make
