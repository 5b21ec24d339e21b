import pytest
import torch
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
from plurigrid_ff_nca.growing.config import GrowConfig
from torch.nn import functional as F

SMALL = GrowConfig(
    size=8, channels=8, neurons=2, pool_size=8, batch_size=4, rollout=8, rollouts=6, reseed=0.25
)


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


def test_alive_reaches_one_cell_around_alpha():
    state = torch.zeros(1, 5, 5, 5)
    state[0, 3, 2, 2] = 0.2

    assert alive(state).sum() == 9
