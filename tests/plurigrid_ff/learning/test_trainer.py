import copy
import weakref

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import CheckpointError, TrainingError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

TRAINING = TrainingConfig(epochs=6, batch_size=32, learning_rate=5e-3)


def asks_autograd(way) -> bool:
    """Hierarchical contrast does, over one activity; learned negatives do, over their network."""
    return way.objective == "hierarchical" or way.negatives == "learned"


def build(data, way=None, *, seed=0, hidden=(18, 12, 9), config=TRAINING) -> Trainer:
    network = (way or NetworkConfig()).model_copy(update={"hidden": hidden})
    network = FFNetwork(network, data.feature_shape, data.num_classes, seed=seed)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    return Trainer(network, x, y, config, seed=seed)


def weights(trainer: Trainer, layer: int | None = None) -> dict[str, torch.Tensor]:
    """Weights of one layer, or of everything that learns."""
    prefix = "" if layer is None else f"layers.{layer}."
    state = dict(trainer.network.state_dict())
    if trainer.negatives is not None:
        state |= {f"negatives.{k}": v for k, v in trainer.negatives.state_dict().items()}
    return {k: v.clone() for k, v in state.items() if k.startswith(prefix)}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_way_learns_separable_classes(data, way, seed):
    trainer = build(data, way, seed=seed, config=TRAINING.model_copy(update={"epochs": 15}))

    trainer.train_epochs(15)
    predicted = trainer.network.predict(torch.from_numpy(data.test.x))

    accuracy = (predicted == torch.from_numpy(data.test.y)).double().mean()
    assert accuracy >= 0.95


def test_perturbing_a_later_layer_changes_no_update_of_an_earlier_one(data, way):
    plain, perturbed = build(data, way), build(data, way)
    with torch.no_grad():
        for parameter in perturbed.network.stack[2].parameters():
            parameter.add_(1.0)

    plain.train_epochs(2)
    perturbed.train_epochs(2)

    for part in ("layers.0.", "layers.1.", "negatives."):
        for name, value in weights(plain).items():
            if name.startswith(part):
                assert torch.equal(value, weights(perturbed)[name])
    assert not torch.equal(
        plain.network.stack[2].transform.weight, perturbed.network.stack[2].transform.weight
    )


def test_a_layer_learns_the_same_whether_or_not_others_stand_on_it(data, way):
    deep, shallow = build(data, way), build(data, way, hidden=(18,))

    deep.train_epochs(2)
    shallow.train_epochs(2)

    torch.testing.assert_close(weights(deep, 0), weights(shallow, 0), rtol=0, atol=0)


def test_a_probe_moves_no_layer_and_no_source_of_negatives(data, way):
    if way.readout == "goodness":
        pytest.skip("there is no probe")
    plain, perturbed = build(data, way), build(data, way)
    with torch.no_grad():
        for parameter in perturbed.network.probe.parameters():
            parameter.add_(1.0)

    plain.train_epochs(2)
    perturbed.train_epochs(2)

    before, after = weights(plain), weights(perturbed)
    for name in [name for name in before if name.startswith("probe.")]:
        assert not torch.equal(before.pop(name), after.pop(name))
    torch.testing.assert_close(before, after, rtol=0, atol=0)


@pytest.mark.parametrize("readout", ["probe", "head"])
def test_layers_learn_the_same_with_a_probe_and_without(data, way, readout):
    if way.readout != "goodness":
        pytest.skip("there must be a probe")
    plain = build(data, way)
    probed = build(data, way.model_copy(update={"readout": readout}))

    plain.train_epochs(2)
    probed.train_epochs(2)

    for layer in range(3):
        torch.testing.assert_close(weights(plain, layer), weights(probed, layer), rtol=0, atol=0)


def test_no_graph_outlives_a_step(data, way):
    kept = weakref.WeakSet()

    class Held:
        """Stands for a tensor that a graph keeps; it dies with the graph."""

        def __init__(self, tensor):
            self.tensor = tensor
            kept.add(self)

    trainer = build(data, way)
    with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
        trainer.train_epochs(1)

    assert len(kept) == 0


def test_a_closed_form_keeps_nothing_for_a_backward_pass(data, way):
    if asks_autograd(way):
        pytest.skip("not a closed form")
    saved = []
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t)

    with hooks:
        build(data, way).train_epochs(1)

    assert saved == []


def test_the_same_seed_trains_the_same_weights_and_another_seed_others(data, way):
    first, again, other = build(data, way), build(data, way), build(data, way, seed=1)
    for trainer in (first, again, other):
        trainer.train_epochs(2)

    torch.testing.assert_close(weights(first), weights(again), rtol=0, atol=0)
    assert not torch.equal(
        first.network.stack[0].transform.weight, other.network.stack[0].transform.weight
    )


def test_a_resumed_trainer_ends_where_an_uninterrupted_one_does(data, way, tmp_path):
    whole = build(data, way)
    whole.train_epochs(3)
    whole.train_epochs(3, trains=[True, False, True])

    first = build(data, way)
    first.train_epochs(3)
    first.save_state(tmp_path)
    second = build(data, way, seed=0)
    second.network.load_state_dict(copy.deepcopy(first.network.state_dict()))
    second.load_state(tmp_path)
    second.train_epochs(3, trains=[True, False, True])

    torch.testing.assert_close(weights(whole), weights(second), rtol=0, atol=0)
    assert second.updates == whole.updates == [48, 24, 48]
    assert second.epoch == 6


def test_a_layer_that_sits_out_keeps_its_weights(blobs):
    trainer = build(blobs)
    before = weights(trainer, 1)

    progress = trainer.train_epochs(1, trains=[True, False, True])

    torch.testing.assert_close(weights(trainer, 1), before, rtol=0, atol=0)
    assert [layer.updates for layer in progress] == [8, 0, 8]
    assert progress[1].loss is None
    assert progress[0].loss > 0


def test_nobody_training_passes_the_time(blobs):
    trainer = build(blobs)
    before = weights(trainer)

    trainer.train_epochs(2, trains=[False, False, False])

    torch.testing.assert_close(weights(trainer), before, rtol=0, atol=0)
    assert trainer.epoch == 2


def test_the_step_size_falls_along_half_a_cosine(blobs):
    trainer = build(blobs, config=TrainingConfig(epochs=4, batch_size=240, learning_rate=0.1))
    rates = []
    for _ in range(4):
        trainer.train_epochs(1)
        rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    assert rates[0] == pytest.approx(0.1)
    assert rates[2] == pytest.approx(0.1 * (0.01 + 0.99 / 2))
    assert rates == sorted(rates, reverse=True)


def test_a_step_size_without_decay_stays(blobs):
    config = TrainingConfig(epochs=4, batch_size=240, learning_rate=0.1, decay="none")
    trainer = build(blobs, config=config)

    trainer.train_epochs(4)

    assert trainer.optimizers[0].param_groups[0]["lr"] == 0.1


def test_progress_rises_to_one(blobs):
    shares = []

    build(blobs).train_epochs(2, progress=shares.append)

    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_loss_that_is_not_finite_names_layer_epoch_and_batch(blobs):
    trainer = build(blobs)
    trainer.train_epochs(1)
    with torch.no_grad():
        trainer.network.stack[1].transform.bias.fill_(float("nan"))

    with pytest.raises(TrainingError, match="loss of layer 2 is nan in epoch 2, batch 1 of 8"):
        trainer.train_epochs(1)


def test_a_schedule_of_another_length_is_refused(blobs):
    with pytest.raises(ValueError, match="trains names 2 of 3 layers"):
        build(blobs).train_epochs(1, trains=[True, False])


def test_state_of_a_network_of_another_shape_is_refused(blobs, tmp_path):
    trainer = build(blobs)
    trainer.train_epochs(1)
    trainer.save_state(tmp_path)

    with pytest.raises(CheckpointError, match="not the state of a 2-layer network"):
        build(blobs, hidden=(18, 12)).load_state(tmp_path)
    with pytest.raises(CheckpointError, match=r"must have shape \(9, 12\), got \(18, 12\)"):
        build(blobs, hidden=(9, 12, 6)).load_state(tmp_path)


def test_a_layer_with_no_active_unit_left_is_named_with_the_remedy(blobs):
    trainer = build(blobs)
    with torch.no_grad():
        trainer.network.stack[1].transform.bias.fill_(-1e3)

    with pytest.raises(
        TrainingError,
        match="layer 2 is exhausted: none of its 12 units was active in epoch 1, "
        "so it can learn nothing more; lower training.learning_rate",
    ):
        trainer.train_epochs(1)


def test_a_layer_that_sits_out_may_be_silent(blobs):
    trainer = build(blobs)
    with torch.no_grad():
        trainer.network.stack[2].transform.bias.fill_(-1e3)

    trainer.train_epochs(1, trains=[True, True, False])

    assert trainer.epoch == 1


@pytest.mark.parametrize("readout", ["probe", "head"])
def test_the_loss_of_a_probe_is_told(blobs, readout):
    trainer = build(blobs, NetworkConfig(readout=readout))

    trainer.train_epochs(1)
    first = trainer.probe_loss
    trainer.train_epochs(4)

    assert 0 < trainer.probe_loss < first


def test_state_of_a_run_with_other_negatives_is_refused(blobs, tmp_path):
    way = NetworkConfig(objective="threshold", negatives="noise", readout="probe")
    trainer = build(blobs, way)
    trainer.train_epochs(1)
    trainer.save_state(tmp_path)

    with pytest.raises(CheckpointError, match="'negatives.inner.weight' must have shape"):
        build(blobs, way.model_copy(update={"negatives": "learned"})).load_state(tmp_path)
