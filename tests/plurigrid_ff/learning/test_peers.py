import pytest
import torch

from plurigrid_ff.learning.peers import MEMORY, PeerNormalisation


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("places", [(), (4,), (3, 2)])
def test_the_gradient_is_autograds_of_the_written_out_term(places):
    peers = PeerNormalisation(5, 0.3).double()
    peers.mean.copy_(drawn(5))
    before = peers.mean.clone()
    h = drawn(8, 5, *places, seed=1).requires_grad_()
    da = torch.zeros_like(h)

    peers.add_gradient(da, h.detach(), 6)
    over = [0, *range(2, h.ndim)]
    mean = MEMORY * before + (1 - MEMORY) * h[:6].mean(dim=over)
    # The running mean stands for the batch's own: its share of the gradient is 1, not 1 - MEMORY.
    loss = 0.3 / 2 * (mean - mean.mean()).square().sum() / (1 - MEMORY)
    (expected,) = torch.autograd.grad(loss, h)

    torch.testing.assert_close(da, expected)
    assert not da[6:].any()
    torch.testing.assert_close(peers.mean, mean.detach())


def test_a_silent_unit_is_pulled_up_and_a_loud_one_down():
    peers = PeerNormalisation(3, 0.03)
    h = torch.tensor([[0.0, 1.0, 5.0]]).repeat(4, 1)
    da = torch.zeros_like(h)

    for _ in range(50):
        peers.add_gradient(da.zero_(), h, 4)

    assert (da[:, 0] < 0).all()  # descent raises the pre-activation
    assert (da[:, 2] > 0).all()
