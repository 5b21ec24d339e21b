"""Modules of nnx: the functions of the backend, with weights inside."""

from functools import partial

import jax
import numpy as np
import optax
import pytest

import plurigrid_ff.jax_backend as backend

nnx = pytest.importorskip("flax.nnx")

from plurigrid_ff.jax_backend.flax_nnx import FFNetwork, ProbeParam  # noqa: E402


def test_a_network_scores_as_the_function_does_and_holds_the_same_weights(build, batch):
    x = batch()[0].numpy()
    settings = {"readout": "head", "objective": "symba", "scaling": "standard"}
    model, params = backend.from_torch(build(**settings))

    network = FFNetwork(model, params)

    expected = jax.jit(backend.scores, static_argnums=0)(model, params, x)
    np.testing.assert_allclose(nnx.jit(FFNetwork.__call__)(network, x), expected, rtol=1e-6)
    jax.tree.map(np.testing.assert_array_equal, network.params, params)
    assert "('layers', 0, 'transform', 'weight')" in map(
        str, dict(nnx.to_flat_state(nnx.state(network)))
    )


def test_a_step_is_that_of_the_function(build, batch):
    x, y, wrong, _ = (part.numpy() for part in batch())
    model, params = backend.from_torch(build(objective="threshold"))
    network = FFNetwork(model, params)
    each = [optax.chain(optax.clip_by_global_norm(0.1), optax.sgd(0.5))] * 2

    optimizers = network.optimizers(lambda: each[0])

    losses = nnx.jit(FFNetwork.step)(network, optimizers, x, y, wrong)

    before = backend.init_state(model, params, each)
    state, expected = jax.jit(partial(backend.local_step, model, each))(before, x, y, wrong)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), network.params, state.params
    )


def test_the_read_out_learns_by_an_optimizer_of_its_own(build, batch):
    x, y, *_ = (part.numpy() for part in batch())
    model, params = backend.from_torch(build(objective="projection", readout="probe"))
    network = FFNetwork(model, params)
    optimizer = nnx.Optimizer(network, optax.sgd(0.1), wrt=ProbeParam)

    @nnx.jit
    def learn(network, optimizer):
        of_probe = nnx.DiffState(0, ProbeParam)
        loss, gradient = nnx.value_and_grad(FFNetwork.probe_loss, argnums=of_probe)(network, x, y)
        optimizer.update(network, gradient)
        return loss

    losses = [learn(network, optimizer) for _ in range(3)]

    assert losses == sorted(losses, reverse=True)
    jax.tree.map(np.testing.assert_array_equal, network.params["layers"], params["layers"])
