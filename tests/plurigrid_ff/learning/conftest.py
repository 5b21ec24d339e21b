"""Every way in which layers can learn: objective, negatives and read-out."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.learning import blocks
from plurigrid_ff.learning.negatives import accepted_negatives, known_negatives
from plurigrid_ff.learning.objectives import known_objectives

FULLY = ("projection", "threshold", "self-contrastive")  # one objective of each contrast


def ways():
    """Yield every objective, and every source of negatives with one objective."""
    for name, objective in sorted(known_objectives().items()):
        for negatives in accepted_negatives(objective)[: None if name in FULLY else 1]:
            kind = known_negatives().get(negatives)
            readouts = ("probe",)
            if kind is None or kind.labelled:
                readouts = ("goodness", "probe") if name in FULLY else ("goodness",)
            if kind is None and name in FULLY:
                readouts += ("head",)
            for readout in readouts:
                yield NetworkConfig(objective=name, negatives=negatives, readout=readout)


def pytest_generate_tests(metafunc):
    """Run a test that asks for ``way`` once per way."""
    if "way" in metafunc.fixturenames:
        found = list(ways())
        ids = [f"{way.objective}-{way.negatives}-{way.readout}" for way in found]
        metafunc.parametrize("way", found, ids=ids)


@pytest.fixture
def data(blobs, way) -> Dataset:
    """Return samples that the way can learn from: images where it cuts images."""
    if way.negatives != "hybrid":
        return blobs

    def image(split: Split) -> Split:
        return Split(split.x.reshape(-1, 3, 4), split.y)

    return replace(
        blobs, train=image(blobs.train), validation=image(blobs.validation), test=image(blobs.test)
    )


class Residual(nn.Module):
    """Two convolutions around batch statistics, and a way past them; six channels."""

    def __init__(self, in_shape):
        super().__init__()
        self.first = nn.Conv2d(in_shape[0], 6, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.past = nn.Conv2d(in_shape[0], 6, 1)

    def forward(self, x):
        return self.second(torch.relu_(self.norm(self.first(x)))) + self.past(x)


class Encoder(nn.Module):
    """One layer of a transformer over time, with dropout; reads and returns (channels, length)."""

    def __init__(self, in_shape):
        super().__init__()
        self.lift = nn.Linear(in_shape[0], 6)
        self.encoder = nn.TransformerEncoderLayer(6, 2, 12, dropout=0.2, batch_first=True)

    def forward(self, x):
        return self.encoder(self.lift(x.transpose(1, 2))).transpose(1, 2)


def perceptron(in_shape):
    """Return two dense layers with dropout between them; nine features."""
    width = in_shape[0]
    return nn.Sequential(
        nn.Linear(width, 12), nn.GELU(), nn.Dropout(0.3), nn.Linear(12, 9), nn.LayerNorm(9)
    )


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Register blocks for one test, and forget whatever it registers itself."""
    found = {"residual": Residual, "encoder": Encoder, "perceptron": perceptron}
    monkeypatch.setattr(blocks, "_registered", found)
    return found
