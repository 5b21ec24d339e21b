import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import UnknownNameError
from plurigrid_ff.learning.labels import embed_labels, embed_neutral
from plurigrid_ff.learning.network import FFNetwork


def build(way=None, hidden=(6, 9, 3), shape=(2, 3), num_classes=3) -> FFNetwork:
    config = (way or NetworkConfig()).model_copy(update={"hidden": hidden})
    return FFNetwork(config, shape, num_classes, seed=0)


def samples(count: int, shape=(2, 3), seed: int = 0) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


def test_goodness_has_one_score_per_layer_sample_and_class(way):
    network = build(way)

    assert network.layer_goodness(samples(7)).shape == (3, 7, 3)
    assert network(samples(7)).shape == (7, 3)
    assert network.predict(samples(7)).shape == (7,)


def test_a_prediction_does_not_depend_on_the_rest_of_the_batch(way):
    network = build(way)
    x = samples(9)

    together = network.layer_goodness(x)
    alone = torch.cat([network.layer_goodness(x[i : i + 1]) for i in range(9)], dim=1)

    torch.testing.assert_close(together, alone)


def test_every_sample_gets_its_own_label():
    x = torch.eye(2)

    embedded = embed_labels(x, torch.tensor([2, 0]), 4)

    assert embedded.tolist() == [[1, 0, 0, 0, 2, 0], [0, 1, 2, 0, 0, 0]]


def test_the_neutral_label_has_the_length_of_a_label_and_favours_none():
    x = torch.zeros(1, 3)

    neutral = embed_neutral(x, 4)[0, 3:]
    label = embed_labels(x, torch.tensor([1]), 4)[0, 3:]

    assert len(set(neutral.tolist())) == 1
    assert neutral.norm() < label.norm()


def test_all_weights_are_parameters_and_move_with_the_network(way):
    network = build(way)

    names = {".".join(key.split(".")[:2]) for key in network.state_dict()}

    probe = {"probe": {"probe.weight", "probe.bias"}, "head": {"probe.heads"}}
    assert names == {"layers.0", "layers.1", "layers.2"} | probe.get(way.readout, set())
    assert network.num_parameters == sum(v.numel() for v in network.state_dict().values())
    assert all(p.dtype == torch.float64 for p in network.double().parameters())


def test_the_seed_decides_the_weights_and_the_role_too():
    config = NetworkConfig(hidden=(4,))
    weights = [
        FFNetwork(config, (3,), 2, seed=seed, role=role).stack[0].transform.weight
        for seed, role in [(0, "a"), (0, "a"), (1, "a"), (0, "b")]
    ]

    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[3])


def test_samples_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(batch, \*\(2, 3\)\), got \(4, 6\)"):
        build()(torch.zeros(4, 6))


def test_two_rails_need_wrong_labels():
    with pytest.raises(ValueError, match="needs wrong labels"):
        build(NetworkConfig(objective="threshold")).rails_of(samples(2), torch.tensor([0, 1]), None)


def test_an_unknown_objective_is_named_before_anything_is_built():
    with pytest.raises(UnknownNameError, match="did you mean 'threshold'"):
        build(NetworkConfig(objective="treshold"))


def test_train_and_eval_are_torchs_own():
    network = build()

    assert network.eval() is network
    assert network.train() is network


def test_standard_scaling_brings_every_feature_to_mean_zero_and_variance_one():
    config = NetworkConfig(hidden=(4,), scaling="standard")
    network = FFNetwork(config, (3,), 2, seed=0).double()
    x = samples(50, (3,)).double() * torch.tensor([1e-3, 1.0, 1e6]) + torch.tensor([5.0, 0, 1e7])

    network.fit_scaling(x)
    standard = network.scale(x)

    torch.testing.assert_close(standard.mean(dim=0), torch.zeros(3).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(standard.square().mean(dim=0), torch.ones(3).double())


def test_a_feature_that_never_varies_does_no_harm():
    network = FFNetwork(NetworkConfig(hidden=(4,), scaling="standard"), (2,), 2, seed=0)
    x = torch.stack([torch.full((9,), 7.0), torch.arange(9.0)], dim=1)

    network.fit_scaling(x)

    assert torch.isfinite(network.scale(x)).all()
    assert (network.scale(x)[:, 0] == 0).all()


def test_without_scaling_features_keep_their_proportions():
    network = build(hidden=(4,), shape=(3,), num_classes=2)
    x = torch.tensor([[1.0, 2.0, 3.0]])

    network.fit_scaling(x)

    torch.testing.assert_close(network.scale(x) / network.scale(x)[0, 0], x)


def test_the_prediction_is_by_goodness_summed_over_all_layers_or_by_the_head(way):
    network = build(way)
    goodness = network.layer_goodness(samples(9))

    total = goodness[2] if way.readout == "head" else goodness[0] + goodness[1] + goodness[2]

    torch.testing.assert_close(network(samples(9)), total)
    assert torch.equal(network.predict(samples(9)), total.argmax(dim=1))
