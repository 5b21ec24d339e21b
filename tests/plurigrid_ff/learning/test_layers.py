import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.norms import EPSILON, unit_rms
from plurigrid_ff.learning.objectives import known_objectives, parse_options
from plurigrid_ff.learning.transforms import Linear

NAMES = sorted(known_objectives())


def build(name: str, in_features: int, out_features: int, num_classes: int = 3) -> FFLayer:
    objective = known_objectives()[name]
    options = parse_options(name, {})
    return FFLayer(
        Linear(in_features, out_features, key=1),
        objective(out_features, num_classes, options, key=2),
    )


@pytest.mark.parametrize("name", NAMES)
@given(
    batch=st.integers(1, 8),
    in_features=st.integers(1, 12),
    group=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_learn_sets_the_gradient_of_the_written_out_layer(name, batch, in_features, group, seed):
    layer = build(name, in_features, 3 * group).double()
    generator = torch.Generator().manual_seed(seed)
    rows = layer.objective.rails * batch
    x = torch.randn(rows, in_features, generator=generator, dtype=torch.float64)
    y = torch.randint(3, (batch,), generator=generator)
    weight = layer.transform.weight.detach().clone().requires_grad_()
    bias = layer.transform.bias.detach().clone().requires_grad_()

    h, loss = layer.learn(x, y)
    scaled = x / (x.square().mean(dim=1, keepdim=True) + EPSILON).sqrt()
    a = scaled @ weight.T + bias
    expected_h, judged = F.relu(a), F.relu(a)
    if layer.objective.contrast == "pairs":  # W x1 + W x2 + 2 b, of [x, x] and of [x, x']
        first, second = scaled[:batch], scaled[batch:]
        equal = first @ weight.T + first @ weight.T + 2 * bias
        judged = F.relu(torch.cat([equal, first @ weight.T + second @ weight.T + 2 * bias]))
    expected = layer.objective.loss(judged, y)
    expected.backward()

    torch.testing.assert_close(h, expected_h.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(layer.transform.weight.grad, weight.grad, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(layer.transform.bias.grad, bias.grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_learning_leaves_the_layer_below_without_gradient_even_through_autograd(name):
    below, above = build(name, 6, 6), build(name, 6, 3)
    rows = 2 * above.objective.rails
    x = torch.randn(rows, 6, generator=torch.Generator().manual_seed(0))

    activity = below(x)  # carries a graph: a careless caller did not detach
    assert activity.requires_grad
    h, loss = above.learn(activity, torch.tensor([0, 1]))

    assert above.transform.weight.grad is not None
    assert all(parameter.grad is None for parameter in below.parameters())
    assert h.grad_fn is None
    assert loss.grad_fn is None


def test_a_forward_pass_under_autograd_stops_at_the_layers_own_input():
    below, above = build("projection", 6, 5), build("projection", 5, 4)
    x = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))

    above(below(x)).sum().backward()

    assert above.transform.weight.grad is not None
    assert below.transform.weight.grad is None


@given(scale=st.floats(0.5, 64.0), seed=st.integers(0, 2**16))
def test_forward_ignores_the_length_of_its_input(scale, seed):
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(seed))
    layer = build("projection", 8, 16)

    torch.testing.assert_close(layer(scale * x), layer(x), rtol=1e-4, atol=1e-5)


def test_activity_is_forward_without_a_graph():
    layer = build("projection", 8, 16)
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))

    assert layer.activity(x).grad_fn is None
    torch.testing.assert_close(layer.activity(x), layer(x).detach())


def test_a_row_of_zeros_stays_zero():
    assert torch.equal(unit_rms(torch.zeros(2, 4)), torch.zeros(2, 4))


def test_a_small_row_is_scaled_alike_in_every_precision():
    x = torch.tensor([[1e-4, -2e-4], [3e-9, 1e-9], [1.0, 2.0]])

    torch.testing.assert_close(unit_rms(x.double()).float(), unit_rms(x))
    torch.testing.assert_close(unit_rms(x), F.rms_norm(x, (2,)))  # torch's default, in float32


def test_equal_keys_give_equal_weights_and_other_keys_others():
    first, again, other = (Linear(5, 4, key=key) for key in (3, 3, 4))

    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
