import pytest
import torch

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.norms import unchanged, unit_rms
from plurigrid_ff.learning.shortcuts import Shortcut


def shortcut(how: str, shape: tuple[int, ...], earlier: tuple[int, ...], **changes) -> Shortcut:
    settings = {"groups": 2, "normalise": unchanged, "where": "layer 3"} | changes
    return Shortcut(how, 2, shape, earlier, **settings)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_add_adds_and_averages_a_larger_map_down():
    h, earlier = drawn(3, 4, 2, 2), drawn(3, 4, 4, 4, seed=1)
    joined = shortcut("add", (4, 2, 2), (4, 4, 4))(h, earlier)

    torch.testing.assert_close(joined, h + torch.nn.functional.avg_pool2d(earlier, 2))


def test_concat_keeps_the_channels_of_a_class_together():
    h = torch.tensor([[1.0, 2.0, 3.0, 4.0]])  # classes (1, 2) and (3, 4)
    earlier = torch.tensor([[5.0, 6.0]])
    cut = shortcut("concat", (4,), (2,))

    assert cut.out_shape == (6,)
    assert cut(h, earlier).tolist() == [[1.0, 2.0, 5.0, 3.0, 4.0, 6.0]]


def test_the_activity_is_brought_to_scale_before_it_joins():
    h, earlier = drawn(2, 4), drawn(2, 4, seed=1)
    joined = shortcut("add", (4,), (4,), normalise=unit_rms)(100 * h, earlier)

    torch.testing.assert_close(joined, unit_rms(h) + earlier, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("how", "shape", "earlier", "message"),
    [
        ("add", (4, 2, 2), (4,), "as many dimensions"),
        ("add", (4, 4, 4), (4, 2, 2), "at least as large"),
        ("add", (4, 2), (6, 2), "'add' needs as many features .* 6, got 4; use shortcut = 'con"),
        ("concat", (4, 2), (3, 2), "multiples of the 2 classes, got 3 and 4"),
    ],
)
def test_shapes_that_cannot_be_joined_are_refused(how, shape, earlier, message):
    with pytest.raises(ConfigError, match=f"layer 3: .*{message}"):
        shortcut(how, shape, earlier)
