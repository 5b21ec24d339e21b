"""One small world for all tests: one shape, so that its step is compiled once."""

import pytest

pytest.importorskip("jax")

from plurigrid_ff_jaxlife_open_ended.config import WorldConfig
from plurigrid_ff_jaxlife_open_ended.folder import start


@pytest.fixture(scope="package")
def config():
    return WorldConfig(
        agents=24,
        size=12,
        hidden=4,
        max_births=4,
        steps=40,
        window=10,
        max_age=60,
        birth_energy=60,
        newborn_energy=30,
        regrowth=0.1,
    )


@pytest.fixture(scope="package")
def whole(tmp_path_factory, config):
    """A world that was run to its end."""
    folder = tmp_path_factory.mktemp("world") / "whole"
    start(folder, config)
    return folder
