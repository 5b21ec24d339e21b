"""Every way in which layers can learn: objective, negatives and read-out."""

from dataclasses import replace

import pytest

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.data.dataset import Dataset, Split
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
