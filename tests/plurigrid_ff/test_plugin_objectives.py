"""An objective that a plugin offers, from the entry point to a prediction."""

import json
import pickle
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from plurigrid_ff import FFClassifier, inference, runs
from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import PluginError, UnknownNameError
from plurigrid_ff.host import plugins
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.learning.catalogue import describe_objective, list_objectives
from plurigrid_ff.learning.objectives import find_objective, known_objectives, offer_objectives
from plurigrid_ff.run_settings import join_plugins
from plurigrid_ff.testing import check_objective

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "plurigrid_ff_cosh"
GENERATOR = EntryPoint(
    "forward-forward-learning", "plurigrid_ff_forward_forward_learning", "plurigrid_ff"
)


@pytest.fixture(autouse=True)
def _forget():
    yield
    offer_objectives({})


@pytest.fixture
def cosh(monkeypatch):
    """Install the plugin that the plugin page shows, beside the generator."""
    monkeypatch.syspath_prepend(str(FIXTURE))
    found = [GENERATOR, EntryPoint("cosh", "plurigrid_ff_cosh", "plurigrid_ff")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: found)
    monkeypatch.delenv(plugins.VARIABLE, raising=False)


@pytest.fixture
def offering(monkeypatch):
    """Install a plugin that offers one objective."""
    found = [GENERATOR]

    def install(plugin, name, home):
        @hookimpl
        def register_objectives(register):
            register(name, home)

        module = ModuleType(f"offering_{plugin}")
        module.register_objectives = register_objectives
        monkeypatch.setitem(sys.modules, module.__name__, module)
        found.append(EntryPoint(plugin, module.__name__, "plurigrid_ff"))

    monkeypatch.setattr(plugins, "entry_points", lambda group: found)
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    return install


@pytest.mark.usefixtures("cosh")
def test_a_plugin_s_objective_trains_is_saved_and_predicts(tmp_path, base):
    network = NetworkConfig(hidden=(40, 40), objective="log-cosh", options={"high": 4.0})
    config = base.model_copy(update={"network": network, "triad": None})

    report = runs.train(config, tmp_path / "run")

    assert report.test_accuracy > 0.7
    assert report.negatives == "hardest-label"
    assert "low = 0.3" in (tmp_path / "run" / "run.toml").read_text()
    offer_objectives({})  # another process would know nothing of it
    assert inference.evaluate(tmp_path / "run").accuracy == report.test_accuracy


@pytest.mark.usefixtures("cosh")
def test_a_plugin_is_asked_without_loading_its_objective(monkeypatch):
    monkeypatch.delitem(sys.modules, "plurigrid_ff_cosh.objective", raising=False)

    host = load_host()

    (record,) = [record for record in host.plugins if record.name == "cosh"]
    assert record.objectives == ("log-cosh",)
    assert "plurigrid_ff_cosh.objective" not in sys.modules


@pytest.mark.usefixtures("cosh")
def test_the_catalogue_names_who_offers_it():
    join_plugins(load_host())

    card = describe_objective("log-cosh")

    assert card.provider == "cosh"
    assert [option.name for option in card.options] == ["high", "low"]
    assert card.name in [listed.name for listed in list_objectives()]


@pytest.mark.usefixtures("cosh")
def test_it_passes_the_check_for_authors():
    join_plugins(load_host())

    check_objective("log-cosh")


def test_without_the_plugin_its_name_is_unknown():
    with pytest.raises(UnknownNameError, match="unknown objective 'log-cosh'"):
        find_objective("log-cosh")


@pytest.mark.parametrize(
    ("name", "home", "message"),
    [
        ("Bad Name", "a:B", "objective named 'Bad Name'; expected lower-case words"),
        ("fine", "no colon", "expected 'package.module:Class' or a function"),
        ("fine", 3, "expected 'package.module:Class' or a function"),
    ],
)
def test_an_offer_that_makes_no_sense_fails_its_plugin_only(offering, name, home, message):
    offering("odd", name, home)

    host = load_host()

    assert message in {record.name: record for record in host.plugins}["odd"].error
    assert host.objectives == {}
    assert "forward-forward-learning" in host.registry.skills


def test_the_second_plugin_of_a_name_fails_and_the_first_stays(offering):
    offering("a", "same", "m:A")
    offering("b", "same", "m:B")

    host = load_host()

    assert host.objectives["same"].provider == "a"
    assert "both offer an objective named 'same'" in host.failures[0].error


def test_a_name_that_the_library_has_is_refused(offering):
    offering("thief", "projection", "m:P")

    with pytest.raises(PluginError, match="'projection', which the library has; rename it"):
        join_plugins(load_host())


def broken():
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("home", "message"),
    [
        ("no_such_module:X", "cannot be loaded from .*ModuleNotFoundError"),
        ("json:absent", "cannot be loaded from .*AttributeError"),
        (broken, "RuntimeError: boom"),
        ("json:loads", "must be a subclass of Objective"),
        (lambda: known_objectives()["symba"], "whose name is 'mine', got SymBa with name 'symba'"),
    ],
)
def test_an_objective_that_does_not_load_is_one_sentence_and_listed(offering, home, message):
    offering("weak", "mine", home)
    join_plugins(load_host())

    with pytest.raises(PluginError, match=f"plugin 'weak': objective 'mine' .*{message}"):
        find_objective("mine")

    (card,) = [card for card in list_objectives() if card.name == "mine"]
    assert card.error
    assert json.loads(card.model_dump_json())["provider"] == "weak"


def test_an_estimator_finds_it_by_name(cosh, blobs):
    classifier = FFClassifier((12,), objective="log-cosh", learning_rate=1e-2, random_state=0)

    classifier.fit(blobs.train.x, blobs.train.y)

    assert classifier.score(blobs.test.x, blobs.test.y) > 0.9
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy.predict(blobs.test.x).tolist() == classifier.predict(blobs.test.x).tolist()
