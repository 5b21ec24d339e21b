import math

import numpy as np
import pytest
import torch
from PIL import Image
from plurigrid_ff_nca.films import film
from plurigrid_ff_nca.growing.automaton import Automaton
from plurigrid_ff_nca.growing.cells import (
    advance,
    alive,
    damaged,
    grown,
    kernels,
    littered,
    partly_grown,
    perceive,
)
from plurigrid_ff_nca.growing.checkpoint import load_grower, save_grower
from plurigrid_ff_nca.growing.config import SKETCH, GrowConfig
from plurigrid_ff_nca.growing.target import check_memory, premultiplied, read_target
from plurigrid_ff_nca.growing.training import Grower, _even
from plurigrid_ff_nca.growing.updates import GoodnessDifference, Perceptron, cauchy_loss
from torch.nn import functional as F

from plurigrid_ff.errors import CheckpointError, DataError, LimitError, TrainingError

SMALL = GrowConfig(
    size=8, channels=8, neurons=2, pool_size=8, batch_size=4, rollout=8, rollouts=6, reseed=0.25
)


@pytest.fixture
def disc():
    y, x = np.mgrid[:8, :8] - 3.5
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[x**2 + y**2 < 9] = (200, 50, 0, 255)
    return premultiplied(pixels, where="disc")


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


def test_perception_is_the_state_its_gradients_and_its_laplacian():
    config = GrowConfig(channels=5, size=8)
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    state = torch.stack([x, y, x**2, y**2, x * y]).unsqueeze(0)

    seen = perceive(state, config)[0, :, 1:-1, 1:-1].reshape(5, 4, 6, 6)

    ones = torch.ones(6, 6)
    torch.testing.assert_close(seen[:, 0], state[0, :, 1:-1, 1:-1])
    torch.testing.assert_close(seen[0, 1], ones)
    torch.testing.assert_close(seen[1, 2], ones)
    torch.testing.assert_close(seen[0, 3], 0 * ones, atol=1e-5, rtol=0)
    torch.testing.assert_close(seen[2, 3], seen[3, 3])
    assert seen[2, 3].min() > 0


@pytest.mark.parametrize("laplacian", [True, False])
def test_perception_is_a_convolution_with_the_kernels(laplacian):
    config = GrowConfig(channels=6, laplacian=laplacian)
    state = torch.randn(2, 6, 9, 12, generator=torch.Generator().manual_seed(0))

    seen = perceive(state, config)

    expected = F.conv2d(state, kernels(config), padding=1, groups=6)
    torch.testing.assert_close(seen, expected)


def test_dead_cells_stay_empty_and_only_neighbours_of_the_living_change():
    state = torch.zeros(1, 5, 7, 7)
    state[0, 3, 3, 3] = 1.0
    everywhere = torch.full_like(state, 0.2)

    moved = advance(state, everywhere, clamp=True)

    changed = (moved != 0).any(dim=1)[0]
    assert changed[2:5, 2:5].all()
    assert changed.sum() == 9


def test_updates_and_states_are_bounded_if_asked():
    state = torch.ones(1, 5, 3, 3)

    assert advance(state, 5 * state, clamp=True).max() == pytest.approx(1.1)
    assert advance(0 * state + 0.2, 5 * state, clamp=True).max() == pytest.approx(0.55)
    assert advance(state, 5 * state, clamp=False).max() == 6


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


def test_a_target_has_the_code_of_the_place_inside_and_nothing_outside(disc):
    automaton = Automaton(disc, SMALL)

    hidden = automaton.target[4:]
    inside = disc[3] > 0.1
    assert (hidden[:, ~inside] == 0).all()
    places = hidden[:, inside].T
    assert len(torch.unique((places * 1e4).round(), dim=0)) == len(places)
    assert (automaton.seed[3] > 0).sum() == 1
    row, column = torch.nonzero(automaton.seed[3])[0].tolist()
    assert inside[row, column]


def test_the_sketch_perceives_48_and_has_128_units():
    assert (SKETCH.perceived, SKETCH.units, SKETCH.channels) == (48, 128, 16)


def test_a_part_of_the_target_is_a_disc_around_the_seed_or_a_side_of_a_line(disc):
    automaton = Automaton(disc, SMALL)

    parts = partly_grown(automaton.target, 200, torch.Generator().manual_seed(0))

    whole = grown(automaton.target)
    living = (parts[:, 3] > 0).sum(dim=(1, 2))
    assert ((parts == whole) | (parts == 0)).all()
    assert living.max() == (disc[3] > 0).sum()
    assert len(living.unique()) > 4
    # A line may leave the seed's place out, a disc never does.
    with_seed = (parts[:, 3:] * automaton.seed[3:]).sum(dim=(1, 2, 3)).ne(0).float().mean()
    assert 0.55 < with_seed < 0.95


def test_cells_outside_aim_below_nothing_and_start_from_nothing(disc):
    automaton = Automaton(disc, SMALL)

    outside = disc[3] == 0

    assert (automaton.target[3, outside] == -SMALL.margin).all()
    assert torch.equal(automaton.target[3, ~outside], disc[3, ~outside])
    assert torch.equal(grown(automaton.target)[:4], disc)


def test_litter_lies_outside_of_the_body_and_on_the_share_that_was_asked_for(disc):
    automaton = Automaton(disc, SMALL)
    states = grown(automaton.target).repeat(200, 1, 1, 1)

    strewn = littered(states, automaton.target, 0.3, torch.Generator().manual_seed(0))

    inside = disc[3] > 0
    assert torch.equal(strewn[:, :, inside], states[:, :, inside])
    share = (strewn != states).any(dim=(1, 2, 3)).float().mean()
    assert 0.2 < share < 0.4
    assert strewn[:, 3].max() <= 1
    assert torch.equal(littered(states, automaton.target, 0.0, torch.Generator()), states)
    everywhere = Automaton(torch.ones_like(disc), SMALL).target
    full = littered(states, everywhere, 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(full, states)  # there is no place outside


def test_damage_only_erases_and_leaves_something(disc):
    states = torch.ones(64, 5, 8, 8)

    hurt = damaged(states, torch.Generator().manual_seed(0))

    assert set(hurt.unique().tolist()) == {0.0, 1.0}
    shares = hurt.mean(dim=(1, 2, 3))
    assert (shares < 1).float().mean() > 0.9
    assert shares.min() > 0.3


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


def test_alive_reaches_one_cell_around_alpha():
    state = torch.zeros(1, 5, 5, 5)
    state[0, 3, 2, 2] = 0.2

    assert alive(state).sum() == 9
