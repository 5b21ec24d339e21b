import json

import pytest
import torch
from safetensors.torch import save_file

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.learning.checkpoint import load_network, load_weights, save_network
from plurigrid_ff.learning.network import FFNetwork

NAMES = ("a", "b", "c")


def build(way=None, hidden=(6, 3)) -> FFNetwork:
    config = (way or NetworkConfig()).model_copy(update={"hidden": hidden})
    return FFNetwork(config, (2, 2), 3, seed=0)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(build(), path, class_names=NAMES, data="toy", updates=(7, 8))
    return path


def test_a_loaded_network_is_the_saved_one(tmp_path, way):
    network, path = build(way), tmp_path / "network.safetensors"
    x = torch.randn(5, 2, 2, generator=torch.Generator().manual_seed(0))

    save_network(network, path, class_names=NAMES, data="toy", updates=(7, 8))
    loaded, card = load_network(path)

    torch.testing.assert_close(loaded(x), network(x), rtol=0, atol=0)
    assert card.network == network.config
    assert card.class_names == NAMES
    assert card.data == "toy"
    assert card.updates == (7, 8)


def test_weights_of_another_shape_are_refused_with_both_shapes(saved):
    with pytest.raises(CheckpointError, match=r"must have shape \(3, 9\), got \(3, 6\)"):
        load_weights(build(hidden=(9, 3)), saved)


def test_weights_of_a_deeper_network_are_refused(saved):
    with pytest.raises(CheckpointError, match=r"'layers\.2\..*, got none"):
        load_weights(build(hidden=(6, 3, 4)), saved)


def test_a_card_that_claims_a_huge_network_costs_nothing(tmp_path):
    path = tmp_path / "huge.safetensors"
    card = {
        "network": {"hidden": [2_000_000_000]},
        "feature_shape": [1_000_000],
        "class_names": ["a", "b"],
        "data": "toy",
    }
    save_file({"x": torch.zeros(1)}, path, {"plurigrid_ff": json.dumps(card)})

    with pytest.raises(CheckpointError, match="network of another shape"):
        load_network(path)


def test_every_truncation_is_refused(saved):
    whole = saved.read_bytes()
    for size in range(0, len(whole), 97):
        saved.write_bytes(whole[:size])

        with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
            load_network(saved)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_network(tmp_path / "absent.safetensors")


def test_safetensors_of_somebody_else_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)

    with pytest.raises(CheckpointError, match="not written by plurigrid-ff"):
        load_network(path)


@pytest.mark.parametrize("text", ["{", "[1]", '{"format": 1}', '{"format": 99}'])
def test_a_damaged_card_is_refused(tmp_path, text):
    path = tmp_path / "network.safetensors"
    save_file({"x": torch.zeros(1)}, path, {"plurigrid_ff": text})

    with pytest.raises(CheckpointError, match=r"network\.safetensors"):
        load_network(path)


def test_a_failed_write_leaves_the_old_network_whole(saved, monkeypatch):
    before = saved.read_bytes()

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("plurigrid_ff.learning.tensors.save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_network(build(hidden=(9, 9)), saved, class_names=NAMES, data="toy")

    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
