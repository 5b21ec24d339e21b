"""Steps of the JAX backend: those of torch, local, on nothing but arrays."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

import plurigrid_ff.jax_backend as backend
from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.learners import learner
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.sweep import Sweep

RATE = 1e-3
# Compiling is what takes time, so layers are two only where more than one matters.
CASES = {
    "projection": {"objective": "projection"},
    "class-goodness": {
        "objective": "class-goodness",
        "hidden": [{"features": 16, "norm": "group"}],
    },
    "distance": {"objective": "distance", "hidden": [{"features": 16, "norm": "layer"}]},
    "threshold": {"objective": "threshold", "scaling": "standard", "hidden": [16]},
    "symba": {"objective": "symba", "hidden": [{"features": 16, "norm": "rms"}]},
    "self-contrastive": {"objective": "self-contrastive", "readout": "probe"},
}


def negatives_of(network, wrong, others):
    if network.rails == 1:
        return None
    return (wrong if network.labelled else others).numpy()


def torch_steps(network, batches):
    """Take a step of Adam on each batch by torch; return all losses."""
    training = TrainingConfig(learning_rate=RATE, decay="none")
    plans = plan_steps(training, len(network.stack))
    layers = [learner(str(i), layer, plans[i]) for i, layer in enumerate(network.stack)]
    probe = learner("probe", network.probe, plans[-1]) if network.probe else None
    for one in filter(None, (*layers, probe)):
        one.set_rate(0.0)
    engine, found = Engine(network.stack, training), []
    for x, y, wrong, others in batches:
        apart = network.rails == 1 or network.labelled
        rails = (
            network.rails_of(x, y, wrong)
            if apart
            else torch.cat([network.scale(x), network.scale(others)])
        )
        losses, alive = x.new_zeros(len(layers)), torch.zeros(len(layers), dtype=torch.bool)
        sweep = Sweep(
            layers, engine, [True] * len(layers), y, losses=losses, alive=alive, locality=1
        )
        network.sweep(rails, sweep.visit)
        if probe:
            losses = torch.cat([losses, network.probe.learn(network.activities(x), y)[None]])
            probe.step()
        found.append(losses)
    return torch.stack(found).numpy()


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_three_steps_of_adam_are_those_of_torch(settings, build, batch):
    network = build(**settings)
    batches = [batch(number) for number in range(3)]
    model, params = backend.from_torch(network)
    optimizers = [optax.adam(RATE)] * len(model.layers)
    state = backend.init_state(model, params, optimizers)
    step = jax.jit(partial(backend.local_step, model, optimizers))

    found = []
    for x, y, wrong, others in batches:
        state, losses = step(state, x.numpy(), y.numpy(), negatives_of(network, wrong, others))
        found.append(losses)

    np.testing.assert_allclose(found, torch_steps(network, batches), rtol=1e-5, atol=1e-5)
    moved = backend.to_torch(model, state.params).state_dict()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(moved[name], value, rtol=0, atol=1e-5)
    # Without a step the weights would differ by as much as three steps of Adam move them.
    first, began = (held.layers[0].transform.weight for held in (network, build(**settings)))
    assert (first - began).abs().max() > 2 * RATE


def test_no_loss_has_a_gradient_in_another_layer(build, batch):
    x, y, wrong, _ = batch()
    model, params = backend.from_torch(build(objective="threshold"))

    def losses(layers):
        held = {**params, "layers": layers}
        return backend.layer_losses(model, held, x.numpy(), y.numpy(), wrong.numpy())

    gradients = jax.jit(jax.jacrev(losses))(params["layers"])

    felt = [
        [bool(jnp.any(own["transform"]["weight"][loss] != 0)) for own in gradients]
        for loss in range(2)
    ]
    assert felt == [[True, False], [False, True]]


@pytest.fixture(scope="module")
def trained():
    """A compiled step on four blobs, its states' values before and after, and its cache size."""
    from plurigrid_ff.config import NetworkConfig

    config = NetworkConfig(hidden=(16,), objective="symba")
    model, params = backend.init(config, (3, 4), 4, seed=0)
    generator = np.random.default_rng(0)
    y = generator.integers(4, size=64)
    x = generator.normal(size=(4, 3, 4))[y] + 0.3 * generator.normal(size=(64, 3, 4))
    x = x.astype(np.float32)
    optimizers = [optax.adam(1e-2)]
    step = backend.build_step(model, optimizers)
    first = backend.init_state(model, params, optimizers)
    state, losses = first, []
    for _ in range(40):
        state, loss = step(state, x, y)
        losses.append(float(loss[0]))
    return model, params, first, state, step, losses, (x, y)


def test_a_network_learns(trained):
    model, params, _, state, _, losses, (x, y) = trained

    accuracy = np.mean(backend.predict(model, state.params, x) == y)

    assert np.mean(losses[-5:]) < losses[0] / 2
    assert accuracy > 0.95 > np.mean(backend.predict(model, params, x) == y)


def test_a_step_is_compiled_once_and_writes_over_the_state_it_is_given(trained):
    _, params, first, _, step, _, _ = trained

    assert step._cache_size() == 1
    assert first.params["layers"][0]["transform"]["weight"].is_deleted()
    assert not params["layers"][0]["transform"]["weight"].is_deleted()


def test_another_number_of_optimizers_than_layers_is_refused(build):
    model, params = backend.from_torch(build())

    with pytest.raises(ValueError, match="one optimizer for each of 2 layers, got 1"):
        backend.init_state(model, params, [optax.sgd(0.1)])
