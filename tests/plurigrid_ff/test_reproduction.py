import json
import shutil
import statistics

import pytest

from plurigrid_ff import reproduction, runs
from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.errors import ConfigError, DataError, RunFolderError
from plurigrid_ff.host.folder import RunFolder
from plurigrid_ff.learning.backprop import backprop_accuracy
from plurigrid_ff.learning.devices import resolve_device
from plurigrid_ff.learning.untrained import untrained_accuracy
from plurigrid_ff.recipes import find_recipe
from plurigrid_ff.reproduction import Reproduction, reproduce
from plurigrid_ff.warm_start_config import WarmStartConfig

RECIPE = find_recipe("digits-projection")
SMALL = RECIPE.run.model_copy(
    update={
        "network": RECIPE.run.network.model_copy(update={"hidden": (16,)}),
        "training": TrainingConfig(epochs=3, batch_size=64),
        "device": "cpu",
    }
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two seeds of a small run. Tests leave them as they are."""
    out = tmp_path_factory.mktemp("reproduction") / "two"
    return out, reproduce(RECIPE, out, config=SMALL, seeds=2)


@pytest.fixture
def copied(made, tmp_path):
    """The same in a folder that a test may change."""
    return shutil.copytree(made[0], tmp_path / "copy")


@pytest.fixture
def no_training(monkeypatch):
    """Let nothing be trained."""

    def trained(*arguments, **settings):
        raise AssertionError("trained again")

    monkeypatch.setattr(runs, "_run", trained)
    monkeypatch.setattr("plurigrid_ff.learning.backprop.backprop_accuracy", trained)


def test_every_seed_is_the_run_that_training_alone_writes(made, tmp_path):
    out, found = made

    for seed, result in enumerate(found.runs):
        report = runs.train(SMALL.model_copy(update={"seed": seed}), tmp_path / str(seed))
        assert result.seed == seed
        assert result.test_accuracy == report.test_accuracy
        assert result.layers == tuple(layer.accuracy for layer in report.layers)
        for name in ("run.toml", "rounds.jsonl", "network.safetensors"):
            assert (out / f"seed-{seed}" / name).read_bytes() == (
                tmp_path / str(seed) / name
            ).read_bytes()


def test_the_rival_is_trained_on_the_same_split(made):
    _, found = made

    for result in found.runs:
        assert min(result.seconds, result.rival_seconds) > 0
        assert result.rival_accuracy == backprop_accuracy(
            load_dataset(SMALL.data, seed=result.seed),
            SMALL.network,
            SMALL.training,
            seed=result.seed,
            device=resolve_device("cpu"),
        )


def test_figures_are_means_and_standard_deviations_over_seeds(made):
    out, found = made
    accuracies = [result.test_accuracy for result in found.runs]

    assert found.reached.accuracy == statistics.mean(accuracies)
    assert found.reached.spread == statistics.stdev(accuracies)
    assert found.reached.lowest == min(accuracies)
    assert found.rival.seeds == 2
    assert found.epochs == SMALL.training.epochs
    assert found.recorded == RECIPE.head.reached
    assert found.changed == (
        "device",
        "network.hidden",
        "training.batch_size",
        "training.epochs",
    )
    assert Reproduction.model_validate_json((out / "reproduce.json").read_text()) == found


def test_finished_seeds_are_not_trained_again(made, no_training):
    out, found = made

    assert reproduce(RECIPE, out, config=SMALL, seeds=2) == found


def test_a_single_seed_has_no_spread_and_starts_where_the_settings_say(tmp_path):
    config = SMALL.model_copy(update={"seed": 7})

    found = reproduce(RECIPE, tmp_path / "one", config=config, seeds=1)

    assert found.reached.spread is None
    assert [result.seed for result in found.runs] == [7]
    assert (tmp_path / "one" / "seed-7" / "report.html").is_file()


def test_an_interrupted_seed_goes_on_to_the_same_figures(made, tmp_path, monkeypatch):
    from plurigrid_ff.host import rounds

    save = rounds.save_checkpoint

    def interrupt(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "save_checkpoint", interrupt)
    with pytest.raises(KeyboardInterrupt):
        reproduce(RECIPE, tmp_path / "two", config=SMALL, seeds=2)
    monkeypatch.setattr(rounds, "save_checkpoint", save)
    assert RunFolder(tmp_path / "two" / "seed-0").is_begun

    found = reproduce(RECIPE, tmp_path / "two", config=SMALL, seeds=2)

    assert found.reached == made[1].reached
    assert found.rival == made[1].rival


@pytest.mark.parametrize("damage", ["", "{}", '{"accuracy": 1.0}'])
def test_a_damaged_figure_of_the_rival_is_measured_again(copied, made, damage):
    (copied / "seed-0.backprop.json").write_text(damage)

    assert reproduce(RECIPE, copied, config=SMALL, seeds=2).rival == made[1].rival


def test_a_figure_of_a_rival_with_other_settings_is_not_taken(copied, made):
    path = copied / "seed-0.backprop.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"hidden": [999], "accuracy": 0.123}))

    assert reproduce(RECIPE, copied, config=SMALL, seeds=2).rival == made[1].rival


def test_seeds_with_other_settings_are_refused(made):
    out, _ = made
    other = SMALL.model_copy(update={"training": TrainingConfig(epochs=4, batch_size=64)})

    with pytest.raises(ConfigError, match="its training.epochs is 3, but 4 was asked for"):
        reproduce(RECIPE, out, config=other, seeds=2)


def test_data_that_has_changed_since_is_refused(copied, monkeypatch):
    (copied / "seed-0.backprop.json").unlink()
    monkeypatch.setattr("plurigrid_ff.data.load.digest", lambda parts: "another")

    with pytest.raises(DataError, match="digits: has changed since .*seed-0 was trained on it"):
        reproduce(RECIPE, copied, config=SMALL, seeds=1)


def test_a_folder_that_is_a_run_is_refused(made):
    out, _ = made

    with pytest.raises(RunFolderError, match="seed-0: holds a run itself; choose another --out"):
        reproduce(RECIPE, out / "seed-0", config=SMALL)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(RunFolderError, match="file: is a file, expected a folder"):
        reproduce(RECIPE, tmp_path / "file", config=SMALL)


def test_no_seed_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="seeds: expected at least 1, got 0"):
        reproduce(RECIPE, tmp_path / "none", seeds=0)


def test_a_generator_that_does_not_classify_is_refused(made, tmp_path, monkeypatch):
    out, _ = made
    report = runs.read_report(out / "seed-0").model_copy(update={"test_accuracy": None})
    monkeypatch.setattr(reproduction, "train", lambda *arguments, **settings: report)

    with pytest.raises(ConfigError, match="its generator reports no test accuracy"):
        reproduce(RECIPE, tmp_path / "none", config=SMALL)


def test_a_read_out_stands_beside_the_same_one_on_untrained_layers(tmp_path):
    network = SMALL.network.model_copy(
        update={"objective": "self-contrastive", "negatives": "auto", "readout": "probe"}
    )
    config = SMALL.model_copy(update={"network": network})

    found = reproduce(RECIPE, tmp_path / "probed", config=config, seeds=1)

    assert found.untrained is not None
    assert found.untrained.accuracy == found.runs[0].untrained_accuracy > 0.5
    data = load_dataset(config.data, seed=0)
    again = untrained_accuracy(data, network, config.training, seed=0, device=resolve_device("cpu"))
    assert found.untrained.accuracy == again
    # What the layers would have learned from does not matter where they do not learn.
    other = network.model_copy(update={"objective": "projection"})
    assert again == untrained_accuracy(
        data, other, config.training, seed=0, device=resolve_device("cpu")
    )


def test_goodness_without_a_read_out_has_no_untrained_figure(made):
    _, found = made

    assert found.untrained is None
    with pytest.raises(ConfigError, match="untrained layers need one that learns, got 'goodness'"):
        untrained_accuracy(
            load_dataset(SMALL.data, seed=0),
            SMALL.network,
            SMALL.training,
            seed=0,
            device=resolve_device("cpu"),
        )


@pytest.mark.usefixtures("no_training")
def test_several_seeds_that_go_on_from_one_run_are_refused_before_any_is_trained(tmp_path):
    start = WarmStartConfig(run=str(tmp_path / "earlier"))
    config = SMALL.model_copy(update={"warm_start": start})

    with pytest.raises(ConfigError, match=r"seeds: a run with \[warm_start\] shares .*, got 2"):
        reproduce(RECIPE, tmp_path / "out", config=config, seeds=2)
    assert not (tmp_path / "out").exists()
