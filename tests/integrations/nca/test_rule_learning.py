import numpy as np
import pytest
import torch
from plurigrid_ff_nca.rules.config import RuleConfig
from plurigrid_ff_nca.rules.family import Family
from plurigrid_ff_nca.rules.layer import RuleLayer, cumulative_shares
from plurigrid_ff_nca.rules.learning import learn_rule
from plurigrid_ff_nca.rules.notation import parse_rule
from plurigrid_ff_nca.rules.observations import observe, transitions_of
from plurigrid_ff_nca.rules.space import Space
from torch.nn import functional as F

from plurigrid_ff.errors import DataError


def watched(name, *, transitions=8, extents=(32, 32), **options):
    return observe(parse_rule(name), transitions=transitions, extents=extents, seed=0, **options)


@pytest.mark.parametrize("name", ["B3/S23", "B36/S23", "B1357/S1357"])
def test_a_life_like_rule_is_learned_whole_and_named(name):
    learned = learn_rule(watched(name))

    assert learned.rule == parse_rule(name)
    assert learned.report.name == name
    assert (learned.report.seen, learned.report.contradictory) == (512, 0)
    assert learned.report.converged
    assert learned.confidence.min() > 0.7  # the margin of 1 that was asked for


@pytest.mark.parametrize("number", [0, 30, 110, 184])
def test_an_elementary_rule_is_learned_whole(number):
    learned = learn_rule(watched(f"rule {number}", transitions=4, extents=(64,)))

    assert learned.rule == parse_rule(f"rule {number}")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("B2/S013V", {"shape": "von-neumann"}),
        ("rule 12345678 k2 r2", {"radius": 2}),
        ("code 777 k3 r1", {"family": "totalistic"}),
    ],
)
def test_other_spaces_are_learned_whole(name, options):
    rule = parse_rule(name)
    extents = (64,) * rule.space.dimensions

    learned = learn_rule(watched(name, extents=extents), RuleConfig(**options))

    assert learned.rule == rule


def test_a_rule_of_three_states_runs_as_the_one_that_was_seen():
    brain = parse_rule("B2/S/C3")

    learned = learn_rule(watched("B2/S/C3"))

    fresh = np.random.default_rng(1).integers(0, 3, (1, 40, 40), dtype=np.uint8)
    np.testing.assert_array_equal(learned.rule.step(fresh), brain.step(fresh))


def test_a_twentieth_of_wrong_cells_does_not_change_what_is_learned():
    learned = learn_rule(watched("B3678/S34678", transitions=16, noise=0.05))

    assert learned.rule == parse_rule("B3678/S34678")
    # 16384 cells, of which 5 % are wrong: 819 give or take a few dozen.
    assert 700 < learned.report.contradictory < 940
    assert learned.report.first_contradiction is not None


def test_dead_borders_are_learned_as_such():
    seen = watched("B3/S23", border="dead")

    assert learn_rule(seen, RuleConfig(border="dead")).rule == parse_rule("B3/S23")


def test_it_says_how_much_was_seen_and_how_it_does_on_the_rest():
    learned = learn_rule(watched("B3/S23", transitions=1, extents=(18, 18)))

    report = learned.report
    assert report.seen == learned.seen.sum() < 512
    assert report.seen_right == report.seen
    assert report.held_out == int(0.2 * report.seen)
    # Life's neighbourhoods have much in common: most that were held back are right.
    assert 0.8 * report.held_out < report.held_out_right <= report.held_out
    assert report.unseen_confidence == pytest.approx(learned.confidence[~learned.seen].mean())


def test_the_same_seed_gives_the_same_layer():
    first, second = (learn_rule(watched("B3/S23", transitions=2)) for _ in range(2))

    np.testing.assert_array_equal(first.confidence, second.confidence)


def test_frames_of_a_film_are_transitions_from_each_to_the_next():
    film = parse_rule("rule 30").run(np.eye(1, 200, 100, dtype=np.uint8)[0], 60)

    learned = learn_rule(transitions_of(list(film)))

    assert learned.report.name == "rule 30"


def test_a_layers_gradient_is_that_of_the_pair_loss():
    family = Family(Space(dimensions=1), "any")
    layer = RuleLayer(family, units=6, seed=1)
    counts = np.eye(2, dtype=np.int64)[[0, 1, 1, 0, 1, 0, 0, 1]]
    usual = torch.from_numpy(counts.argmax(1))

    layer.learn(torch.arange(8), cumulative_shares(counts), step=0)

    weight, bias = (p.detach().clone().requires_grad_() for p in layer.layer.transform.parameters())
    x = torch.from_numpy(family.features)

    def goodness(states):
        rows = torch.cat([x, layer.candidates[states]], 1)
        return F.relu(F.linear(rows, weight, bias)).square().mean(1)

    loss = F.softplus(goodness(1 - usual) - goodness(usual)).mean()
    torch.testing.assert_close(
        layer.layer.transform.weight.grad, torch.autograd.grad(loss, weight)[0]
    )


def test_the_goodness_of_all_candidates_is_that_of_one_row_each():
    family = Family(Space(states=3, dimensions=1), "any")
    layer = RuleLayer(family, units=5, seed=0)
    entries = torch.tensor([0, 7, 26])

    goodness = layer.rate(entries)

    for state in range(3):
        candidate = layer.candidates[state].expand(3, -1)
        h = layer.layer(torch.cat([layer.features[entries], candidate], 1))
        torch.testing.assert_close(goodness[:, state], h.square().mean(1))


def life(*shape):
    return np.zeros(shape, np.uint8)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "expected pairs of grids"),
        (
            [(life(4, 4), life(4, 4)), (life(4, 4), life(4, 5))],
            "transition 1, after: .*4x4, got 4x5",
        ),
        ([(life(4, 4), life(4, 4) - 1.5)], "whole numbers from 0 to 255"),
        ([(life(4, 4, 4), life(4, 4, 4))], "a row or a grid of cells, got an array of shape"),
        ([(life(0, 4), life(0, 4))], "a row or a grid of cells"),
    ],
)
def test_transitions_that_are_none_are_refused(pairs, message):
    with pytest.raises(DataError, match=message):
        learn_rule(pairs)


def test_one_frame_is_no_transition():
    with pytest.raises(DataError, match="expected at least 2, got 1"):
        transitions_of([life(3, 3)])


def test_contradictions_are_refused_with_how_many_and_where():
    before = np.zeros((1, 4, 5), np.uint8)
    after = np.zeros((1, 4, 5), np.uint8)
    after[0, 1, 2] = after[0, 3, 0] = 1

    with pytest.raises(DataError, match=r"2 of 20 cells .* transition 0 at \(1, 2\): 1, usually 0"):
        learn_rule(zip(before, after, strict=True), RuleConfig(max_contradictory=0.05))


def test_the_other_border_is_suggested_where_it_contradicts_less():
    seen = watched("rule 110", transitions=40, extents=(3,), border="dead")

    with pytest.raises(DataError, match="border = 'dead', with which 0 do"):
        learn_rule(seen, RuleConfig(max_contradictory=0.0))


def test_more_states_than_said_are_refused():
    with pytest.raises(DataError, match="expected states 0 to 1, got 2"):
        learn_rule(watched("B2/S/C3"), RuleConfig(states=2))
