"""One layer at one time step, against its formula written out."""

import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives import known_objectives
from plurigrid_ff.learning.recurrent_layers import RecurrentLayer

CLASSES = 3
WIDTHS = (6, 9, 12)
OBJECTIVES = sorted(n for n, kind in known_objectives().items() if kind.contrast != "pairs")
SETTINGS = {
    "plain": {},
    "lateral": {"lateral": True, "damping": 0.6},
    "undamped": {"damping": 0.0},
    "layer-norm": {"norm": "layer", "lateral": True},
}


def build(objective: str, index: int, settings: dict) -> RecurrentLayer:
    recurrent = {name: value for name, value in settings.items() if name != "norm"}
    norm = settings.get("norm", "auto")
    hidden = [{"features": width, "norm": norm} for width in WIDTHS]
    values = {"hidden": hidden, "objective": objective, "recurrent": recurrent}
    config = NetworkConfig.parse(values, where="test")
    return FFNetwork(config, (5,), CLASSES, seed=0).double().stack[index]


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def written_out(layer: RecurrentLayer, parts: list[torch.Tensor], index: int, settings: dict):
    """Return the damped activity of a layer from what it reads, as a formula."""

    def norm(x):
        if settings.get("norm") == "layer":
            x = x - x.mean(dim=1, keepdim=True)
        return x / (x.square().mean(dim=1, keepdim=True) + 2**-23).sqrt()

    below, above, own = parts
    shown = index == 0 and "norm" not in settings
    seen = [below if shown else norm(below)]
    if above.shape[1]:
        seen.append(above if index == len(WIDTHS) - 1 else norm(above))
    if settings.get("lateral"):
        seen.append(norm(own))
    a = torch.cat(seen, dim=1) @ layer.transform.weight.T + layer.transform.bias
    damping = settings.get("damping", 0.3)
    return damping * own + (1 - damping) * a.clamp(min=0)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_learn_sets_the_gradient_of_the_step_written_out(objective, index, settings):
    layer = build(objective, index, settings)
    x = drawn(4 * layer.objective.rails, sum(layer.widths))
    y = torch.tensor([0, 2, 1, 1])
    own = dict(layer.named_parameters())

    parts = list(torch.split(x, layer.widths, dim=1))
    expected_h = written_out(layer, parts, index, settings)
    expected = layer.objective.loss(expected_h, y)
    gradients = torch.autograd.grad(expected, list(own.values()))
    h, loss = layer.learn(x, y)

    assert not h.requires_grad
    torch.testing.assert_close(h, expected_h.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(layer.activity(x), h)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-10, atol=1e-10)
    for (name, parameter), gradient in zip(own.items(), gradients, strict=True):
        torch.testing.assert_close(
            parameter.grad, gradient, rtol=1e-10, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_what_a_layer_reads_sends_no_gradient_to_neighbours_or_to_the_step_before():
    layer = build("projection", 1, {"lateral": True})
    earlier = drawn(2, sum(layer.widths)).requires_grad_()
    row = earlier * 2

    h, _ = layer.learn(row, torch.tensor([0, 1]))

    assert not layer.read(row).requires_grad
    assert not h.requires_grad
    assert earlier.grad is None


def test_the_first_activity_hears_nothing_from_above_and_keeps_nothing():
    layer = build("threshold", 1, {"lateral": True})
    below = drawn(3, WIDTHS[0])

    begun = layer.begin(below)

    unit = below / (below.square().mean(dim=1, keepdim=True) + 2**-23).sqrt()
    a = unit @ layer.transform.weight[:, : WIDTHS[0]].T + layer.transform.bias
    torch.testing.assert_close(begun, a.detach().clamp(min=0))


def test_peers_pull_on_the_damped_activity():
    hidden = [{"features": 6, "peer": 0.5}]
    config = NetworkConfig.parse({"hidden": hidden, "recurrent": {}}, where="test")
    layer = FFNetwork(config, (5,), CLASSES, seed=0).double().stack[0]
    x, y = drawn(4, sum(layer.widths)), torch.tensor([0, 2, 1, 1])
    mean = layer.peers.mean.clone()

    h, _ = layer.learn(x, y)

    torch.testing.assert_close(layer.peers.mean, 0.9 * mean + 0.1 * h.mean(dim=0))
