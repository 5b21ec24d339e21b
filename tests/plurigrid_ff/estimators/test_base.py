import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from plurigrid_ff import (
    FFClassifier,
    FFNetwork,
    FFTransformer,
    NetworkConfig,
    Trainer,
    TrainingConfig,
)
from plurigrid_ff.errors import DeviceError, TrainingError
from plurigrid_ff.learning import devices

QUICK = {"hidden": (16, 8), "epochs": 4, "learning_rate": 1e-2, "device": "cpu"}
BOTH = pytest.mark.parametrize("kind", [FFClassifier, FFTransformer])
PROGRAM = """
import sys
from plurigrid_ff import {name}
repr({name}())
loaded = sorted({{"torch", "gudhi", "matplotlib"}} & sys.modules.keys())
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""


def same(one, other):
    """Compare two networks bit by bit."""
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.parametrize(
    ("objective", "readout"),
    [("projection", "goodness"), ("threshold", "goodness"), ("self-contrastive", "probe")],
)
def test_the_network_is_the_one_that_the_trainer_makes(blobs, objective, readout):
    settings = {"objective": objective, "readout": readout}
    estimator = FFClassifier(**QUICK, **settings, random_state=5)

    estimator.fit(blobs.train.x, blobs.train.y)

    config = NetworkConfig(hidden=(16, 8), scaling="standard", **settings)
    network = FFNetwork(config, (12,), 3, seed=5)
    x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
    trainer = Trainer(network, x, y, TrainingConfig(epochs=4, learning_rate=1e-2), seed=5)
    last = trainer.train_epochs(4)
    assert same(estimator.network_, network)
    assert estimator.layer_loss_curves_[-1].tolist() == [layer.loss for layer in last]
    test = torch.from_numpy(blobs.test.x)
    assert estimator.predict(blobs.test.x).tolist() == network.predict(test).tolist()
    np.testing.assert_allclose(
        estimator.decision_function(blobs.test.x), network(test).numpy(), rtol=1e-4, atol=1e-5
    )


def test_losses_are_kept_per_layer_and_summed(blobs):
    estimator = FFClassifier(**QUICK, random_state=0).fit(blobs.train.x, blobs.train.y)

    assert estimator.n_iter_ == 4
    assert estimator.layer_loss_curves_.shape == (4, 2)
    assert estimator.loss_curve_ == estimator.layer_loss_curves_.sum(axis=1).tolist()
    assert estimator.loss_curve_[-1] < estimator.loss_curve_[0]


@BOTH
def test_a_fit_is_a_function_of_its_random_state(blobs, kind):
    def fit(random_state):
        estimator = kind(**QUICK, random_state=random_state)
        return estimator.fit(blobs.train.x, blobs.train.y).network_

    one = fit(3)
    assert same(one, fit(3))
    assert same(one, fit(np.int64(3)))
    assert not same(one, fit(4))
    assert same(fit(np.random.RandomState(3)), fit(np.random.RandomState(3)))


def test_a_generator_draws_another_seed_at_every_fit(blobs):
    estimator = FFClassifier(**QUICK, random_state=np.random.RandomState(3))

    first = estimator.fit(blobs.train.x, blobs.train.y).seed_
    second = estimator.fit(blobs.train.x, blobs.train.y).seed_

    assert first != second


def test_a_fit_leaves_other_generators_alone(blobs):
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()

    FFClassifier(**QUICK, random_state=0).fit(blobs.train.x, blobs.train.y)

    assert torch.equal(torch_before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


@BOTH
def test_a_pickled_estimator_says_the_same(blobs, kind):
    estimator = kind(**QUICK, random_state=0).fit(blobs.train.x, blobs.train.y)
    answer = "predict_proba" if kind is FFClassifier else "transform"

    copy = pickle.loads(pickle.dumps(estimator))

    expected = getattr(estimator, answer)(blobs.test.x)
    np.testing.assert_array_equal(getattr(copy, answer)(blobs.test.x), expected)
    assert same(copy.network_, estimator.network_)
    assert repr(copy) == repr(estimator)


def test_an_answer_does_not_depend_on_batch_mates(blobs):
    estimator = FFClassifier(**QUICK, random_state=0).fit(blobs.train.x, blobs.train.y)

    together = estimator.decision_function(blobs.test.x)
    alone = np.concatenate([estimator.decision_function(row[None]) for row in blobs.test.x])

    np.testing.assert_allclose(alone, together, rtol=1e-12)


def test_predicting_leaves_the_network_as_it_is(blobs):
    estimator = FFClassifier(**QUICK, random_state=0).fit(blobs.train.x, blobs.train.y)

    estimator.predict(blobs.test.x)

    assert {tensor.dtype for tensor in estimator.network_.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["FFClassifier", "FFTransformer"])
def test_importing_and_building_an_estimator_does_not_load_torch(name):
    program = PROGRAM.format(name=name)

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert answer.returncode == 0, answer.stderr


@BOTH
def test_a_device_that_is_not_there_is_refused(blobs, kind, monkeypatch):
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: False)
    estimator = kind(**QUICK | {"device": "cuda"})

    with pytest.raises(DeviceError, match="'cuda' was asked for"):
        estimator.fit(blobs.train.x, blobs.train.y)


def test_a_fitted_estimator_can_be_asked_on_another_device(blobs):
    estimator = FFClassifier(**QUICK, random_state=0).fit(blobs.train.x, blobs.train.y)

    estimator.set_params(device="abacus")

    with pytest.raises(ValueError, match="device: input should be 'auto', 'cpu' or 'cuda'"):
        estimator.predict(blobs.test.x)


@pytest.mark.gpu
def test_a_network_trained_on_a_gpu_is_kept_on_the_cpu(blobs):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    estimator = FFClassifier(**QUICK | {"device": "cuda"}, random_state=0)

    estimator.fit(blobs.train.x, blobs.train.y)

    assert {tensor.device.type for tensor in estimator.network_.parameters()} == {"cpu"}
    on_gpu = estimator.decision_function(blobs.test.x)
    on_cpu = estimator.set_params(device="cpu").decision_function(blobs.test.x)
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-9)


def test_a_network_that_memory_cannot_hold_is_refused(blobs):
    estimator = FFClassifier(**QUICK | {"hidden": (10**7, 10**7)})

    with pytest.raises(ValueError, match="network.hidden: weights, gradients .* would take"):
        estimator.fit(blobs.train.x, blobs.train.y)


@BOTH
def test_samples_that_are_all_equal_are_refused(kind):
    with pytest.raises(ValueError, match=r"must have a feature that varies, got 4 equal samples"):
        kind(**QUICK).fit(np.ones((4, 3)), [0, 1, 0, 1])


def test_samples_at_the_edge_of_float32_are_read_without_a_warning(blobs):
    x = blobs.train.x * np.float32(1e37)

    estimator = FFClassifier(**QUICK | {"epochs": 12}, random_state=0).fit(x, blobs.train.y)

    assert estimator.score(x, blobs.train.y) > 0.9


def test_a_step_size_that_diverges_says_so(blobs):
    estimator = FFClassifier(**QUICK | {"learning_rate": 1e30}, random_state=0)

    with pytest.raises(TrainingError, match="lower training.learning_rate"):
        estimator.fit(blobs.train.x, blobs.train.y)
