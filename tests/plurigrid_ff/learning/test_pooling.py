import pytest
import torch
from torch.nn import functional as F

from plurigrid_ff.learning.pooling import Pool


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("shape", [(2, 6, 4), (3, 7, 8), (2, 9), (1, 5)])
@pytest.mark.parametrize("size", [2, 3])
def test_the_pullback_is_autograds(kind, shape, size):
    pool = Pool(size, kind, len(shape) - 1)
    a = drawn(3, *shape).requires_grad_()
    gradient = drawn(3, *pool.out_shape(shape), seed=1)

    pooled, pull = pool.with_pullback(a.detach())
    held = pool(a)
    (expected,) = torch.autograd.grad(held, a, gradient)

    assert pooled.shape[1:] == pool.out_shape(shape)
    torch.testing.assert_close(pooled, held.detach())
    torch.testing.assert_close(pull(gradient), expected)


def test_pooling_is_the_one_torch_has():
    a = drawn(2, 3, 7, 6)

    torch.testing.assert_close(Pool(2, "max", 2)(a), F.max_pool2d(a, 2))
    torch.testing.assert_close(Pool(3, "average", 2)(a), F.avg_pool2d(a, 3))
    torch.testing.assert_close(Pool(2, "max", 1)(a[:, :, 0]), F.max_pool1d(a[:, :, 0], 2))
    torch.testing.assert_close(Pool(2, "average", 1)(a[:, :, 0]), F.avg_pool1d(a[:, :, 0], 2))
