import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.labelled import as_rows
from plurigrid_ff.learning.network import FFNetwork

CONV = {"kind": "conv2d", "features": 6}


def build(hidden: list, shape: tuple[int, ...], classes: int = 3, **settings) -> FFNetwork:
    config = NetworkConfig.parse({"hidden": hidden, **settings}, where="test")
    return FFNetwork(config, shape, classes, seed=0)


@pytest.mark.parametrize(
    ("hidden", "feature_shape", "read", "out"),
    [
        ([CONV], (8, 9), (1, 8, 9), (6, 8, 9)),
        ([CONV | {"pool": 2}], (2, 8, 9), (2, 8, 9), (6, 4, 4)),
        ([{"kind": "conv1d", "features": 6, "stride": 2}], (5, 9), (5, 9), (6, 5)),
        ([{"kind": "conv1d", "features": 6}], (9,), (1, 9), (6, 9)),
        ([{"kind": "local2d", "features": 6, "kernel": 4}], (8, 9), (1, 8, 9), (6, 8, 9)),
        ([6], (2, 8, 9), (144,), (6,)),
    ],
)
def test_samples_are_read_in_the_shape_of_the_first_layer(hidden, feature_shape, read, out):
    network = build(hidden, feature_shape)

    assert network.input_shape == read
    assert network.scale(torch.rand(2, *feature_shape)).shape == (2, *read)
    assert network.stack[0].out_shape == out
    assert network(torch.rand(2, *feature_shape)).shape == (2, 3)


def test_labels_are_planes_beside_the_channels_of_an_image():
    network = build([CONV, 6], (2, 5, 4), objective="threshold")
    x, y = torch.rand(2, 2, 5, 4), torch.tensor([0, 2])

    rails = as_rows(network.rails_of(x, y, torch.tensor([1, 0])))

    assert rails.shape == (4, 5, 5, 4)
    assert (rails[:, 2:].amax(dim=(2, 3)) == rails[:, 2:].amin(dim=(2, 3))).all()
    assert rails[:, 2:, 0, 0].argmax(dim=1).tolist() == [0, 2, 1, 0]
    torch.testing.assert_close(rails[:2, :2], network.scale(x))


def test_what_is_passed_on_through_shortcuts_is_what_is_written_out():
    settings = {"norm": "layer", "span": 2}
    hidden = [
        CONV,
        CONV | settings,
        CONV | settings | {"pool": 2, "shortcut": "concat"},
        CONV | {"features": 12} | settings | {"span": 1, "shortcut": "add"},
        CONV | settings,
    ]
    network = build(hidden, (4, 4))
    x = torch.rand(3, 4, 4)
    norm = network.stack[1].normalise
    one, two, three, four, five = network.stack

    h1 = one.activity(network.scale(x))
    h2 = two.activity(h1)
    h3 = three.activity(h2)
    small = torch.nn.functional.avg_pool2d(h1, 2)
    parts = [part.reshape(3, 3, 2, 2, 2) for part in (norm(h3), small)]
    passed3 = torch.cat(parts, dim=2).reshape(3, 12, 2, 2)
    h4 = four.activity(passed3)
    h5 = five.activity(norm(h4) + passed3)
    expected = [h.flatten(1) for h in (h1, h2, h3, h4, h5)]

    assert network.flow.reach == 2
    for found, wanted in zip(network.activities(x), expected, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    ("hidden", "shape", "message"),
    [
        ([CONV], (64,), r"layer 1 is 'conv2d' and reads samples of shape .*, got \(64,\); use a l"),
        ([{"kind": "conv1d", "features": 3}], (1, 8, 8), "layer 1 is 'conv1d' .*'conv2d' or 'loc"),
        ([6, CONV], (8, 8), r"layer 2 is 'conv2d', but the layer before it passes on \(6,\); put"),
        ([CONV | {"pool": 9}], (8, 8), r"layer 1 pools windows of 9, but its map is only \(8, 8\)"),
        ([CONV | {"kernel": 9, "padding": "valid"}], (8, 8), "layer 1: a field of 9 does not fit"),
        ([CONV, CONV | {"shortcut": "add"}], (8, 8), "layer 2: its shortcut would start 2 layers "),
        ([CONV | {"features": 4}, CONV | {"norm": "group"}], (8, 8), "layer 2 normalises one grou"),
        ([3, {"features": 3, "norm": "group"}], (8, 8), r"layer 2 normalises .* \(3,\) leaves one"),
        (
            [CONV, CONV | {"features": 9, "span": 1, "shortcut": "add"}],
            (8, 8),
            "layer 2: shortcut 'add' needs as many features",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused_with_what_would(hidden, shape, message):
    with pytest.raises(ConfigError, match=f"^network.hidden: {message}"):
        build(hidden, shape)


def test_class_goodness_says_which_width_its_classes_do_not_divide():
    with pytest.raises(ConfigError, match="80 is not a multiple of the 3 classes; use 78 or 81"):
        build([CONV | {"features": 5, "grid": 4}], (8, 8), objective="class-goodness")


def test_a_network_of_seventeen_layers_is_built_and_answers():
    block = CONV | {"norm": "group"}
    hidden = [CONV]
    for features in (6, 12, 24, 48):
        layer = block | {"features": features}
        hidden += [layer, layer | {"shortcut": "add"}, layer, layer | {"shortcut": "concat"}]
    network = build(hidden, (8, 8), objective="class-goodness")

    assert len(network.stack) == 17
    assert network.predict(torch.rand(2, 8, 8)).shape == (2,)


def test_a_first_layer_reads_what_the_settings_scaled_and_does_not_scale_it_again():
    network = build([6, 6], (4,), scaling="standard")
    x = torch.rand(20, 4) * torch.tensor([1.0, 10.0, 100.0, 1000.0])
    network.fit_scaling(x)

    scaled = network.scale(x)

    assert torch.equal(network.stack[0].read(scaled), scaled)
    h = 10 * torch.rand(20, 6)
    torch.testing.assert_close(network.stack[1].read(h).square().mean(dim=1), torch.ones(20))
