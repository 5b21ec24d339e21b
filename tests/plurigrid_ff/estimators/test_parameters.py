import inspect
from typing import get_args

import numpy as np
import pytest

from plurigrid_ff import FFClassifier, FFTransformer, NetworkConfig, PlurigridError, TrainingConfig
from plurigrid_ff.config import Device, RunConfig
from plurigrid_ff.estimators.parameters import draw_seed, parse_parameters

BOTH = pytest.mark.parametrize("kind", [FFClassifier, FFTransformer])


def parse(**changes):
    return parse_parameters(FFClassifier(**changes).get_params(), where="here")


@BOTH
def test_defaults_are_those_of_a_run(kind):
    parameters = parse_parameters(kind().get_params(), where="here")

    assert parameters.network == NetworkConfig(scaling="standard")
    assert parameters.training == TrainingConfig()
    assert parameters.device == RunConfig().device


def test_the_classifier_has_every_setting_of_a_network_and_its_training():
    settings = {*NetworkConfig.model_fields, *TrainingConfig.model_fields, "device"}
    # Only a run has rounds; rows of a table are not moved or turned.
    settings -= {"epochs_per_round", "augmentation"}
    settings |= {"random_state", "validation_fraction", "sample_shape"}

    assert set(inspect.signature(FFClassifier).parameters) == settings


def test_the_transformer_differs_in_what_it_predicts_and_validates():
    classifier, transformer = (
        set(inspect.signature(kind).parameters) for kind in (FFClassifier, FFTransformer)
    )

    predicting = {"readout", "readout_layers", "patience", "validation_fraction"}
    assert classifier - transformer == predicting
    assert transformer - classifier == {"layer"}


def test_numbers_of_numpy_are_numbers():
    parameters = parse(
        hidden=np.array([4, 5]),
        epochs=np.int64(3),
        learning_rate=np.float32(0.5),
        objective=np.str_("threshold"),
        options={"threshold": np.float64(2)},
    )

    assert parameters.network.hidden == (4, 5)
    assert parameters.network.options == {"threshold": 2.0}
    assert parameters.training.epochs == 3
    assert parameters.training.learning_rate == 0.5
    assert parse(hidden=[np.int64(4)]).network.hidden == (4,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": (10, 0)}, r"\w+: hidden.1: input should be greater than 0, got 0"),
        ({"hidden": 10}, r"\w+: hidden: input should be a valid tuple, got 10"),
        ({"hidden": ()}, r"\w+: hidden: .* at least 1 item"),
        ({"epochs": 0}, r"\w+: epochs: input should be greater than 0, got 0"),
        ({"batch_size": -1}, r"\w+: batch_size: input should be greater than 0, got -1"),
        ({"learning_rate": float("nan")}, r"\w+: learning_rate: input should be .*, got nan"),
        ({"decay": "slow"}, r"\w+: decay: input should be 'cosine', .* or 'none', got 'slow'"),
        ({"optimizer": "adm"}, r"\w+: optimizer: input should be 'adam', 'adamw' or 'sgd'"),
        ({"optimizer": ["sgd"]}, "optimizer: expected a name, or one for each of 2 layers, got 1"),
        ({"learning_rate": [1, -1]}, r"\w+: learning_rate.1: input should be greater than 0"),
        ({"learning_rate": [1.0]}, "learning_rate: expected a number, or one for each of 2 layers"),
        ({"schedule": "greedy", "epochs": 1}, "gives each of 2 layers epochs of its own, got 1"),
        ({"warmup": 20}, "warmup: must be shorter than the 20 epochs in which a layer learns"),
        ({"scaling": "minmax"}, r"\w+: scaling: input should be 'auto', 'none' or 'standard'"),
        ({"device": "tpu"}, r"\w+: device: input should be 'auto', 'cpu' or 'cuda', got 'tpu'"),
        ({"options": [1]}, r"\w+: options: input should be a valid dictionary, got \[1\]"),
        ({"options": []}, r"\w+: options: input should be a valid dictionary, got \[\]"),
        ({"objective": "projektion"}, "unknown objective 'projektion'; did you mean 'projection'"),
        ({"options": {"scal": 1}}, "network.options of 'projection': scal: unknown key"),
        ({"negatives": "wrong"}, "network.negatives: unknown negatives 'wrong'"),
        ({"negatives": "noise"}, "objective 'projection' compares classes and learns from 'none'"),
        ({"objective": "threshold", "negatives": "hybrid"}, "hybrid"),
        ({"random_state": "seven"}, "'seven' cannot be used to seed"),
        ({"random_state": -1}, "Seed must be between 0 and"),
    ],
)
@BOTH
def test_a_parameter_that_cannot_be_used_is_a_value_error(blobs, kind, changes, message):
    estimator = kind(**changes)

    with pytest.raises(ValueError, match=message):
        estimator.fit(blobs.train.x, blobs.train.y)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("validated", "and fit has none; give .first, last., or search .* with GridSearchCV"),
        ((1, 3), "network.readout_layers: expected layers from 1 to 2, got .1, 3."),
        ("both", "readout_layers: expected 'all', 'validated' or .first, last."),
    ],
)
def test_layers_that_cannot_be_read_are_a_value_error(blobs, layers, message):
    with pytest.raises(ValueError, match=message):
        FFClassifier((4, 4), readout_layers=layers).fit(blobs.train.x, blobs.train.y)


def test_goodness_without_labels_names_the_probe(blobs):
    estimator = FFClassifier(objective="self-contrastive")

    with pytest.raises(ValueError, match='set network.readout = "probe"'):
        estimator.fit(blobs.train.x, blobs.train.y)


def test_the_error_is_one_of_the_library_too(blobs):
    with pytest.raises(PlurigridError, match="unknown objective"):
        FFClassifier(objective="projektion").fit(blobs.train.x, blobs.train.y)


@pytest.mark.parametrize("device", get_args(Device))
def test_every_device_of_a_run_can_be_named(device):
    assert parse(device=device).device == device


def test_an_integer_is_the_seed_itself():
    assert draw_seed(7) == draw_seed(np.int32(7)) == 7
    assert draw_seed(np.random.RandomState(7)) == draw_seed(np.random.RandomState(7))


def test_without_a_random_state_the_seed_follows_numpys_global_one():
    state = np.random.get_state()
    try:
        np.random.seed(11)
        one = draw_seed(None)
        np.random.seed(11)
        other = draw_seed(None)
    finally:
        np.random.set_state(state)

    assert one == other
