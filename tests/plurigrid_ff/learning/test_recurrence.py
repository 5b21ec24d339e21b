"""Steps of a whole network, against the recurrence written out."""

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.assessment import accuracy
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

CLASSES = 3


def build(shape=(2, 5), hidden=(6, 9, 12), objective="threshold", classes=CLASSES, **recurrent):
    values = {"hidden": list(hidden), "objective": objective, "recurrent": recurrent}
    config = NetworkConfig.parse(values, where="test")
    return FFNetwork(config, shape, classes, seed=0)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def unit(h: torch.Tensor) -> torch.Tensor:
    return h / (h.square().mean(dim=1, keepdim=True) + 2**-23).sqrt()


def written_out(network: FFNetwork, x: torch.Tensor, label: torch.Tensor, steps: int):
    """Return every layer's activity after every step, by plain loops."""
    settings, scaled = network.config.recurrent, network.scale(x).reshape(x.shape)

    def shown(step):
        return scaled[..., step].flatten(1) if settings.input == "frames" else scaled.flatten(1)

    weights = [(layer.transform.weight, layer.transform.bias) for layer in network.stack]
    top = len(weights) - 1
    h = []
    for index, (weight, bias) in enumerate(weights):
        below = unit(h[-1]) if index else shown(0)
        h.append((below @ weight[:, : below.shape[1]].T + bias).relu())
    order = [list(range(len(weights)))]
    if settings.order == "alternating":  # layers are counted from 1, so index 1 is even
        order = [[i for i in order[0] if i % 2 == 1], [i for i in order[0] if i % 2 == 0]]
    history = []
    for step in range(steps):
        for together in order:
            before = list(h)
            for index in together:
                weight, bias = weights[index]
                parts = [unit(before[index - 1]) if index else shown(step)]
                parts.append(label if index == top else unit(before[index + 1]))
                if settings.lateral:
                    parts.append(unit(before[index]))
                new = (torch.cat(parts, dim=1) @ weight.T + bias).relu()
                h[index] = settings.damping * before[index] + (1 - settings.damping) * new
        history.append(list(h))
    return history


RECURRENCES = {
    "default": {},
    "alternating": {"order": "alternating", "steps": 4, "read": (1, 4)},
    "lateral": {"lateral": True, "damping": 0.5, "steps": 3, "read": (3, 3)},
    "frames": {"input": "frames"},
    "frames-read-late": {"input": "frames", "read": (3, 5), "lateral": True},
}


@pytest.mark.parametrize("recurrent", RECURRENCES.values(), ids=RECURRENCES)
@torch.no_grad()
def test_goodness_is_averaged_over_the_steps_that_are_read(recurrent):
    network = build(**recurrent).double()
    x = drawn(4, 2, 5)
    default = (1, 5) if recurrent.get("input") == "frames" else (3, 5)
    first, last = recurrent.get("read", default)

    goodness = network.layer_goodness(x)

    for k in range(CLASSES):
        label = torch.zeros(4, CLASSES, dtype=torch.float64)
        label[:, k] = CLASSES**0.5
        history = written_out(network, x, label, last)
        for index, layer in enumerate(network.stack):
            steps = [layer.goodness(step[index]) for step in history[first - 1 :]]
            torch.testing.assert_close(goodness[index, :, k], torch.stack(steps).mean(dim=0))


@pytest.mark.parametrize("recurrent", RECURRENCES.values(), ids=RECURRENCES)
@torch.no_grad()
def test_activities_hear_a_neutral_label(recurrent):
    network = build(**recurrent).double()
    x = drawn(4, 2, 5)
    first, last = network.flow.read
    neutral = torch.full((4, CLASSES), CLASSES**-0.5, dtype=torch.float64)

    history = written_out(network, x, neutral, last)[first - 1 :]

    for index, found in enumerate(network.activities(x)):
        expected = torch.stack([step[index] for step in history]).mean(dim=0)
        torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_where_labels_are_targets_nothing_stands_above_the_last_layer():
    network = build(objective="projection").double()
    x = drawn(4, 2, 5)

    history = written_out(network, x, torch.zeros(4, 0, dtype=torch.float64), 5)

    for index, layer in enumerate(network.stack):
        steps = [layer.goodness(step[index]) for step in history[2:]]
        torch.testing.assert_close(network.layer_goodness(x)[index], torch.stack(steps).mean(dim=0))


@torch.no_grad()
def test_labels_are_scored_by_the_last_layer_after_one_step():
    network = build(damping=0.4).double()
    x = drawn(4, 2, 5)

    goodness = network.label_goodness(x)

    for k in range(CLASSES):
        label = torch.zeros(4, CLASSES, dtype=torch.float64)
        label[:, k] = CLASSES**0.5
        (step,) = written_out(network, x, label, 1)
        torch.testing.assert_close(goodness[:, k], network.stack[-1].goodness(step[-1]))


def test_every_layer_takes_a_step_of_its_optimizer_at_every_time_step(blobs):
    network = build(blobs.feature_shape, steps=4, classes=blobs.num_classes)
    x, y = torch.from_numpy(blobs.train.x[:96]), torch.from_numpy(blobs.train.y[:96])
    trainer = Trainer(network, x, y, TrainingConfig(epochs=2, batch_size=32), seed=0)

    progress = trainer.train_epochs(2)

    assert trainer.updates == [2 * 3 * 4] * 3
    assert [layer.updates for layer in progress] == [24] * 3
    state = trainer.optimizers[0].state[network.stack[0].transform.weight]
    assert state["step"].item() == 24


def test_the_loss_of_a_batch_is_the_mean_over_its_steps(blobs):
    x, y = torch.from_numpy(blobs.train.x[:32]), torch.from_numpy(blobs.train.y[:32])
    network = build(blobs.feature_shape, steps=4, objective="projection")
    training = TrainingConfig(epochs=1, batch_size=32, learning_rate=1e-9)
    (first, *_), losses = Trainer(network, x, y, training, seed=0).train_epochs(1), []
    scaled = network.scale(x)

    def visit(index, layer, row):
        if index == 0:
            losses.append(layer.evaluate(row, y).loss)
        return layer.activity(row)

    network.sweep(scaled, visit)

    assert len(losses) == 4
    assert first.loss == pytest.approx(torch.stack(losses).mean().item(), rel=1e-4)


@pytest.mark.parametrize("objective", ["threshold", "symba", "projection", "class-goodness"])
def test_a_recurrent_network_learns(blobs, objective):
    x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
    for seed in range(2):
        config = NetworkConfig.parse(
            {"hidden": [24, 24], "objective": objective, "recurrent": {"steps": 5}}, where="test"
        )
        network = FFNetwork(config, blobs.feature_shape, blobs.num_classes, seed=seed)
        training = TrainingConfig(epochs=6, batch_size=32, learning_rate=5e-3)
        Trainer(network, x, y, training, seed=seed).train_epochs(6)

        test = torch.from_numpy(blobs.test.x), torch.from_numpy(blobs.test.y)
        assert accuracy(network, *test) > 0.9


@pytest.mark.parametrize("lateral", [False, True])
def test_the_order_of_frames_can_be_learned(lateral):
    """Both classes have the same frames, one rising and one falling: no frame tells them."""
    generator = torch.Generator().manual_seed(0)
    rising = torch.randn(400, 1, 1, generator=generator).expand(400, 3, 1).clone()
    ramp = torch.linspace(-1, 1, 6) + 0.1 * torch.randn(400, 3, 6, generator=generator)
    y = torch.arange(400) % 2
    x = torch.where(y.view(-1, 1, 1) == 1, ramp, ramp.flip(2)) + 0 * rising
    hidden = (24, 24)
    network = build((3, 6), hidden, "projection", 2, input="frames", read=(4, 6), lateral=lateral)
    training = TrainingConfig(epochs=10, batch_size=50, learning_rate=5e-3)

    Trainer(network, x[:300], y[:300], training, seed=0).train_epochs(10)

    assert accuracy(network, x[300:], y[300:]) > 0.95


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hidden": [{"kind": "conv2d", "features": 4}]}, "layer 1 is 'conv2d', but recurrent la"),
        ({"hidden": [6, {"features": 6, "shortcut": "add", "span": 1}]}, "layer 2 has shortcut 'a"),
        ({"hidden": [6, {"features": 6, "norm": "group"}]}, "layer 2 has norm 'group', but recurr"),
        ({"objective": "self-contrastive", "readout": "probe"}, "compares pairs of samples, wh"),
        (
            {"objective": "threshold", "negatives": "learned", "readout": "probe"},
            "'learned' asks a",
        ),
        ({"locality": 2}, r"network\.locality is 2, but no gradient crosses a layer or a step"),
        ({"recurrent": {"read": (3, 9)}}, r"read must be \[first, last\] within steps 1 to 8"),
        ({"recurrent": {"read": (5, 3)}}, r"read must be \[first, last\] .* got \[5, 3\]"),
        (
            {"recurrent": {"input": "frames", "steps": 4}},
            "one step per frame, 5 here, got steps = 4",
        ),
    ],
)
def test_what_a_recurrent_network_cannot_have_is_refused(values, message):
    config = NetworkConfig.parse({"recurrent": {}, **values}, where="test")

    with pytest.raises(ConfigError, match=message):
        FFNetwork(config, (2, 5), CLASSES, seed=0)


@pytest.mark.parametrize(
    ("steps", "read"), [(None, (3, 5)), (8, (3, 5)), (4, (3, 4)), (2, (2, 2)), (1, (1, 1))]
)
def test_steps_that_predict_are_among_the_steps(steps, read):
    assert build(steps=steps).flow.read == read


def test_a_series_is_one_feature_per_frame():
    network = build((7,), input="frames")

    assert network.flow.visits == 7
    assert network.stack[0].widths == [1, 9, 6]
    assert network.predict(torch.rand(2, 7)).shape == (2,)


def test_the_loss_that_is_told_is_that_of_the_last_epoch(blobs):
    x, y = torch.from_numpy(blobs.train.x[:64]), torch.from_numpy(blobs.train.y[:64])
    training = TrainingConfig(epochs=3, batch_size=32, learning_rate=5e-3)
    together, apart = (
        Trainer(build(blobs.feature_shape, steps=2), x, y, training, seed=0) for _ in range(2)
    )

    for _ in range(3):
        last = apart.train_epochs(1)

    assert [p.loss for p in together.train_epochs(3)] == [p.loss for p in last]
