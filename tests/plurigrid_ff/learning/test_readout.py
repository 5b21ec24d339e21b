import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.learning.checkpoint import load_network, load_weights, save_network
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.readout import Readout, best_range


def build(**settings) -> FFNetwork:
    return FFNetwork(NetworkConfig(hidden=(5, 4, 6), **settings), (3,), 2, seed=0)


def right(scores, y, first, last) -> int:
    """Count what a range gets right, written out."""
    total = sum(scores[layer - 1] for layer in range(first, last + 1))
    return int((total.argmax(dim=1) == y).sum())


@given(
    layers=st.integers(1, 5),
    samples=st.integers(1, 12),
    classes=st.integers(2, 4),
    seed=st.integers(0, 2**16),
)
def test_the_chosen_range_is_the_best_of_all_then_the_widest_then_the_deepest(
    layers, samples, classes, seed
):
    generator = torch.Generator().manual_seed(seed)
    # Whole numbers: sums are exact, and ties abound.
    scores = torch.randint(0, 4, (layers, samples, classes), generator=generator).double()
    y = torch.randint(0, classes, (samples,), generator=generator)

    chosen = best_range(scores, y)

    ranges = [(a, b) for a in range(1, layers + 1) for b in range(a, layers + 1)]
    most = max(right(scores, y, *bounds) for bounds in ranges)
    equals = [bounds for bounds in ranges if right(scores, y, *bounds) == most]
    assert chosen == max(equals, key=lambda bounds: (bounds[1] - bounds[0], bounds[0]))


def test_layers_that_mislead_are_left_out():
    y = torch.tensor([0, 1, 2])
    good, bad = torch.eye(3), 5 * torch.eye(3).roll(1, dims=1)

    assert best_range(torch.stack([bad, good, good, bad]), y) == (2, 3)


def test_where_all_ranges_are_equally_good_all_layers_predict():
    assert best_range(torch.ones(4, 3, 2), torch.tensor([0, 0, 1])) == (1, 4)


def test_a_fixed_range_sums_its_layers_and_no_others():
    network = build(readout_layers=(2, 3))
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    goodness = network.layer_goodness(x)

    torch.testing.assert_close(network(x), goodness[1] + goodness[2])
    assert network.read_out.layers == (2, 3)


def test_until_a_range_is_chosen_all_layers_predict():
    network = build(readout_layers="validated")

    assert network.read_out.layers == (1, 3)


def test_a_chosen_range_is_saved_with_the_network(tmp_path):
    network, path = build(readout_layers="validated"), tmp_path / "network.safetensors"
    good, bad = torch.eye(2), 5 * torch.eye(2).roll(1, dims=1)
    network.read_out.choose(torch.stack([bad, good, bad]), torch.tensor([0, 1]))

    save_network(network, path, class_names=("a", "b"), data="toy")
    loaded, card = load_network(path)
    other = build(readout_layers="validated")
    load_weights(other, path)

    assert loaded.read_out.layers == other.read_out.layers == (2, 2)
    assert card.network.readout_layers == "validated"
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded(x), network.layer_goodness(x)[1])


@pytest.mark.parametrize("bounds", [[0, 2], [3, 2], [1, 4]])
def test_a_file_with_a_range_of_no_layers_is_refused(tmp_path, bounds):
    network, path = build(readout_layers="validated"), tmp_path / "network.safetensors"
    network.read_out.bounds.copy_(torch.tensor(bounds))
    save_network(network, path, class_names=("a", "b"), data="toy")

    with pytest.raises(CheckpointError, match="must hold first and last of 3 layers, got"):
        load_network(path)
    with pytest.raises(CheckpointError, match="must hold first and last of 3 layers, got"):
        load_weights(build(readout_layers="validated"), path)


def test_a_range_beyond_the_last_layer_is_refused():
    with pytest.raises(ConfigError, match=r"from 1 to 3, got \[2, 4\]; the network has 3"):
        build(readout_layers=(2, 4))


@pytest.mark.parametrize("readout", ["probe", "head"])
@pytest.mark.parametrize("layers", ["validated", (1, 2)])
def test_a_read_out_that_learns_has_no_range(readout, layers):
    with pytest.raises(ConfigError, match=f"is for the read-out 'goodness', got .* '{readout}'"):
        build(readout=readout, readout_layers=layers)


def test_a_head_reads_the_last_layer_and_a_probe_all_of_them():
    assert Readout(NetworkConfig(readout="head"), 4).layers == (4, 4)
    assert Readout(NetworkConfig(readout="probe"), 4).layers == (1, 4)


def test_normalising_goodness_of_layers_changes_no_prediction():
    """Why there is no such option: log-probabilities are goodness less one number per sample."""
    generator = torch.Generator().manual_seed(0)
    goodness = 10 * torch.randn(4, 50, 6, generator=generator, dtype=torch.float64)

    plain, normalised = goodness.sum(dim=0), goodness.log_softmax(dim=2).sum(dim=0)

    shift = plain - normalised
    torch.testing.assert_close(shift, shift[:, :1].expand_as(shift))
