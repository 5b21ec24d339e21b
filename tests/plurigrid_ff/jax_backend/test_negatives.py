import jax
import numpy as np
import pytest

import plurigrid_ff.jax_backend as backend
from plurigrid_ff.learning.negatives.hardest_label import HardestLabel

draw = jax.jit(backend.draw_negatives, static_argnums=0)


def test_a_wrong_label_is_never_the_true_one_and_any_other(build, batch):
    model, params = backend.from_torch(build(objective="symba", negatives="wrong-label"))
    x, y, *_ = batch()
    x, y = np.repeat(x.numpy(), 20, axis=0), np.repeat(y.numpy(), 20)

    wrong = draw(model, params, x, y, jax.random.key(0))

    pairs = set(zip(y.tolist(), wrong.tolist(), strict=True))
    assert pairs == {(a, b) for a in set(y.tolist()) for b in range(4) if a != b}


def test_the_hardest_label_is_torchs(build, batch):
    network = build(objective="threshold")
    x, y, *_ = batch()
    expected = HardestLabel(x, 4, key=0).labels(network, x, y, key=0, sample_ids=None)

    found = draw(*backend.from_torch(network), x.numpy(), y.numpy(), None)

    assert found.tolist() == expected.tolist()


def test_partners_are_other_samples_of_the_batch(build, batch):
    model, params = backend.from_torch(build(objective="self-contrastive", readout="probe"))
    x, y, *_ = batch()

    partners = draw(model, params, x.numpy(), y.numpy(), jax.random.key(1))

    same = (np.asarray(partners)[:, None] == x.numpy()).all(axis=(2, 3))  # (partner, sample)
    assert (same.sum(axis=1) == 1).all()
    assert not same.diagonal().any()


def test_a_lone_sample_has_no_partner(build, batch):
    model, params = backend.from_torch(build(objective="self-contrastive", readout="probe"))
    x, y, *_ = batch()

    with pytest.raises(ValueError, match="a batch of at least 2, got 1"):
        backend.draw_negatives(model, params, x[:1].numpy(), y[:1].numpy(), jax.random.key(1))


def test_missing_negatives_are_named(build, batch):
    model, params = backend.from_torch(build(objective="threshold"))
    x, y, *_ = batch()

    with pytest.raises(ValueError, match=r"needs negatives \(hardest-label\)"):
        backend.layer_losses(model, params, x.numpy(), y.numpy())
