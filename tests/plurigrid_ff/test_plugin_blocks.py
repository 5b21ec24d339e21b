"""A block that a plugin offers, from the entry point to a prediction and an export."""

import pickle
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from plurigrid_ff import FFClassifier, exports, inference, runs
from plurigrid_ff.config import BlockConfig, NetworkConfig, RunConfig, TrainingConfig, read_toml
from plurigrid_ff.errors import ConfigError, ExportError, QuantisationError, UnknownNameError
from plurigrid_ff.host import plugins
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.learning import blocks
from plurigrid_ff.onchip.export import export_c

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "plurigrid_ff_residual"
GENERATOR = EntryPoint(
    "forward-forward-learning", "plurigrid_ff_forward_forward_learning", "plurigrid_ff"
)
HIDDEN = (BlockConfig(block="residual", dimensions=2, grid=2), 40)


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(blocks, "_registered", {})
    yield
    blocks.offer_blocks({})


@pytest.fixture
def installed(monkeypatch):
    """Install plugins of a test's own, beside the generator."""
    found = [GENERATOR]
    monkeypatch.setattr(plugins, "entry_points", lambda group: found)
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    return found


@pytest.fixture
def residual(installed, monkeypatch):
    """Install the plugin that the plugin page shows."""
    monkeypatch.syspath_prepend(str(FIXTURE))
    installed.append(EntryPoint("residual", "plurigrid_ff_residual", "plurigrid_ff"))


@pytest.fixture
def offering(installed, monkeypatch):
    """Install a plugin that offers one block."""

    def install(plugin, name, home):
        @hookimpl
        def register_blocks(register):
            register(name, home)

        module = ModuleType(f"offering_{plugin}")
        module.register_blocks = register_blocks
        monkeypatch.setitem(sys.modules, module.__name__, module)
        installed.append(EntryPoint(plugin, module.__name__, "plurigrid_ff"))

    return install


@pytest.fixture
def settings() -> RunConfig:
    return RunConfig(
        network=NetworkConfig(hidden=HIDDEN),
        training=TrainingConfig(epochs=2, epochs_per_round=1, learning_rate=5e-3),
        device="cpu",
    )


@pytest.mark.usefixtures("residual")
def test_a_plugin_s_block_trains_is_saved_predicts_and_is_exported(tmp_path, settings):
    report = runs.train(settings, tmp_path / "run")

    assert report.test_accuracy > 0.8
    assert [layer.kind for layer in report.layers] == ["block", "linear"]
    assert report.layers[0].out_shape == (10, 8, 8)
    written = read_toml(tmp_path / "run" / "run.toml")["network"]["hidden"][0]
    assert written["block"] == "residual"
    blocks.offer_blocks({})  # another process would know nothing of it
    assert inference.evaluate(tmp_path / "run").accuracy == report.test_accuracy
    blocks.offer_blocks({})
    exports.export_run(tmp_path / "run", tmp_path / "net.safetensors", format="safetensors")
    with pytest.raises(ExportError, match="a layer of kind .block. cannot be written as ONNX; use"):
        exports.export_run(tmp_path / "run", tmp_path / "net.onnx", format="onnx")
    with pytest.raises(QuantisationError, match="layer 1 is 'block', which has no integer form"):
        export_c(tmp_path / "run", tmp_path / "chip")


@pytest.mark.usefixtures("residual")
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, settings, contents):
    def interrupt(entry):
        if entry.round == 1:
            raise KeyboardInterrupt

    runs.train(settings, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        runs.train(settings, tmp_path / "parts", watcher=runs.Watcher(on_entry=interrupt))
    runs.train(settings, tmp_path / "parts", resume=True)

    whole, parts = (contents(tmp_path / name) for name in ("whole", "parts"))
    assert parts["network.safetensors"] == whole["network.safetensors"]


@pytest.mark.usefixtures("residual")
def test_a_plugin_is_asked_without_loading_its_block(monkeypatch):
    monkeypatch.delitem(sys.modules, "plurigrid_ff_residual.block", raising=False)

    host = load_host()

    (record,) = [record for record in host.plugins if record.name == "residual"]
    assert record.blocks == ("residual",)
    assert "plurigrid_ff_residual.block" not in sys.modules


def dense(in_shape):
    from torch import nn

    return nn.Sequential(nn.Linear(in_shape[0], 24), nn.BatchNorm1d(24), nn.Linear(24, 24))


def test_an_estimator_finds_it_by_name(offering, blobs):
    offering("theirs", "dense", dense)
    hidden = ({"kind": "block", "block": "dense"}, 12)

    classifier = FFClassifier(hidden, learning_rate=1e-2, epochs=5, random_state=0)
    classifier.fit(blobs.train.x, blobs.train.y)

    assert classifier.score(blobs.test.x, blobs.test.y) > 0.9
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy.predict(blobs.test.x).tolist() == classifier.predict(blobs.test.x).tolist()


@pytest.mark.parametrize(
    ("name", "home", "message"),
    [
        ("Bad Name", "a:B", "offers a block named 'Bad Name'; expected lower-case words"),
        ("fine", "no colon", "block 'fine' at 'no colon'; expected 'package.module:factory' or"),
        ("fine", 3, "expected 'package.module:factory' or the factory itself"),
    ],
)
def test_an_offer_that_makes_no_sense_fails_its_plugin_only(offering, name, home, message):
    offering("odd", name, home)

    host = load_host()

    assert message in {record.name: record for record in host.plugins}["odd"].error
    assert host.blocks == {}
    assert "forward-forward-learning" in host.registry.skills


def test_the_second_plugin_of_a_name_fails_and_the_first_stays(offering):
    offering("a", "same", "m:A")
    offering("b", "same", "m:B")

    host = load_host()

    assert host.blocks["same"].provider == "a"
    assert "both offer a block named 'same'" in host.failures[0].error


def broken(in_shape):
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("home", "error", "message"),
    [
        ("no_such_module:X", "PluginError", "block 'residual' cannot be loaded from .*ModuleNotF"),
        (
            broken,
            "ConfigError",
            "layer 1: block 'residual' cannot be made for .*RuntimeError: boom",
        ),
    ],
)
def test_a_block_that_fails_is_one_sentence_and_nothing_is_written(
    offering, settings, tmp_path, home, error, message
):
    offering("weak", "residual", home)

    with pytest.raises(Exception, match=message) as caught:
        runs.train(settings, tmp_path / "run")

    assert type(caught.value).__name__ == error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("residual")
def test_a_misspelt_block_is_refused_before_anything_is_written(tmp_path, settings):
    hidden = (BlockConfig(block="residuals", dimensions=2),)
    config = settings.model_copy(update={"network": NetworkConfig(hidden=hidden)})

    with pytest.raises(UnknownNameError, match="layer 1: unknown block .* did you mean 'residual'"):
        runs.train(config, tmp_path / "run")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("residual")
def test_a_block_that_cannot_read_the_samples_is_refused_before_anything_is_written(
    tmp_path, settings
):
    hidden = (BlockConfig(block="residual"),)
    config = settings.model_copy(update={"network": NetworkConfig(hidden=hidden)})

    with pytest.raises(ConfigError, match=r"fails on samples of shape \(8, 8\): RuntimeError: "):
        runs.train(config, tmp_path / "run")

    assert list(tmp_path.iterdir()) == []
