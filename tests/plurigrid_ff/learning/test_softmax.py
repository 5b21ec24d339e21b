import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from plurigrid_ff.learning.softmax import softmax_loss


@given(
    rows=st.integers(1, 20),
    classes=st.integers(1, 12),
    by_class=st.booleans(),
    size=st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_loss_and_gradient_are_autograds(rows, classes, by_class, size):
    generator = torch.Generator().manual_seed(rows)
    shape = (classes, rows) if by_class else (rows, classes)
    drawn = size * torch.randn(shape, generator=generator, dtype=torch.float64)
    scores = (drawn.T if by_class else drawn).requires_grad_()
    y = torch.randint(classes, (rows,), generator=generator)

    with torch.no_grad():
        loss, gradient = softmax_loss(scores, y)
    expected = F.cross_entropy(scores, y)

    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    (oracle,) = torch.autograd.grad(expected, scores)
    torch.testing.assert_close(gradient, oracle, rtol=1e-12, atol=1e-12)
