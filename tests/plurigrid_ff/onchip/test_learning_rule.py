import pytest

from plurigrid_ff import runs
from plurigrid_ff.config import LinearConfig, NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import QuantisationError
from plurigrid_ff.onchip.export import export_c
from plurigrid_ff.onchip.learning_rule import require_integer_learning


def test_the_defaults_are_learned_on_a_device():
    require_integer_learning(NetworkConfig())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"locality": 2}, "network.locality is 2, and on a device"),
        (
            {"hidden": (8, LinearConfig(features=8, peer=0.03))},
            "layer 2 has peer normalisation 0.03",
        ),
    ],
)
def test_a_rule_that_integers_lack_is_refused_where_the_device_is_to_learn(
    changes, message, tmp_path
):
    run = RunConfig(
        network=NetworkConfig(**{"hidden": (8, 8)} | changes), training=TrainingConfig(epochs=1)
    )
    runs.train(run, tmp_path / "run")

    with pytest.raises(QuantisationError, match=message):
        export_c(tmp_path / "run", tmp_path / "chip", learns=True)
    assert not (tmp_path / "chip").exists()
