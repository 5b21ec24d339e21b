"""ONNX graphs, run by onnxruntime, against the network itself."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from plurigrid_ff import __version__  # noqa: E402 (after the skip)
from plurigrid_ff.config import NetworkConfig, RecurrentConfig  # noqa: E402
from plurigrid_ff.errors import ExportError  # noqa: E402
from plurigrid_ff.learning.checkpoint import NetworkCard  # noqa: E402
from plurigrid_ff.learning.formats import Source, onnx  # noqa: E402
from plurigrid_ff.learning.network import FFNetwork  # noqa: E402
from plurigrid_ff.learning.objectives import known_objectives  # noqa: E402

# Both sum the same float32 products in another order.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def source_of(network, names=None):
    names = names or tuple(f"class {index}" for index in range(network.num_classes))
    card = NetworkCard(
        network=network.config,
        feature_shape=network.feature_shape,
        class_names=names,
        data="made up",
    )
    return Source(network, card, Path("network.safetensors"))


def session_of(network, names=None):
    content = onnx.encode(source_of(network, names), "net.onnx")["net.onnx"]
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def draw(generator, *shape):
    return torch.randn(shape, generator=generator)


def labelled(objective):
    return known_objectives()[objective].contrast != "pairs"


@st.composite
def networks(draws):
    """A network whose every parameter has been moved, biases included, and its generator."""
    objective = draws(st.sampled_from(sorted(known_objectives())))
    num_classes = draws(st.integers(2, 6))
    grouped = objective in ("class-goodness", "hierarchical")
    widths = st.integers(1, 9).map(lambda n: n * num_classes if grouped else n)
    options = {}
    if objective in ("threshold", "symba"):
        options = {"goodness": draws(st.sampled_from(["squares", "plain"]))}
    if objective == "hierarchical":
        options = {"tree": draws(st.sampled_from([0.0, 0.5, 1.0]))}
    if objective == "class-goodness":
        options = {
            "activity": draws(st.sampled_from(["squares", "plain"])),
            "scale": draws(st.sampled_from([0.5, 4.0])),
        }
    hidden = tuple(draws(st.lists(widths, min_size=1, max_size=3)))
    readouts = ["goodness", "probe", "head"] if labelled(objective) else ["probe", "head"]
    readout = draws(st.sampled_from(readouts))
    last = draws(st.integers(1, len(hidden)))
    layers = "all"
    if readout == "goodness":
        layers = draws(st.sampled_from(["all", (draws(st.integers(1, last)), last)]))
    config = NetworkConfig(
        hidden=hidden,
        objective=objective,
        scaling=draws(st.sampled_from(["none", "standard"])),
        options=options,
        readout=readout,
        readout_layers=layers,
    )
    shape = tuple(draws(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    generator = torch.Generator().manual_seed(draws(st.integers(0, 2**32 - 1)))
    network = FFNetwork(config, shape, num_classes, seed=0)
    network.prepare(3 * draw(generator, 20, *shape) + 2, torch.arange(20) % num_classes)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * draw(generator, *parameter.shape)
    return network, generator


@given(made=networks(), batch=st.sampled_from([0, 1, 2, 17]))
def test_onnxruntime_computes_what_the_network_computes(made, batch):
    network, generator = made
    x = draw(generator, batch, *network.feature_shape)

    goodness, label = session_of(network).run(["goodness", "label"], {"samples": x.numpy()})

    expected = network(x)
    torch.testing.assert_close(torch.from_numpy(goodness), expected, **TOLERANCE)
    assert label.dtype == np.int64
    assert label.shape == (batch,)
    # Where two classes are as good to within rounding, either may win.
    chosen = expected.gather(1, torch.from_numpy(label)[:, None])
    torch.testing.assert_close(chosen, expected.amax(dim=1, keepdim=True), **TOLERANCE)


CONV = {"kind": "conv2d", "features": 6}
STACKS = {
    "convolutions": (
        (3, 9, 8),
        [
            CONV | {"kernel": 4, "pool": 2, "grid": 3},
            CONV | {"norm": "group", "stride": 2, "pooling": "average"},
            {"features": 9, "norm": "layer"},
        ],
    ),
    "shortcuts": (
        (6, 6),
        [
            CONV,
            CONV | {"norm": "group"},
            CONV | {"norm": "layer", "pool": 2, "pooling": "average", "shortcut": "concat"},
            CONV | {"features": 12, "norm": "none", "shortcut": "add", "span": 1},
            CONV | {"norm": "group", "kernel": 1, "padding": "valid", "grid": 2},
        ],
    ),
    "over-time": (
        (4, 11),
        [
            {"kind": "conv1d", "features": 6, "kernel": 5, "pool": 2, "grid": 2},
            {"kind": "conv1d", "features": 6, "norm": "layer", "shortcut": "concat", "span": 1},
        ],
    ),
    "local-receptive-fields": (
        (2, 7, 5),
        [
            {"kind": "local2d", "features": 6, "stride": 2},
            {"kind": "local2d", "features": 3, "kernel": 2, "norm": "layer"},
            6,
        ],
    ),
    "shortcuts-between-rows": (
        (5,),
        [6, {"features": 6, "shortcut": "add", "span": 1}, {"features": 9, "norm": "group"}],
    ),
}


@pytest.mark.parametrize("objective", sorted(known_objectives()))
@pytest.mark.parametrize("stack", STACKS)
def test_every_kind_of_layer_is_computed_under_every_objective(stack, objective):
    shape, hidden = STACKS[stack]
    values = {"hidden": hidden, "objective": objective}
    if not labelled(objective):
        values["readout"] = "probe"
    network = FFNetwork(NetworkConfig.parse(values, where="test"), shape, 3, seed=3)
    generator = torch.Generator().manual_seed(0)
    network.prepare(draw(generator, 12, *shape), torch.arange(12) % 3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.2 * draw(generator, *parameter.shape)

    for batch in (0, 7):
        x = draw(generator, batch, *shape)
        goodness, _ = session_of(network).run(None, {"samples": x.numpy()})
        expected = network(x)
        torch.testing.assert_close(torch.from_numpy(goodness), expected, rtol=1e-3, atol=1e-4)
    assert expected.std() > 0.01


@pytest.mark.parametrize("objective", sorted(known_objectives()))
def test_every_objective_labels_samples_as_the_network_does(objective):
    readout = "goodness" if labelled(objective) else "probe"
    config = NetworkConfig(hidden=(60, 40), objective=objective, readout=readout)
    network = FFNetwork(config, (8, 8), 10, seed=3)
    generator = torch.Generator().manual_seed(0)
    if network.probe is not None:
        network.probe.weight.data.copy_(draw(generator, *network.probe.weight.shape))
    x = draw(generator, 200, 8, 8)

    goodness, label = session_of(network).run(None, {"samples": x.numpy()})

    torch.testing.assert_close(torch.from_numpy(goodness), network(x), **TOLERANCE)
    assert label.tolist() == network.predict(x).tolist()


def test_a_layer_of_super_classes_scores_their_classes_alike_in_the_graph_too():
    config = NetworkConfig(hidden=(8, 8), objective="hierarchical", options={"tree": 1.0})
    network = FFNetwork(config, (4,), 4, seed=0)
    generator = torch.Generator().manual_seed(0)
    network.prepare(draw(generator, 20, 4), torch.arange(20) % 4)
    x = draw(generator, 9, 4)

    goodness, _ = session_of(network).run(None, {"samples": x.numpy()})

    assert len(network.stack[0].objective.superclass.unique()) == 2
    torch.testing.assert_close(torch.from_numpy(goodness), network(x), **TOLERANCE)


def test_a_sample_of_zeros_is_not_divided_by_zero():
    network = FFNetwork(NetworkConfig(hidden=(6, 5)), (4,), 3, seed=0)

    goodness, _ = session_of(network).run(None, {"samples": np.zeros((1, 4), np.float32)})

    torch.testing.assert_close(torch.from_numpy(goodness), network(torch.zeros(1, 4)))


def test_inputs_and_outputs_have_names_and_shapes():
    session = session_of(FFNetwork(NetworkConfig(hidden=(6,)), (4, 2), 3, seed=0))

    described = [
        (item.name, item.shape, item.type)
        for item in [*session.get_inputs(), *session.get_outputs()]
    ]

    assert described == [
        ("samples", ["batch", 4, 2], "tensor(float)"),
        ("goodness", ["batch", 3], "tensor(float)"),
        ("label", ["batch"], "tensor(int64)"),
    ]


def test_the_file_holds_class_names_data_and_version():
    network = FFNetwork(NetworkConfig(hidden=(6,)), (4,), 2, seed=0)

    found = session_of(network, ("naïve", "a,b")).get_modelmeta().custom_metadata_map

    assert json.loads(found["class_names"]) == ["naïve", "a,b"]
    assert found["data"] == "made up"
    assert found["objective"] == "projection"
    assert found["plurigrid_ff_version"] == __version__


def test_two_rails_hold_each_weight_once():
    config = NetworkConfig(hidden=(30, 20), objective="threshold")
    network = FFNetwork(config, (8,), 10, seed=0)

    content = onnx.encode(source_of(network), "net.onnx")["net.onnx"]

    weights = 4 * network.num_parameters
    assert len(content) < weights + math.prod((4, 10, 30)) + 4000


def test_a_range_that_was_chosen_is_the_one_that_is_exported():
    config = NetworkConfig(hidden=(6, 5, 4), readout_layers="validated")
    network = FFNetwork(config, (4,), 2, seed=0)
    good, bad = torch.eye(2), 5 * torch.eye(2).roll(1, dims=1)
    network.read_out.choose(torch.stack([bad, good, bad]), torch.tensor([0, 1]))
    x = draw(torch.Generator().manual_seed(0), 9, 4)

    goodness, _ = session_of(network).run(None, {"samples": x.numpy()})

    second = network.layer_goodness(x)[1]
    torch.testing.assert_close(torch.from_numpy(goodness), second, **TOLERANCE)


@pytest.mark.parametrize("settings", [{"readout": "head"}, {"readout_layers": (2, 2)}])
def test_the_file_holds_no_score_and_no_layer_that_nothing_reads(settings):
    read = FFNetwork(NetworkConfig(hidden=(6, 5, 4), **settings), (4,), 2, seed=0)

    content = onnx.encode(source_of(read), "net.onnx")["net.onnx"]

    held = {constant.name for constant in onnx.onnx.load_from_string(content).graph.initializer}
    assert "layers.0.directions" not in held
    assert ("layers.2.weight" in held) == (read.config.readout == "head")


def test_the_same_network_gives_the_same_bytes():
    network = FFNetwork(NetworkConfig(hidden=(6,)), (4,), 2, seed=0)

    assert onnx.encode(source_of(network), "a") == onnx.encode(source_of(network), "a")


def test_an_objective_without_a_graph_is_refused(monkeypatch):
    network = FFNetwork(NetworkConfig(hidden=(6,)), (4,), 2, seed=0)
    monkeypatch.delitem(onnx.GOODNESS, known_objectives()["projection"])

    with pytest.raises(
        ExportError, match="'projection' cannot be written as ONNX, only class-goodness, distance"
    ):
        onnx.encode(source_of(network), "net.onnx")


def test_steps_that_nobody_has_written_as_a_graph_are_refused():
    config = NetworkConfig(hidden=(6,), recurrent=RecurrentConfig())
    network = FFNetwork(config, (4,), 2, seed=0)

    with pytest.raises(
        ExportError, match=r"network\.recurrent: .* cannot be written as ONNX; use -"
    ):
        onnx.encode(source_of(network), "net.onnx")


def test_a_network_too_large_for_one_file_is_refused(monkeypatch):
    network = FFNetwork(NetworkConfig(hidden=(6,), scaling="standard"), (4,), 2, seed=0)
    size = 4 * (4 * 6 + 6 + 2 * 6 + 4 + 4)  # weight, bias, directions, mean, deviation
    monkeypatch.setattr(onnx, "MAX_BYTES", size - 1)

    with pytest.raises(ExportError, match=f"take {size} bytes, but an ONNX file holds at most"):
        onnx.encode(source_of(network), "net.onnx")


def test_a_setting_that_the_graph_lacks_is_refused(monkeypatch):
    network = FFNetwork(NetworkConfig(hidden=(6,), objective="threshold"), (4,), 2, seed=0)
    threshold = type(network.stack[0].objective)
    monkeypatch.setattr(threshold, "goodness", lambda self, h: h.mean(dim=-1))

    with pytest.raises(ExportError, match="the graph of 'threshold' with options {} computes"):
        onnx.encode(source_of(network), "net.onnx")


def test_a_graph_whose_shapes_do_not_fit_is_refused(monkeypatch):
    network = FFNetwork(NetworkConfig(hidden=(6,), objective="threshold"), (4,), 2, seed=0)
    threshold = type(network.stack[0].objective)
    monkeypatch.setitem(onnx.GOODNESS, threshold, lambda builder, objective, h, prefix: h)

    with pytest.raises(ExportError, match="computes something else; use --format safetensors"):
        onnx.encode(source_of(network), "net.onnx")


@pytest.mark.parametrize("goodness", ["top-k", "entmax"])
def test_a_goodness_that_nobody_has_written_as_a_graph_is_refused(goodness):
    config = NetworkConfig(hidden=(30,), objective="symba", options={"goodness": goodness})
    network = FFNetwork(config, (4,), 2, seed=0)

    with pytest.raises(ExportError, match="computes something else; use --format safetensors"):
        onnx.encode(source_of(network), "net.onnx")
