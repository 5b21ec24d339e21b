import math

import pytest
import torch
from PIL import Image
from plurigrid_ff_nca.films import film
from plurigrid_ff_nca.growing.automaton import Automaton
from plurigrid_ff_nca.growing.cells import (
    alive,
)
from plurigrid_ff_nca.growing.checkpoint import load_grower, save_grower
from plurigrid_ff_nca.growing.config import SKETCH, GrowConfig
from plurigrid_ff_nca.growing.target import check_memory, read_target
from plurigrid_ff_nca.growing.training import Grower, _even
from plurigrid_ff_nca.growing.updates import GoodnessDifference, Perceptron, cauchy_loss

from plurigrid_ff.errors import CheckpointError, DataError, LimitError, TrainingError

SMALL = GrowConfig(
    size=8, channels=8, neurons=2, pool_size=8, batch_size=4, rollout=8, rollouts=6, reseed=0.25
)


@pytest.mark.parametrize("scale", [math.inf, 0.4])
@pytest.mark.parametrize("network", [GoodnessDifference, Perceptron])
def test_the_gradient_is_that_of_the_weighted_loss(network, scale):
    torch.manual_seed(0)
    update = network(6, 3, 8, key=1).double()
    with torch.no_grad():
        for parameter in update.parameters():
            parameter.normal_()
    x, wanted = torch.randn(20, 6).double(), torch.randn(20, 3).double()
    weights = torch.rand(20, 1).double()

    said, error = update.learn(x, wanted, weights=weights / weights.sum(), scale=scale)

    found = [parameter.grad.clone() for parameter in update.parameters()]
    expected = cauchy_loss(update(x) - wanted, weights / weights.sum(), scale)
    torch.testing.assert_close(said, update(x).detach())
    squared = (weights * (said - wanted).square()).sum() / weights.sum() / 3
    torch.testing.assert_close(error, squared)
    for gradient, parameter in zip(found, update.parameters(), strict=True):
        torch.testing.assert_close(
            gradient, torch.autograd.grad(expected, parameter, retain_graph=True)[0]
        )


def test_the_loss_is_the_square_near_zero_and_nearly_ignores_what_is_far():
    weights = torch.full((2, 1), 0.5, dtype=torch.float64)
    near, far = torch.tensor([[1e-3], [-1e-3]]).double(), torch.tensor([[4.0], [-40.0]]).double()

    assert cauchy_loss(near, weights, 0.4).item() == pytest.approx(1e-6, rel=1e-5)
    assert cauchy_loss(far, weights, math.inf).item() == pytest.approx((16 + 1600) / 2)
    assert cauchy_loss(far, weights, 0.4).item() == pytest.approx(
        0.16 * (math.log(101) + math.log(10001)) / 2
    )


def test_a_channel_is_its_own_goodness_difference():
    update = GoodnessDifference(2, 2, 1, key=0)
    with torch.no_grad():
        update.transform.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [2, 0], [0, 2]]))
        update.transform.bias.zero_()

    delta = update(torch.tensor([[3.0, 1.0], [-1.0, 2.0]]))

    assert delta.tolist() == [[9 - 1, 36 - 4], [0 - 4, 0 - 16]]


def test_cells_that_do_not_fire_keep_their_state(disc):
    automaton = Automaton(disc, SMALL.model_copy(update={"fire_rate": 1e-9}))
    state = automaton.seed.unsqueeze(0)

    moved = automaton.step(state, torch.Generator().manual_seed(0))

    torch.testing.assert_close(moved, state)


@pytest.mark.parametrize("learner", ["goodness-difference", "one-step-backprop"])
def test_a_disc_grows_from_one_cell(disc, learner):
    config = SMALL.model_copy(
        update={"learner": learner, "rollouts": 30, "rollout": 16, "learning_rate": 0.02}
    )
    grower = Grower(disc, config)

    grower.train()

    automaton, generator = grower.automaton, torch.Generator().manual_seed(0)
    grown = automaton.run(automaton.seed.repeat(4, 1, 1, 1), 48, generator)
    assert automaton.errors(automaton.seed.unsqueeze(0)) > 0.8 * disc.square().mean()
    assert automaton.errors(grown).mean() < 0.3 * disc.square().mean()


def test_states_that_overflow_are_said(disc):
    automaton = Automaton(disc, SMALL.model_copy(update={"clamp": False}))
    with torch.no_grad():
        automaton.update.transform.weight.mul_(100)

    with pytest.raises(TrainingError, match="overflow as it runs; train it with clamp = true"):
        automaton.score(runs=1)


def test_backprop_through_time_learns_from_the_end_of_a_rollout(disc):
    grower = Grower(
        disc,
        SMALL.model_copy(
            update={"learner": "backprop-through-time", "rollouts": 40, "learning_rate": 0.01}
        ),
    )
    errors = []

    grower.train(lambda done, error: errors.append(error))

    assert sum(errors[-5:]) < 0.7 * sum(errors[:5])


def test_the_cells_of_a_small_state_count_as_much_as_those_of_a_large_one():
    changing = torch.zeros(3, 8, 8, dtype=torch.bool)
    changing[0, :2, :2] = True  # 4 cells
    changing[2, :7, :8] = True  # 56 cells; the state between has none

    weights = _even(changing)

    torch.testing.assert_close(weights[:4], torch.full((4, 1), 0.5 / 4))
    torch.testing.assert_close(weights[4:], torch.full((56, 1), 0.5 / 56))


def test_what_grows_has_the_mean_of_the_weights_that_were_learned(disc):
    grower = Grower(disc, SMALL.model_copy(update={"average": 0.25, "rollouts": 3}))
    means, learned = [], []

    def note(done, error):
        means.append(grower.automaton.update.transform.weight.clone())
        learned.append(grower.learner.update.transform.weight.clone())

    grower.train(note)

    assert not torch.equal(means[-1], learned[-1])
    torch.testing.assert_close(means[-1], 0.25 * means[-2] + 0.75 * learned[-1])


def test_a_cell_goes_a_share_of_the_way_to_what_it_aims_at(disc):
    automaton = Automaton(disc, SMALL.model_copy(update={"gain": 0.25, "fire_rate": 1.0}))
    state = automaton.target.unsqueeze(0) * 0.9
    everywhere = torch.ones(1, 1, 8, 8, dtype=torch.bool)

    changing, rows = automaton.perceived(state, everywhere)
    aim = automaton.update(rows)
    moved = automaton.step(state, torch.Generator().manual_seed(0))

    own = state.permute(0, 2, 3, 1)[changing]
    kept = alive(moved).squeeze(1)[changing]
    expected = (own + (0.25 * (aim - own)).clamp(-0.35, 0.35)).clamp(-1.1, 1.1)
    torch.testing.assert_close(moved.permute(0, 2, 3, 1)[changing][kept], expected[kept])


def test_each_step_learns_from_that_step_alone(disc):
    grower = Grower(disc, SMALL)
    grower.train()

    assert not any(parameter.grad.requires_grad for parameter in grower.learner.update.parameters())
    assert grower.pool.grad_fn is None


def test_a_training_that_is_resumed_equals_one_that_was_not_interrupted(disc, tmp_path):
    whole = Grower(disc, SMALL)
    whole.train()

    part = Grower(disc, SMALL)

    def stop(done, error):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        part.train(stop)
    save_grower(part, tmp_path / "part.safetensors")
    resumed = load_grower(tmp_path / "part.safetensors")
    resumed.train()

    assert resumed.rollouts == whole.rollouts == 6
    assert torch.equal(resumed.pool, whole.pool)
    for which in ("automaton", "learner"):
        ours, theirs = (getattr(of, which).update.parameters() for of in (resumed, whole))
        assert all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))


def test_a_file_that_holds_no_training_is_refused(disc, tmp_path):
    (tmp_path / "no.safetensors").write_bytes(b"no")

    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        load_grower(tmp_path / "no.safetensors")


def test_the_sketch_perceives_48_and_has_128_units():
    assert (SKETCH.perceived, SKETCH.units, SKETCH.channels) == (48, 128, 16)


def test_an_image_is_resized_in_its_aspect_and_premultiplied(tmp_path):
    Image.new("RGBA", (20, 10), (255, 0, 0, 128)).save(tmp_path / "wide.png")

    target = read_target(tmp_path / "wide.png", size=8)

    assert target.shape == (4, 8, 8)
    assert (target[3, :2] == 0).all()
    assert (target[3, 6:] == 0).all()
    torch.testing.assert_close(target[:, 4, 4], torch.tensor([128 / 255, 0, 0, 128 / 255]))


def test_images_that_cannot_be_grown_are_refused(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "opaque.png")
    Image.new("RGBA", (8, 8)).save(tmp_path / "nothing.png")
    (tmp_path / "text.png").write_text("no")

    for name, message in {
        "opaque.png": "expected an image with transparency, .* got mode 'RGB' without",
        "nothing.png": "expected some visible pixels, got none",
        "text.png": "damaged or no image",
    }.items():
        with pytest.raises(DataError, match=message):
            read_target(tmp_path / name, size=8)


def test_a_target_larger_than_the_memory_is_refused_before_work():
    config = GrowConfig(size=256, learner="backprop-through-time")

    with pytest.raises(LimitError, match="size = 256: training would take about .* MiB"):
        check_memory(config, available=1 << 30)
    check_memory(GrowConfig(), available=1 << 30)


def test_a_training_that_diverges_stops_and_says_where(disc):
    grower = Grower(disc, SMALL)
    with torch.no_grad():
        grower.learner.update.transform.weight.fill_(float("nan"))

    with pytest.raises(TrainingError, match="rollout 1: the error is nan; choose a smaller"):
        grower.train()


def test_a_film_starts_with_the_seed_and_is_erased_when_asked(disc):
    frames = film(Automaton(disc, SMALL), steps=4, erase_at=4, every=1)

    assert len(frames) == 5
    assert (frames[0] < 255).any(axis=2).sum() == 1
    assert (frames[4][:, :4] == 255).all()
