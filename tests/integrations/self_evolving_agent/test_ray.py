import sys

import pytest
import ray
from plurigrid_ff_self_evolving_agent.evolution_settings import begin
from plurigrid_ff_self_evolving_agent.running import go_on
from plurigrid_ff_self_evolving_agent.workers import on_ray
from ray import cloudpickle

from plurigrid_ff.errors import DeviceError, MissingExtraError


@pytest.mark.slow
# Ray forks; JAX, where an earlier test has loaded it, warns of that.
@pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")
def test_a_cluster_leaves_the_bytes_that_this_machine_does(
    whole, tmp_path, lot, settings, monkeypatch
):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    by_lot = sys.modules[lot.__module__]  # the nodes cannot import it
    cloudpickle.register_pickle_by_value(by_lot)
    try:
        with on_ray(lot(), cpus=1) as evaluate_all:
            begin(tmp_path / "there", settings)
            go_on(tmp_path / "there", lambda *told: None, evaluate_all)
    finally:
        cloudpickle.unregister_pickle_by_value(by_lot)

    for name in ("archive.sqlite", "lineage.svg"):
        assert (tmp_path / "there" / name).read_bytes() == (whole / name).read_bytes()


def test_without_ray_there_is_a_sentence(monkeypatch, lot):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtraError, match=r"pip install 'plurigrid-ff\[ray\]'"),
        on_ray(lot()),
    ):
        pass


def test_an_address_where_nothing_answers_is_named(monkeypatch, lot):
    def refuse(**options):
        assert "num_cpus" not in options
        raise ConnectionError("refused")

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with (
        pytest.raises(DeviceError, match=r"no Ray cluster answers at RAY_ADDRESS=127\.0\.0\.1:1"),
        on_ray(lot()),
    ):
        pass
