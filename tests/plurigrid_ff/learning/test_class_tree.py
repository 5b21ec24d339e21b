from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.learning.checkpoint import load_network, save_network
from plurigrid_ff.learning.class_tree import class_levels, class_means, level_at
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

# Two pairs of like classes and a class by itself, which joins the second pair.
MEANS = torch.tensor([[9.0, 2.0], [0.0, 9.0], [9.0, -2.0], [3.0, 9.0], [-6.0, 5.0]])


def groups(level) -> set[frozenset[int]]:
    """Return the classes of every super-class."""
    return {
        frozenset(k for k, group in enumerate(level.tolist()) if group == number)
        for number in set(level.tolist())
    }


def test_like_classes_part_last():
    levels = class_levels(MEANS)

    assert levels.tolist() == [[0, 1, 0, 1, 1], [0, 1, 2, 1, 3], [0, 1, 2, 3, 4]]


@given(classes=st.integers(2, 12), features=st.integers(1, 5), seed=st.integers(0, 2**16))
def test_levels_refine_each_other_from_two_super_classes_to_single_classes(classes, features, seed):
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(classes, features, generator=generator)

    levels = class_levels(means)

    assert len(groups(levels[0])) == 2
    assert levels[-1].tolist() == list(range(classes))
    for coarse, fine in pairwise(levels):
        assert groups(coarse) != groups(fine)
        assert all(any(part <= whole for whole in groups(coarse)) for part in groups(fine))


@given(seed=st.integers(0, 2**16), scale=st.floats(0.1, 100.0))
def test_the_tree_ignores_the_scale_of_the_means_and_what_all_share(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    means, shift = torch.randn(7, 4, generator=generator), torch.randn(4, generator=generator)

    assert torch.equal(class_levels(means), class_levels(scale * (means + shift)))


def test_likeness_is_of_direction_and_not_of_length():
    means = torch.tensor([[10.0, 0.0], [1.0, 0.1], [-1.0, 0.1], [-10.0, -0.2]])

    assert class_levels(means)[0].tolist() == [0, 0, 1, 1]


def test_classes_that_all_look_the_same_still_have_a_tree():
    levels = class_levels(torch.ones(4, 3))

    assert levels[-1].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(1, [4]), (2, [0, 4]), (3, [0, 2, 4]), (4, [0, 2, 3, 4]), (5, [0, 1, 2, 3, 4])],
)
def test_the_first_layer_takes_the_coarsest_level_and_the_last_one_the_classes(depth, expected):
    levels = torch.arange(5).unsqueeze(1)

    assert [int(level_at(levels, index, depth)) for index in range(depth)] == expected


def test_means_are_those_of_scaled_samples_also_beyond_one_batch(monkeypatch):
    monkeypatch.setattr("plurigrid_ff.learning.class_tree.BATCH_SIZE", 4)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(10, 2, 3, generator=generator), torch.arange(10) % 3

    means = class_means(x, y, 4, scale=lambda part: 2 * part.flatten(1))

    for k in range(3):
        torch.testing.assert_close(means[k], 2 * x[y == k].flatten(1).double().mean(dim=0))
    assert means[3].tolist() == [0.0] * 6


def build(training: TrainingConfig | None = None, **options: float) -> tuple[FFNetwork, Trainer]:
    config = NetworkConfig(hidden=(30, 30, 30), objective="hierarchical", options=options)
    network = FFNetwork(config, (2,), 5, seed=0)
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(100) % 5
    x = MEANS[y] + 0.3 * torch.randn(100, 2, generator=generator)
    return network, Trainer(network, x, y, training or TrainingConfig(epochs=1), seed=0)


def test_a_trainer_gives_every_layer_its_level(tmp_path):
    network, trainer = build(tree=1.0)

    found = [layer.objective.superclass.tolist() for layer in network.stack]
    trainer.train_epochs(1)
    save_network(network, tmp_path / "network", class_names=tuple("abcde"), data="toy")
    loaded, _ = load_network(tmp_path / "network")

    assert found == class_levels(MEANS).tolist()
    assert [layer.objective.superclass.tolist() for layer in loaded.stack] == found


def test_samples_are_averaged_once_for_all_layers_and_not_at_all_without_a_tree(monkeypatch):
    calls = []

    def counted(*arguments, **settings):
        calls.append(arguments)
        return class_means(*arguments, **settings)

    monkeypatch.setattr("plurigrid_ff.learning.network.class_means", counted)

    build(tree=0.0)
    assert calls == []
    build(tree=0.5)
    assert len(calls) == 1


def test_a_first_layer_learns_super_classes_and_the_last_one_classes():
    training = TrainingConfig(epochs=60, batch_size=25, learning_rate=2e-2, decay="none")
    network, trainer = build(training, tree=1.0, weight=0.0)
    trainer.train_epochs(60)

    goodness = network.layer_goodness(trainer.x)

    coarse = network.stack[0].objective.superclass
    first, last = goodness[0].argmax(dim=1), goodness[2].argmax(dim=1)
    assert (coarse[first] == coarse[trainer.y]).double().mean() > 0.95
    assert (last == trainer.y).double().mean() > 0.8
