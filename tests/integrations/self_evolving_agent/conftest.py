"""An evolution that tests look at from several sides."""

import numpy as np
import pytest
from plurigrid_ff_self_evolving_agent.evolution_settings import EvolutionSettings, begin
from plurigrid_ff_self_evolving_agent.running import go_on
from plurigrid_ff_self_evolving_agent.worker import Result
from plurigrid_ff_self_evolving_agent.workers import one_by_one

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.derivation import derive_key, draw_array
from plurigrid_ff.errors import TrainingError


@pytest.fixture(scope="package")
def settings():
    return EvolutionSettings(
        network=NetworkConfig(hidden=(20,)),
        generations=4,
        islands=2,
        children=3,
        migration=2,
        level=0.2,
    )


class Lot:
    """Evaluates by lot: later generations are better, and one individual in seven fails."""

    def __init__(self, stop_after=None):
        self.calls = 0
        self.stop_after = stop_after

    def __call__(self, job, inherited):
        if self.calls == self.stop_after:
            raise KeyboardInterrupt
        self.calls += 1
        key = derive_key(job.seed, "lot", job.name)
        if key % 7 == 0 and not job.name.startswith("0"):
            raise TrainingError("by lot")
        odds = 0.5 + 0.12 * int(job.name[0])
        flags = draw_array(key, np.arange(120)) / 2.0**64 < odds
        weights = {"layers.0.transform.weight": np.ones((2, 2), np.float32)}
        if inherited is not None:
            weights = {name: value + 1 for name, value in inherited.items()}
        return Result(right="".join("01"[int(f)] for f in flags), parameters=4), weights


@pytest.fixture(scope="package")
def lot():
    return Lot


@pytest.fixture(scope="package")
def evolve():
    """Begin an evolution or go on with it."""

    def run(folder, evaluate, settings):
        if not folder.exists():
            begin(folder, settings)
        return go_on(folder, lambda *told: None, one_by_one(evaluate))

    return run


@pytest.fixture(scope="package")
def whole(tmp_path_factory, evolve, settings):
    """A finished evolution."""
    folder = tmp_path_factory.mktemp("evolved") / "whole"
    evolve(folder, Lot(), settings)
    return folder
