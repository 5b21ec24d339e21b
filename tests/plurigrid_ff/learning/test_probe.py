import pytest
import torch

from plurigrid_ff.learning.norms import EPSILON
from plurigrid_ff.learning.probe import Heads, Probe


@pytest.fixture
def activities():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(7, width, generator=generator, dtype=torch.float64) for width in (4, 6)]


def build() -> Probe:
    probe = Probe((4, 6), 3).double()
    with torch.no_grad():
        probe.weight.copy_(torch.randn(3, 10, generator=torch.Generator().manual_seed(1)))
        probe.bias.copy_(torch.tensor([0.1, 0.2, -0.4]))
    return probe


def normalised(h):
    return h / (h.square().mean(dim=1, keepdim=True) + EPSILON).sqrt()


def test_shares_of_the_layers_add_up_to_a_linear_map_of_all_activities(activities):
    probe = build()

    shares = probe.shares(activities)

    features = torch.cat([normalised(h) for h in activities], dim=1)
    assert shares.shape == (2, 7, 3)
    torch.testing.assert_close(shares.sum(dim=0), features @ probe.weight.T + probe.bias)


def test_the_gradient_of_a_probe_is_autograds(activities):
    probe, y = build(), torch.tensor([0, 1, 2, 0, 1, 2, 0])
    features = torch.cat([normalised(h) for h in activities], dim=1)
    expected = torch.nn.functional.cross_entropy(features @ probe.weight.T + probe.bias, y)
    gradients = torch.autograd.grad(expected, [probe.weight, probe.bias])

    loss = probe.learn(activities, y)

    torch.testing.assert_close(loss, expected.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close([probe.weight.grad, probe.bias.grad], list(gradients))


def test_a_probe_sends_no_gradient_to_what_it_reads(activities):
    read = [h.requires_grad_() for h in activities]

    loss = build().learn(read, torch.zeros(7, dtype=torch.int64))

    assert not loss.requires_grad
    assert all(h.grad is None for h in read)


def heads() -> Heads:
    made = Heads((4, 6), 3).double()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return made


def test_every_head_scores_classes_by_its_own_layer(activities):
    made = heads()

    scores = made.shares(activities)

    for index, h in enumerate(activities):
        expected = normalised(h) @ made[index].weight.T + made[index].bias
        torch.testing.assert_close(scores[index], expected)


def test_the_gradient_of_every_head_is_autograds_of_its_own_loss(activities):
    made, y = heads(), torch.tensor([0, 1, 2, 0, 1, 2, 0])
    losses = [
        torch.nn.functional.cross_entropy(normalised(h) @ head.weight.T + head.bias, y)
        for h, head in zip(activities, made.heads, strict=True)
    ]
    gradients = torch.autograd.grad(sum(losses), list(made.parameters()))

    loss = made.learn(activities, y)

    torch.testing.assert_close(loss, losses[-1].detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close([p.grad for p in made.parameters()], list(gradients))


def test_a_head_sends_no_gradient_to_what_it_reads(activities):
    read = [h.requires_grad_() for h in activities]

    loss = heads().learn(read, torch.zeros(7, dtype=torch.int64))

    assert not loss.requires_grad
    assert all(h.grad is None for h in read)
