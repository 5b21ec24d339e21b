import jax
import numpy as np
import pytest

from plurigrid_ff.jax_backend import activities, from_torch
from plurigrid_ff.jax_backend.readout import probe_loss


@pytest.mark.parametrize("readout", ["probe", "head"])
def test_what_a_read_out_descends_has_the_gradient_of_torch(readout, build, batch):
    network = build(readout=readout)
    x, y, *_ = batch()
    heard = network.activities(x)
    expected = network.probe.learn(heard, y)
    model, params = from_torch(network)

    ours = jax.value_and_grad(lambda probe: probe_loss(model, probe, held, y.numpy()), has_aux=True)
    held = [h.numpy() for h in heard]
    (_, loss), gradient = jax.jit(ours)(params["probe"])

    for found, theirs in zip(activities(model, params, x.numpy()), heard, strict=True):
        np.testing.assert_allclose(found, theirs, atol=1e-5)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    parts = gradient["heads"] if readout == "head" else [gradient]
    theirs = [value.grad for value in network.probe.parameters()]
    assert len(theirs) == 2 * len(parts)
    for part, weight, bias in zip(parts, theirs[::2], theirs[1::2], strict=True):
        np.testing.assert_allclose(part["weight"], weight, atol=1e-6)
        np.testing.assert_allclose(part["bias"], bias, atol=1e-6)
