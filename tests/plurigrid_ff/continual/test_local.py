import pytest
import torch
from torch.nn import functional as F

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.continual.among import Among
from plurigrid_ff.continual.contenders import Problem
from plurigrid_ff.continual.learner import Batch
from plurigrid_ff.continual.local import LocalLearner
from plurigrid_ff.continual.rivals import BackpropLearner
from plurigrid_ff.learning.network import FFNetwork

SGD = TrainingConfig(optimizer="sgd", momentum=0.0, learning_rate=0.1, decay="none", epochs=1)


def network(objective, hidden=(8, 8)):
    config = NetworkConfig(hidden=hidden, objective=objective)
    return FFNetwork(config, (6,), 4, seed=0)


def batch(labels=(1, 3, 3, 1)):
    x = torch.rand(len(labels), 6, generator=torch.Generator().manual_seed(0))
    return Batch(x, torch.tensor(labels), len(labels))


@pytest.mark.parametrize("objective", ["class-goodness", "projection", "distance"])
def test_the_loss_among_some_classes_is_that_of_their_scores_alone(objective):
    of = network(objective).stack[0].objective
    h, y = torch.rand(4, 8), torch.tensor([1, 3, 3, 1])
    loss = Among(of, torch.tensor([1, 3])).loss(h, y)
    expected = F.cross_entropy(of.goodness(h)[:, [1, 3]], torch.tensor([0, 1, 1, 0]))
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("objective", ["class-goodness", "projection", "distance"])
def test_a_step_is_that_of_autograd_over_each_layer_alone(objective):
    one, other = LocalLearner(network(objective), SGD), network(objective)
    data = batch()
    one.learn(data)

    x = other.scale(data.x)
    for layer in other.stack:
        h = layer(x)
        loss = F.cross_entropy(
            layer.objective.goodness(layer.summary(h))[:, [1, 3]], torch.tensor([0, 1, 1, 0])
        )
        parameters = list(layer.parameters())
        for parameter, gradient in zip(
            parameters, torch.autograd.grad(loss, parameters), strict=True
        ):
            parameter.data -= 0.1 * gradient
        x = h.detach()
    for mine, theirs in zip(one.network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_in_the_first_layer_class_groups_of_absent_classes_do_not_move():
    one = LocalLearner(network("class-goodness"), SGD)
    before = one.network.stack[0].transform.weight.detach().clone()
    one.learn(batch())
    moved = (one.network.stack[0].transform.weight != before).any(dim=1).reshape(4, 2).any(dim=1)
    assert moved.tolist() == [False, True, False, True]


def test_no_layer_feels_one_above_it():
    shallow = LocalLearner(network("projection", (8,)), SGD)
    deep = LocalLearner(network("projection", (8, 8)), SGD)
    for _ in range(3):
        shallow.learn(batch())
        deep.learn(batch())
    first = [one.network.stack[0].transform.weight for one in (shallow, deep)]
    assert torch.equal(*first)


@pytest.mark.parametrize("masked", [True, False])
def test_masked_backprop_leaves_the_read_out_of_absent_classes_alone(masked):
    problem = Problem((8,), (6,), 4, "none", 0.1, 0)
    one = BackpropLearner(problem.rival(), SGD, masked=masked)
    before = one._network.head.weight.detach().clone()
    one.learn(batch())
    moved = (one._network.head.weight != before).any(dim=1)
    assert moved.tolist() == [not masked, True, not masked, True]
