import pytest

from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import LimitError
from plurigrid_ff.mcp_server.limits import Limits


def config(epochs, hidden):
    return RunConfig(training=TrainingConfig(epochs=epochs), network=NetworkConfig(hidden=hidden))


def test_settings_at_the_limits_pass_and_the_next_do_not():
    limits = Limits(max_epochs=5, max_width=32)

    limits.require(config(5, (32, 8)))
    with pytest.raises(LimitError, match=r"training\.epochs: expected at most 5 .* got 6; .*"):
        limits.require(config(6, (32, 8)))
    with pytest.raises(LimitError, match=r"network\.hidden: .* 32 .* got 33; .* --max-width 33"):
        limits.require(config(5, (8, 33)))
