"""Choices within an objective: loss and gradient are those of torch's autograd, in float64."""

import jax
import numpy as np
import pytest
import torch

from plurigrid_ff.jax_backend.goodness import SCORES
from plurigrid_ff.jax_backend.objectives import build_objective
from plurigrid_ff.learning.goodness import GOODNESS
from plurigrid_ff.learning.objectives import find_objective, parse_options

CHOICES = [
    ("class-goodness", {"activity": "plain"}),
    ("distance", {"form": "margin"}),
    ("threshold", {"goodness": "top-k", "share": 0.3}),
    ("symba", {"goodness": "entmax"}),
    ("self-contrastive", {"goodness": "plain"}),
]


def test_every_goodness_that_options_accept_is_there():
    assert SCORES.keys() == GOODNESS.keys()


@pytest.mark.parametrize(("name", "values"), CHOICES)
def test_loss_and_gradient_are_torchs(name, values):
    options = parse_options(name, values)
    theirs = find_objective(name)(12, 4, options, key=5).double()
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(10, 12, generator=generator, dtype=torch.float64).relu()
    y = torch.randint(4, (10 // theirs.rails,), generator=generator)
    leaf = h.clone().requires_grad_()
    expected = theirs.loss(leaf, y)
    expected.backward()

    with jax.enable_x64(True):
        own = {key: value.detach().numpy() for key, value in theirs.named_parameters()}
        ours = jax.value_and_grad(build_objective(name, 4, options).loss, argnums=(0, 1))
        loss, (own_gradient, gradient) = jax.jit(ours)(own, h.numpy(), y.numpy())

    np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), atol=1e-12)
    for key, parameter in theirs.named_parameters():
        np.testing.assert_allclose(own_gradient[key], parameter.grad.numpy(), atol=1e-12)
