"""Small certificates, made from random layers; the programs of Coq."""

import os

import numpy as np
import pytest
from plurigrid_ff_proofgeneral_narya.building import derivations_of, entry_of, parse_radius
from plurigrid_ff_proofgeneral_narya.certificate import (
    SAMPLE_BITS,
    Certificate,
    CertifiedLayer,
    CertifiedSample,
    Unit,
)
from plurigrid_ff_proofgeneral_narya.margins import LayerBounds
from plurigrid_ff_unworld.coordinator import describe

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ToolchainError
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.log import RunLog
from plurigrid_ff.onchip.toolchain import find_tool

CLASSES, INPUTS, UNITS = 3, 4, 5
RADII = ("1/64", "1/32")


def random_layer(seed: int, objective: str = "threshold") -> CertifiedLayer:
    """Draw a layer of one objective."""
    rng = np.random.default_rng(seed)
    units = []
    for unit in range(UNITS):
        offsets, factors = [0] * CLASSES, [int(k == unit % CLASSES) for k in range(CLASSES)]
        if objective == "threshold":
            offsets, factors = rng.integers(-9000, 9000, CLASSES).tolist(), [1] * CLASSES
        elif objective == "projection":
            factors = rng.integers(-90, 90, CLASSES).tolist()
        units.append(
            Unit(
                weights=tuple(rng.integers(-60, 60, INPUTS).tolist()),
                bias=int(rng.integers(-5000, 5000)),
                offsets=tuple(offsets),
                factors=tuple(factors),
            )
        )
    power = 1 if objective == "projection" else 2
    return CertifiedLayer(
        index=1, objective=objective, weight_bits=6, power=power, classes=CLASSES, units=units
    )


def small_log(path):
    """Write the log of two rounds of a triad."""
    log = RunLog(path)
    for round in (1, 2):
        key = Derivation(seed=0, path=("a", "order", round), key=derive_key(0, "a", "order", round))
        summaries = {"generator": {"loss": 0.25}, "coordinator": {"derivations": [describe(key)]}}
        for role, trit in (("generator", 1), ("coordinator", 0), ("validator", -1)):
            log.append(
                round=round,
                role=role,
                trit=trit,
                skill=role,
                version="1",
                seed=0,
                inputs={},
                outputs={"port": "0" * 32},
                summary=summaries.get(role, {}),
            )
    return log.entries


@pytest.fixture(scope="session")
def make_certificate(tmp_path_factory):
    """Make the certificate of a random layer and three samples."""
    entries = small_log(tmp_path_factory.mktemp("log") / "rounds.jsonl")

    def make(seed: int = 0, objective: str = "threshold") -> Certificate:
        layer = random_layer(seed, objective)
        bounds, rng = LayerBounds(layer), np.random.default_rng(seed + 1)
        x = rng.integers(-700, 700, (3, INPUTS))
        # Labels that the layer itself would give, so that something is certified.
        zero = [bounds.margins(x, np.full(3, k), 0).shared for k in range(CLASSES)]
        y = np.argmax(np.array(zero, dtype=np.int64), axis=0)
        radii = tuple(map(parse_radius, RADII))
        margins = [bounds.margins(x, y, radius.steps) for radius in radii]
        return Certificate(
            input_bits=SAMPLE_BITS,
            layer=layer,
            proved=radii[0].steps,
            radii=radii,
            samples=tuple(
                CertifiedSample(
                    index=place,
                    label=int(y[place]),
                    input=tuple(x[place].tolist()),
                    shared=tuple(int(m.shared[place]) for m in margins),
                    separate=tuple(int(m.separate[place]) for m in margins),
                )
                for place in range(3)
            ),
            log=tuple(map(entry_of, entries)),
            trit_sum=0,
            derivations=derivations_of(entries),
        ).sealed()

    return make


@pytest.fixture(scope="session")
def tool():
    """Require programs; without one the test is skipped, but fails where CI is set."""

    def find(*programs):
        try:
            return [str(find_tool(program)) for program in programs]
        except ToolchainError as error:
            if os.environ.get("CI"):
                pytest.fail(str(error))
            pytest.skip(str(error))

    return find
