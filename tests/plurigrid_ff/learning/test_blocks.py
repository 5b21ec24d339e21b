"""Blocks by name, and networks with them: built, trained, resumed, saved, refused."""

import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from plurigrid_ff import register_block
from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.errors import CheckpointError, ConfigError, PluginError, UnknownNameError
from plurigrid_ff.learning.blocks import find_block, offer_blocks
from plurigrid_ff.learning.checkpoint import load_network, load_weights, save_network
from plurigrid_ff.learning.footprint import COPIES, training_bytes
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.tensors import read_tensors
from plurigrid_ff.learning.trainer import STATE_FILE, Trainer
from plurigrid_ff.offers import BLOCK, Offer

RESIDUAL = {"kind": "block", "block": "residual", "dimensions": 2}
PERCEPTRON = {"kind": "block", "block": "perceptron", "dimensions": 0}
STACKS = {
    "batch statistics": [RESIDUAL, RESIDUAL | {"grid": 1}, PERCEPTRON],
    "attention and dropout": [{"kind": "block", "block": "encoder"}, PERCEPTRON, 9],
}


def build(hidden, shape=(3, 4), **settings) -> FFNetwork:
    config = NetworkConfig.parse({"hidden": hidden, **settings}, where="test")
    return FFNetwork(config, shape, 3, seed=0)


@pytest.fixture
def images(blobs):
    def image(split):
        return Split(split.x.reshape(-1, 3, 4), split.y)

    return replace(
        blobs, train=image(blobs.train), validation=image(blobs.validation), test=image(blobs.test)
    )


def trainer(data, hidden, epochs=4, precision="float32", **settings) -> Trainer:
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    training = TrainingConfig(epochs=epochs, batch_size=32, learning_rate=5e-3, precision=precision)
    return Trainer(build(hidden, **settings), x, y, training, seed=0)


@pytest.mark.parametrize("hidden", STACKS.values(), ids=STACKS)
@pytest.mark.parametrize("objective", ["projection", "threshold"])
def test_a_resumed_training_ends_in_the_same_bits(images, hidden, objective, tmp_path):
    whole, first, second = (trainer(images, hidden, objective=objective) for _ in range(3))
    whole.train_epochs(2)
    first.train_epochs(1)
    first.save_state(tmp_path)
    save_network(first.network, tmp_path / "net", class_names=("a", "b", "c"), data="toy")

    load_weights(second.network, tmp_path / "net")
    second.load_state(tmp_path)
    second.train_epochs(1)
    second.save_state(tmp_path)
    whole.save_state(tmp_path / "whole")

    expected = whole.network.state_dict() | read_tensors(tmp_path / "whole" / STATE_FILE)[0]
    found = second.network.state_dict() | read_tensors(tmp_path / STATE_FILE)[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("hidden", STACKS.values(), ids=STACKS)
def test_blocks_learn(images, hidden):
    learning = trainer(images, hidden, epochs=6)

    learning.train_epochs(6)

    found = learning.network.predict(torch.from_numpy(images.test.x))
    assert (found == torch.from_numpy(images.test.y)).float().mean() > 0.9


@pytest.mark.parametrize("hidden", STACKS.values(), ids=STACKS)
def test_bfloat16_products_reach_into_a_block(images, hidden):
    exact, low = (trainer(images, hidden, precision=p) for p in ("float32", "bfloat16"))

    losses = [t.train_epochs(1)[0].loss for t in (exact, low)]

    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


@pytest.mark.parametrize("hidden", STACKS.values(), ids=STACKS)
def test_a_loaded_network_is_the_saved_one(images, hidden, tmp_path):
    learning = trainer(images, hidden)
    learning.train_epochs(1)
    x = torch.from_numpy(images.test.x)
    expected = learning.network(x)

    save_network(learning.network, tmp_path / "net", class_names=("a", "b", "c"), data="toy")
    loaded, card = load_network(tmp_path / "net")

    torch.testing.assert_close(loaded(x), expected, rtol=0, atol=0)
    assert card.network == learning.network.config


class Tied(nn.Module):
    """Two maps of one weight, and a number that no checkpoint holds."""

    def __init__(self, in_shape):
        super().__init__()
        self.there, self.back = nn.Linear(4, 4), nn.Linear(4, 4)
        self.back.weight = self.there.weight
        self.register_buffer("scale", torch.full((), 3.0), persistent=False)

    def forward(self, x):
        return self.scale * self.back(self.there(x))


def test_tied_weights_and_buffers_that_are_not_saved_survive_a_checkpoint(tmp_path):
    register_block("tied", Tied)
    network, x = build([{"kind": "block", "block": "tied"}], (4,)), torch.randn(5, 4)

    save_network(network, tmp_path / "net", class_names=("a", "b", "c"), data="toy")
    loaded, _ = load_network(tmp_path / "net")

    torch.testing.assert_close(loaded(x), network(x), rtol=0, atol=0)


def test_a_saved_network_needs_its_blocks(registered, tmp_path):
    path = tmp_path / "net"
    save_network(build(STACKS["batch statistics"]), path, class_names=("a", "b", "c"), data="toy")

    registered["residual"] = lambda in_shape: nn.Conv2d(in_shape[0], 6, 1)
    with pytest.raises(
        CheckpointError, match="module.bias.* belongs to a network of another shape"
    ):
        load_network(path)
    del registered["residual"]
    with pytest.raises(
        UnknownNameError,
        match=r"^network.hidden: layer 1: unknown block 'residual'; known: .*register_block\(",
    ):
        load_network(path)


def test_an_unknown_block_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="layer 2: unknown block 'residul'; did you mean 'r"):
        build([6, RESIDUAL | {"block": "residul", "dimensions": None}])


@pytest.mark.parametrize(
    ("layer", "feature_shape", "read", "out"),
    [
        (RESIDUAL, (3, 4), (1, 3, 4), (6, 3, 4)),
        (RESIDUAL, (2, 3, 4), (2, 3, 4), (6, 3, 4)),
        (PERCEPTRON, (2, 3, 4), (24,), (9,)),
        (RESIDUAL | {"dimensions": None}, (2, 3, 4), (2, 3, 4), (6, 3, 4)),
        ({"kind": "block", "block": "encoder", "dimensions": 1}, (5,), (1, 5), (6, 5)),
        ({"kind": "block", "block": "encoder"}, (3, 4), (3, 4), (6, 4)),
    ],
)
def test_a_block_reads_samples_as_its_dimensions_say(layer, feature_shape, read, out):
    network = build([layer, 6], feature_shape)

    assert network.input_shape == read
    assert network.stack[0].out_shape == out
    assert network(torch.rand(2, *feature_shape)).shape == (2, 3)


def test_a_block_that_reads_places_is_refused_where_there_are_none():
    with pytest.raises(ConfigError, match=r"layer 2 is 'block', but the layer .* passes on \(6,\)"):
        build([6, RESIDUAL])


def test_a_block_is_counted_with_what_it_learns(registered):
    registered["half-frozen"] = lambda in_shape: nn.Sequential(
        nn.Linear(12, 5).requires_grad_(False), nn.Linear(5, 4)
    )
    network = build([{"kind": "block", "block": "half-frozen"}], (9,), objective="symba")

    assert network.num_parameters == 5 * 4 + 4
    numbers = 12 * 5 + 5 + 5 * 4 + 4
    assert training_bytes(network.config, (9,), 3) == (COPIES + 1) * 4 * numbers


@pytest.mark.parametrize("name", ["Bad Name", "", "a_b"])
def test_a_name_of_another_form_is_refused(name):
    with pytest.raises(ValueError, match=f"joined by hyphens, .*got {name!r}"):
        register_block(name, nn.Linear)


def test_a_module_in_place_of_a_factory_is_refused():
    with pytest.raises(TypeError, match="function of in_shape that returns a module, got 3"):
        register_block("mine", 3)


def test_a_name_registered_again_stands_for_the_new_factory():
    register_block("mine", lambda in_shape: nn.Linear(12, 3))
    register_block("mine", lambda in_shape: nn.Linear(12, 6))

    assert build([{"kind": "block", "block": "mine", "dimensions": 0}]).stack[0].out_shape == (6,)


@pytest.mark.parametrize("registered_first", [False, True])
def test_a_name_may_be_a_plugin_s_or_your_own_but_not_both(registered_first):
    offers = {"mine": Offer(BLOCK, "mine", lambda in_shape: nn.Linear(12, 3), "theirs")}
    steps = [lambda: offer_blocks(offers), lambda: register_block("mine", nn.Linear)]
    try:
        steps[registered_first]()
        with pytest.raises(PluginError, match=re.escape("plugin 'theirs' offers a block named 'm")):
            steps[not registered_first]()
    finally:
        offer_blocks({})


def test_what_a_plugin_offers_must_be_a_factory():
    offer_blocks({"theirs": Offer(BLOCK, "theirs", "math:pi", "odd")})
    try:
        with pytest.raises(PluginError, match="plugin 'odd': block 'theirs' must be a function of"):
            find_block("theirs", where="here")
    finally:
        offer_blocks({})
