"""The engine against its oracle, autograd over one layer, and against itself in other parts."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.chunks import answer_in_chunks, chunk_samples, learn_in_chunks
from plurigrid_ff.learning.engine import Engine, learn_by_autograd
from plurigrid_ff.learning.labelled import LabelledRails
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives import known_objectives
from plurigrid_ff.learning.trainer import Trainer

CLASSES = 3
CONV = {"kind": "conv2d", "features": 6, "pool": 2}
KINDS = {
    "linear": {"kind": "linear", "features": 9},
    "peers": {"kind": "linear", "features": 9, "peer": 0.5},
    "conv2d": CONV,
    "conv2d-peers": CONV | {"peer": 0.5},
    "local2d": {"kind": "local2d", "features": 3, "stride": 2, "norm": "rms"},
    "block": {"kind": "block", "block": "residual", "dimensions": 2, "grid": 1},
}
OBJECTIVES = sorted(known_objectives())


def network(kind: str, objective: str, dtype: torch.dtype = torch.float64) -> FFNetwork:
    readout = "probe" if objective == "self-contrastive" else "goodness"
    values = {"hidden": [KINDS[kind]], "objective": objective, "readout": readout}
    return FFNetwork(NetworkConfig.parse(values, where="test"), (4, 5), CLASSES, seed=1).to(dtype)


def drawn(network: FFNetwork, batch: int, dtype: torch.dtype = torch.float64):
    """Return what the first layer reads in training, and the labels."""
    generator = torch.Generator().manual_seed(batch)
    x = torch.randn(batch, 4, 5, generator=generator, dtype=dtype)
    y = torch.randint(CLASSES, (batch,), generator=generator)
    if network.labelled:
        return network.rails_of(x, y, (y + 1) % CLASSES), y
    if network.rails == 2:
        return torch.cat([network.scale(x), network.scale(x.flip(0))]), y
    return network.scale(x), y


def results(network: FFNetwork, learn) -> list[torch.Tensor]:
    """Return activity, loss, every gradient and every buffer that a step leaves."""
    network.zero_grad()
    h, loss = learn(network.stack[0])
    state = [p.grad for p in network.stack[0].parameters()] + list(network.buffers())
    assert all(tensor is not None for tensor in state)
    return [tensor.clone() for tensor in (h, loss, *state)]


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    objective=st.sampled_from(OBJECTIVES),
    batch=st.integers(2, 14),
    size=st.integers(1, 15),
)
def test_every_layer_in_parts_is_autograds_in_float64(kind, objective, batch, size):
    parted, whole = network(kind, objective), network(kind, objective)
    x, y = drawn(parted, batch)

    found = results(parted, lambda layer: learn_in_chunks(layer, x, y, size=size))
    expected = results(whole, lambda layer: learn_by_autograd(layer, x, y))

    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("norm", ["rms", "layer", "none"])
@pytest.mark.parametrize("objective", ["projection", "class-goodness", "threshold"])
def test_an_activity_in_the_place_of_the_input_teaches_the_same(objective, norm):
    config = {"hidden": [9, {"features": 9, "norm": norm}], "objective": objective}
    made = FFNetwork(NetworkConfig.parse(config, where="test"), (4, 5), CLASSES, seed=1).double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(made.rails * 8, 9, generator=generator, dtype=torch.float64).relu()
    y = torch.randint(CLASSES, (8,), generator=generator)

    def learned(x, *, overwrite):
        layer = made.stack[1]
        layer.zero_grad()
        h, loss = learn_in_chunks(layer, x, y, size=3, overwrite=overwrite)
        assert (h.data_ptr() == x.data_ptr()) == overwrite
        return [h, loss, *(parameter.grad for parameter in layer.parameters())]

    apart, in_place = learned(x.clone(), overwrite=False), learned(x.clone(), overwrite=True)

    assert all(torch.equal(one, other) for one, other in zip(apart, in_place, strict=True))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("kind", ["linear", "conv2d"])
def test_parts_sum_to_the_whole_in_float32(kind, objective):
    parted, whole = (network(kind, objective, torch.float32) for _ in range(2))
    x, y = drawn(parted, 37, torch.float32)

    found = results(parted, lambda layer: learn_in_chunks(layer, x, y, size=8))
    expected = results(whole, lambda layer: layer.learn(x, y))

    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_divided_step_sees_no_more_samples_at_once_than_it_may(objective, monkeypatch):
    made = network("linear", objective)
    layer, (x, y) = made.stack[0], drawn(made, 10)
    seen = []
    evaluate = type(layer.objective).evaluate

    def recorded(self, h, y):
        seen.append(len(y))
        return evaluate(self, h, y)

    monkeypatch.setattr(type(layer.objective), "evaluate", recorded)
    learn_in_chunks(layer, x, y, size=4)

    assert seen == ([4, 4, 2] if objective != "hierarchical" else [10])


def test_what_couples_the_samples_of_a_batch_is_not_divided():
    divided = {kind: network(kind, "projection").stack[0].divisible for kind in KINDS}

    assert divided == {
        "linear": True,
        "peers": False,
        "conv2d": True,
        "conv2d-peers": False,
        "local2d": True,
        "block": False,
    }


@pytest.mark.parametrize("kind", ["linear", "conv2d"])
def test_labels_beside_the_samples_are_labels_written_into_them(kind):
    apart, written = network(kind, "threshold"), network(kind, "threshold")
    x, y = drawn(apart, 6)

    found = results(apart, lambda layer: layer.learn(x, y))
    expected = results(written, lambda layer: layer.learn(x.written_out(), y))

    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_labels_are_written_in_where_they_count_in_the_length_of_a_sample():
    rails, _ = drawn(network("local2d", "threshold"), 6)  # whose norm is "rms"

    assert isinstance(rails, torch.Tensor)


@pytest.mark.parametrize("hidden", [[9, 7], [CONV, 7], [KINDS["local2d"], 7]])
def test_every_label_is_scored_as_if_it_were_written_into_the_input(hidden):
    config = NetworkConfig.parse({"hidden": hidden, "objective": "symba"}, where="test")
    made = FFNetwork(config, (4, 5), CLASSES, seed=1).double()
    x = torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = []
    for label in range(CLASSES):
        rails = LabelledRails(made.scale(x), torch.full((1, 6), label), CLASSES)
        first, second = made.stack
        h = first.activity(rails.written_out())
        expected.append(torch.stack([first.goodness(h), second.goodness(second.activity(h))]))

    torch.testing.assert_close(made.layer_goodness(x), torch.stack(expected, dim=-1))


def test_an_answer_in_parts_is_the_whole_one_and_may_take_the_place_of_its_input():
    config = NetworkConfig(hidden=(9, 9))
    layer = FFNetwork(config, (9,), CLASSES, seed=1).stack[1]
    x = torch.rand(11, 9)
    expected = layer.activity(x)

    apart = answer_in_chunks(layer, x, size=4)
    in_place = answer_in_chunks(layer, x, size=4, overwrite=True)

    torch.testing.assert_close(apart, expected)
    assert in_place is x
    assert torch.equal(in_place, apart)


def trained(engine: str, *, chunk_size: int | None = None, **values) -> FFNetwork:
    config = NetworkConfig.parse({"hidden": [9, 9, 9]} | values, where="test")
    made = FFNetwork(config, (4, 5), CLASSES, seed=1)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(30, 4, 5, generator=generator), torch.arange(30) % CLASSES
    config = TrainingConfig(batch_size=16, engine=engine, chunk_size=chunk_size, optimizer="sgd")
    Trainer(made.double(), x.double(), y, config, seed=0).train_epochs(2)
    return made


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"objective": "threshold"},
        {"objective": "self-contrastive", "readout": "probe"},
        {"objective": "symba", "recurrent": {"steps": 2}},
        {"hidden": [9, {"kind": "linear", "features": 9, "shortcut": "add", "span": 1}, 9]},
    ],
    ids=["classes", "labels", "pairs", "recurrent", "shortcuts"],
)
def test_all_engines_and_chunk_sizes_train_one_network(values):
    expected = dict(trained("autograd", **values).named_parameters())

    for engine, size in (("auto", None), ("closed-form", 5)):
        found = dict(trained(engine, chunk_size=size, **values).named_parameters())
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "training", "message"),
    [
        (
            {"objective": "hierarchical"},
            {"engine": "closed-form"},
            r"the objective 'hierarchical' of layer 1 \(linear\) has none; use engine = 'auto'",
        ),
        (
            {"hidden": [9, KINDS["block"] | {"dimensions": 0, "block": "perceptron"}]},
            {"engine": "closed-form"},
            "layer 2 is a 'block', which learns by autograd inside",
        ),
        (
            {},
            {"engine": "autograd", "precision": "bfloat16"},
            "'autograd' multiplies in float32 .* got training.precision = 'bfloat16'",
        ),
    ],
)
def test_an_engine_that_a_layer_lacks_is_refused(changes, training, message):
    config = NetworkConfig.parse({"hidden": [9]} | changes, where="test")
    made = FFNetwork(config, (4, 5), CLASSES, seed=1)

    with pytest.raises(ConfigError, match=f"^training.engine: .*{message}"):
        Trainer(
            made,
            torch.rand(6, 4, 5),
            torch.arange(6) % CLASSES,
            TrainingConfig(**training),
            seed=0,
        )


@pytest.mark.parametrize(
    ("hidden", "asked", "size"),
    [
        ([9], None, 1024),
        ([9], 7, 7),
        ([{"kind": "conv2d", "features": 64}], None, 1 << 24 >> 15),
        ([{"kind": "conv2d", "features": 4096}], None, 256),
    ],
)
def test_a_part_is_as_large_as_memory_allows(hidden, asked, size):
    config = NetworkConfig.parse({"hidden": hidden}, where="test")
    with torch.device("meta"):
        layers = FFNetwork(config, (32, 16), CLASSES, seed=1).stack

    assert chunk_samples(layers, asked) == size


def test_a_layer_that_changed_its_precision_is_lent_memory_of_that():
    made = network("linear", "projection", torch.float32)
    engine, layer = Engine(made.stack, TrainingConfig()), made.stack[0]

    engine.learn(layer, *drawn(made, 4, torch.float32))
    layer.zero_grad()  # as a step leaves it
    layer.double()
    engine.learn(layer, *drawn(made, 4))

    assert all(parameter.grad.dtype == torch.float64 for parameter in layer.parameters())
