import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from plurigrid_ff.config import ConvConfig, LinearConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.transforms import Conv1d, Conv2d, Linear, Local2d, build_transform

SPATIAL = {Conv1d: (3, 11), Conv2d: (3, 9, 7), Local2d: (3, 9, 7)}
SHAPES = [
    {"kernel": 3, "stride": 1, "padding": "same"},
    {"kernel": 4, "stride": 1, "padding": "same"},
    {"kernel": 5, "stride": 2, "padding": "same"},
    {"kernel": 2, "stride": 3, "padding": "valid"},
    {"kernel": 1, "stride": 1, "padding": "valid"},
]


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("kind", SPATIAL)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_pullback_is_autograds_gradient_of_the_forward_pass(kind, shape):
    transform = kind(SPATIAL[kind], 4, key=1, **shape).double()
    with torch.no_grad():
        transform.bias += drawn(*transform.bias.shape, seed=1)
    x = drawn(5, *SPATIAL[kind])
    da = drawn(5, *transform.out_shape, seed=2)

    a, pull = transform.with_pullback(x)
    pull(da)
    held = transform(x)
    expected = torch.autograd.grad(held, [transform.weight, transform.bias], da)

    assert a.grad_fn is None
    torch.testing.assert_close(a, held.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(transform.weight.grad, expected[0], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(transform.bias.grad, expected[1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_convolution_is_the_one_torch_has(shape):
    transform = Conv2d((3, 9, 7), 4, key=1, **shape).double()
    kernel, stride = shape["kernel"], shape["stride"]
    x = drawn(2, 3, 9, 7)
    if shape["padding"] == "same":
        near, far = (kernel - 1) // 2, kernel // 2
        x = F.pad(x, (near, far, near, far))
    theirs = nn.Conv2d(3, 4, kernel, stride, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(transform.weight)
        theirs.bias.copy_(transform.bias)

    torch.testing.assert_close(transform(drawn(2, 3, 9, 7)), theirs(x))


@given(kernel=st.integers(1, 9), extent=st.integers(9, 16))
def test_same_padding_keeps_the_map_at_a_stride_of_one(kernel, extent):
    for kind in (Conv2d, Local2d):
        made = kind((1, extent, extent + 1), 2, kernel=kernel, stride=1, padding="same", key=0)

        assert made.out_shape == (2, extent, extent + 1)


def test_a_local_receptive_field_reads_its_own_patch_with_its_own_weights():
    transform = Local2d((2, 4, 5), 3, kernel=3, stride=1, padding="valid", key=1).double()
    with torch.no_grad():
        transform.bias += drawn(*transform.bias.shape)
    x = drawn(2, 2, 4, 5)

    a = transform(x)

    assert a.shape == (2, 3, 2, 3)
    for place, (row, column) in enumerate((row, column) for row in range(2) for column in range(3)):
        patch = x[:, :, row : row + 3, column : column + 3].flatten(1)
        expected = patch @ transform.weight[place].T + transform.bias[place]
        torch.testing.assert_close(a[:, :, row, column], expected)


def test_a_convolution_is_a_local_receptive_field_with_shared_weights():
    conv = Conv2d((2, 6, 5), 3, kernel=3, stride=2, padding="same", key=1)
    local = Local2d((2, 6, 5), 3, kernel=3, stride=2, padding="same", key=1)
    with torch.no_grad():
        local.weight.copy_(conv.weight.flatten(1).expand_as(local.weight))

    x = drawn(4, 2, 6, 5).float()

    torch.testing.assert_close(local(x), conv(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", SPATIAL)
def test_initial_weights_keep_the_scale_of_an_activity(kind):
    made = kind(SPATIAL[kind], 200, kernel=3, stride=1, padding="same", key=7)

    assert made.fan_in == 3 * 3 ** (len(SPATIAL[kind]) - 1)
    assert made.weight.abs().max() <= (6 / made.fan_in) ** 0.5
    assert made.weight.var().item() == pytest.approx(2 / made.fan_in, rel=0.05)
    assert not made.bias.any()


def test_a_field_that_does_not_fit_names_the_layer_and_the_way_out():
    config = ConvConfig(kind="conv2d", features=4, kernel=5, padding="valid")

    with pytest.raises(ConfigError, match=r"layer 2: a field of 5 does not fit .*\(4, 6\); use a"):
        build_transform(config, (1, 4, 6), key=0, where="network.hidden: layer 2")


def test_a_linear_layer_reads_every_number_of_a_map():
    made = build_transform(LinearConfig(features=6), (2, 3, 4), key=0, where="")

    assert isinstance(made, Linear)
    assert (made.in_features, made.out_features) == (24, 6)
