import jax
import numpy as np
import pytest
import torch

import plurigrid_ff.jax_backend as backend

NETWORKS = {
    "one pass": {"objective": "class-goodness", "readout_layers": (2, 2)},
    "a pass per label": {"objective": "threshold", "scaling": "standard"},
    "validated layers": {"objective": "projection", "readout_layers": "validated"},
    "probe": {"objective": "symba", "readout": "probe"},
    "head": {"objective": "self-contrastive", "readout": "head"},
}


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_goodness_and_scores_are_torchs(settings, build, batch):
    network = build(**settings)
    if network.probe is not None:
        for parameter in network.probe.parameters():
            torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))
    if network.read_out.validated:
        network.read_out.get_buffer("bounds").copy_(torch.tensor([2, 2]))
    x = batch()[0]
    model, params = backend.from_torch(network)

    goodness, scores = (
        jax.jit(function, static_argnums=0)(model, params, x.numpy())
        for function in (backend.layer_goodness, backend.scores)
    )

    expected = network.layer_goodness(x).numpy()
    np.testing.assert_allclose(goodness, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(scores, network(x).detach().numpy(), rtol=1e-5, atol=1e-5)


def test_a_prediction_is_the_class_of_the_highest_score(build, batch):
    network = build()
    x = batch()[0]

    found = backend.predict(*backend.from_torch(network), x.numpy())

    assert found.tolist() == network.predict(x).tolist()


def test_samples_of_another_shape_are_refused(build):
    with pytest.raises(ValueError, match=r"\(batch, \*\(3, 4\)\), got \(2, 12\)"):
        backend.scores(*backend.from_torch(build()), np.zeros((2, 12)))
