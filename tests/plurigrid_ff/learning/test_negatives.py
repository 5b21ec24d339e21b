import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError, UnknownNameError
from plurigrid_ff.learning.draws import draw_rows
from plurigrid_ff.learning.labelled import as_rows
from plurigrid_ff.learning.labels import embed_labels
from plurigrid_ff.learning.negatives import find_negatives, known_negatives
from plurigrid_ff.learning.negatives.learned import NOISE_FEATURES
from plurigrid_ff.learning.negatives.wrong_label import WrongLabel, wrong_labels
from plurigrid_ff.learning.network import FFNetwork


@given(
    num_classes=st.integers(2, 20),
    key=st.integers(0, 2**64 - 1),
    labels=st.lists(st.integers(0, 19), min_size=1, max_size=100),
)
def test_a_negative_never_carries_the_true_label(num_classes, key, labels):
    y = torch.tensor(labels) % num_classes

    wrong = wrong_labels(y, num_classes, key=key, sample_ids=torch.arange(len(y)))

    assert (wrong != y).all()
    assert wrong.min() >= 0
    assert wrong.max() < num_classes


def test_every_wrong_label_is_equally_likely():
    y = torch.full((90_000,), 4)

    wrong = wrong_labels(y, 10, key=11, sample_ids=torch.arange(len(y)))

    counts = torch.bincount(wrong, minlength=10).double()
    assert counts[4] == 0
    others = counts[counts > 0]
    assert ((others - 10_000).square() / 10_000).sum() < 26.1  # 8 degrees of freedom, p = .001


def test_a_draw_belongs_to_the_sample_and_not_to_its_place_in_the_batch():
    y, ids = torch.tensor([0, 1, 2, 3]), torch.tensor([10, 20, 30, 40])
    order = torch.tensor([2, 0, 3, 1])

    plain = wrong_labels(y, 5, key=1, sample_ids=ids)
    reordered = wrong_labels(y[order], 5, key=1, sample_ids=ids[order])

    assert torch.equal(plain[order], reordered)


def test_a_batch_gets_the_wrong_labels_that_are_drawn_for_its_samples():
    pool, y = torch.zeros(40, 3), torch.arange(40) % 5
    negatives, ids = WrongLabel(pool, 5, key=0), torch.tensor([7, 39, 0])

    for key in (1, 2, 1):
        found = negatives.labels(None, pool[ids], y[ids], key=key, sample_ids=ids)

        assert torch.equal(found, wrong_labels(y[ids], 5, key=key, sample_ids=ids))


def test_one_class_has_no_wrong_label():
    with pytest.raises(ValueError, match="at least 2 classes, got 1"):
        wrong_labels(torch.zeros(3, dtype=torch.int64), 1, key=0, sample_ids=torch.arange(3))


KINDS = sorted(known_negatives())
UNLABELLED = sorted(name for name, kind in known_negatives().items() if not kind.labelled)


def build(name: str, shape=(4, 5), samples: int = 40, num_classes: int = 3):
    """Return a network, a source of negatives and labelled samples."""
    kind = known_negatives()[name]
    objective = "self-contrastive" if kind.contrast == "pairs" else "threshold"
    config = NetworkConfig(
        hidden=(6, 6), objective=objective, negatives=name, readout="probe", scaling="none"
    )
    network = FFNetwork(config, shape, num_classes, seed=0)
    x = torch.rand(samples, *shape, generator=torch.Generator().manual_seed(0))
    y = torch.arange(samples) % num_classes
    return network, kind(x, num_classes, key=5), x, y


@pytest.mark.parametrize("name", KINDS)
@given(seed=st.integers(0, 2**16), size=st.integers(1, 40), key=st.integers(0, 2**64 - 1))
def test_rails_belong_to_the_sample_and_not_to_its_place_in_the_batch(name, seed, size, key):
    network, source, x, y = build(name)
    ids = torch.randperm(40, generator=torch.Generator().manual_seed(seed))[:size]

    drawn = as_rows(source.rails(network, x[ids], y[ids], key=key, sample_ids=ids))
    back = ids.flip(0)
    turned = as_rows(source.rails(network, x[back], y[back], key=key, sample_ids=back))

    positive, negative = drawn.chunk(2)
    again_positive, again_negative = turned.chunk(2)
    torch.testing.assert_close(positive, again_positive.flip(0))
    torch.testing.assert_close(negative, again_negative.flip(0))


@pytest.mark.parametrize("name", ["wrong-label", "hardest-label"])
@given(num_classes=st.integers(2, 9), key=st.integers(0, 2**64 - 1))
def test_the_label_in_a_negative_is_never_the_true_one(name, num_classes, key):
    network, source, x, y = build(name, num_classes=num_classes)

    rails = as_rows(source.rails(network, x, y, key=key, sample_ids=torch.arange(40)))

    positive, negative = rails[:, -num_classes:].argmax(dim=1).chunk(2)
    assert torch.equal(positive, y)
    assert (negative != y).all()
    assert torch.equal(*rails[:, :-num_classes].chunk(2))


@pytest.mark.parametrize("name", UNLABELLED)
def test_unlabelled_rails_carry_no_label(name):
    network, source, x, y = build(name)
    ids = torch.arange(40)

    rails = source.rails(network, x, y, key=3, sample_ids=ids)
    others = source.rails(network, x, (y + 1) % 3, key=3, sample_ids=ids)

    assert rails.shape == (80, 20)
    assert torch.equal(rails, others)
    assert torch.equal(rails[:40], network.scale(x))


@pytest.mark.parametrize("name", UNLABELLED)
def test_no_negative_is_the_sample_itself(name):
    network, source, x, y = build(name)

    positive, negative = source.rails(network, x, y, key=3, sample_ids=torch.arange(40)).chunk(2)

    assert ((positive - negative).abs().amax(dim=1) > 1e-3).all()


@pytest.mark.parametrize("name", [n for n in UNLABELLED if n != "learned"])
def test_another_epoch_draws_other_negatives(name):
    _, source, x, _ = build(name)

    first = source.samples(x, key=1, sample_ids=torch.arange(40))
    second = source.samples(x, key=2, sample_ids=torch.arange(40))

    assert not torch.equal(first, second)


def test_the_hardest_label_is_the_argmax_of_the_written_out_layer():
    network, source, x, y = build("hardest-label")
    scaled = network.scale(x)

    rows = [embed_labels(scaled, torch.full_like(y, label), 3) for label in range(3)]
    goodness = torch.stack([network.stack[0](r).square().mean(dim=1) for r in rows], dim=1)
    expected = [
        max({0, 1, 2} - {int(t)}, key=lambda k: g[k]) for g, t in zip(goodness, y, strict=True)
    ]

    drawn = source.labels(network, x, y, key=0, sample_ids=torch.arange(40))

    torch.testing.assert_close(network.label_goodness(x), goodness, rtol=1e-4, atol=1e-5)
    assert drawn.tolist() == expected


@pytest.mark.parametrize(
    "layer", [{"features": 10, "norm": "layer"}, {"kind": "block", "block": "perceptron"}]
)
def test_the_first_layer_is_asked_label_by_label_where_parts_of_its_input_do_not_add_up(layer):
    settings = {"hidden": [layer], "objective": "threshold"}
    network = FFNetwork(NetworkConfig.parse(settings, where="test"), (5,), 3, seed=0)
    x = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))

    rows = [
        embed_labels(network.scale(x), torch.full((40,), label), 3).detach() for label in range(3)
    ]
    expected = torch.stack([network.stack[0](r).square().mean(dim=1) for r in rows], dim=1)

    torch.testing.assert_close(network.label_goodness(x), expected)


def test_a_learned_source_learns_through_the_first_layer_s_normalisation():
    settings = {
        "hidden": [{"features": 10, "norm": "layer"}],
        "objective": "threshold",
        "negatives": "learned",
        "readout": "probe",
    }
    network = FFNetwork(NetworkConfig.parse(settings, where="test"), (5,), 3, seed=0)
    x = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    source = known_negatives()["learned"](x, 3, key=5)
    layer, y, ids = network.stack[0], torch.zeros(40, dtype=torch.long), torch.arange(40)

    rails = source.rails(network, x, y, key=7, sample_ids=ids)

    z = 2 * draw_rows(7, ids, NOISE_FEATURES) - 1
    proposed = network.scale(source(z))
    h_neg = torch.relu(layer.transform(layer.normalise(proposed)))
    loss = layer.objective.loss(torch.cat([h_neg, layer(network.scale(x)).detach()]), y)
    gradients = torch.autograd.grad(loss, list(source.parameters()))
    torch.testing.assert_close(rails[40:], proposed.detach())
    for parameter, gradient in zip(source.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_a_hybrid_takes_half_of_its_pixels_from_each_of_two_samples_in_patches():
    _, source, x, _ = build("hybrid", shape=(2, 8, 8))

    ids = torch.arange(40)
    mask = source.masks(key=7, sample_ids=ids)
    mixed = source.samples(x, key=7, sample_ids=ids)

    assert (mask.flatten(1).sum(dim=1) == 32).all()
    own = (mixed == x).all(dim=1)  # both channels share a mask
    assert (own.flatten(1).sum(dim=1) == 32).all()
    same = (mask[:, :, 1:] == mask[:, :, :-1]).double().mean()
    assert same > 0.7  # neighbours of a random bit image would agree half of the time


def test_shuffled_features_keep_the_values_and_shuffled_rows_keep_the_columns():
    _, features, x, _ = build("shuffled-features", shape=(6,))
    rows = known_negatives()["shuffled-rows"](x, 3, key=5)
    ids = torch.arange(40)

    moved = features.samples(x, key=1, sample_ids=ids)
    mixed = rows.samples(x, key=1, sample_ids=ids)

    assert torch.equal(moved.sort(dim=1).values, x.sort(dim=1).values)
    for column in range(6):
        assert set(mixed[:, column].tolist()) <= set(x[:, column].tolist())


def test_noise_and_proposals_stay_within_the_range_of_every_feature():
    _, noise, x, _ = build("noise", shape=(6,))
    learned = known_negatives()["learned"](x, 3, key=5)
    ids = torch.arange(40)

    drawn = noise.samples(x, key=1, sample_ids=ids)
    proposed = learned(torch.randn(40, 32, generator=torch.Generator().manual_seed(0)))

    for found in (drawn, proposed):
        assert (found >= x.amin(dim=0) - 1e-6).all()
        assert (found <= x.amax(dim=0) + 1e-6).all()


def test_learned_negatives_learn_to_be_rated_high_and_leave_the_network_alone():
    network, source, x, y = build("learned")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.Adam(source.parameters(), lr=1e-2)
    ids = torch.arange(40)

    def goodness(rails):
        return network.stack[0](rails[40:]).square().mean().item()

    first = goodness(source.rails(network, x, y, key=1, sample_ids=ids))
    for _ in range(50):
        last = source.rails(network, x, y, key=1, sample_ids=ids)
        optimizer.step()

    assert goodness(last) > 1.2 * first
    assert all(p.grad is None for p in network.parameters())
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0)
    assert not last.requires_grad


def test_an_unknown_source_of_negatives_gets_the_nearest_name():
    config = NetworkConfig(objective="threshold", negatives="hardest-lable")

    with pytest.raises(UnknownNameError, match="unknown negatives .*did you mean 'hardest-label'"):
        find_negatives(config)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"negatives": "wrong-label"}, "'projection' compares classes and learns from 'none', got"),
        (
            {"objective": "self-contrastive", "negatives": "wrong-label", "readout": "probe"},
            "compares pairs and learns from 'other-sample', got 'wrong-label'",
        ),
        ({"objective": "symba", "negatives": "none"}, "compares samples and learns from 'hardest-"),
        ({"objective": "threshold", "negatives": "noise"}, "negatives 'noise' put no label into"),
        ({"objective": "self-contrastive"}, "got 'goodness'; set network.readout = \"probe\""),
    ],
)
def test_negatives_that_do_not_suit_are_refused_with_what_does(update, message):
    with pytest.raises(ConfigError, match=message):
        find_negatives(NetworkConfig().model_copy(update=update))


def test_hybrids_of_what_is_no_image_are_refused():
    with pytest.raises(ConfigError, match=r"got samples of shape \(6,\); use 'shuffled-rows'"):
        build("hybrid", shape=(6,))
