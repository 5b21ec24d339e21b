import json

import numpy as np
import pytest
from plurigrid_ff_color.explanation import explain
from plurigrid_ff_color.learner import UNITS, pair_gradient
from plurigrid_ff_color.notation import ColorError
from plurigrid_ff_color.preference import PreferenceModel
from plurigrid_ff_color.profiles import ProfileError
from plurigrid_ff_color.sketch import ff_color_learning
from plurigrid_ff_color.synthetic import KINDS, LIKED_SHARE, make_user

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.messages import ColorAnswer, ColorProfile

BLUES, REDS = ["navy", "steelblue", "teal"], ["red", "tomato", "orange"]


def taught(**profile):
    model = PreferenceModel(ColorProfile(**profile))
    for blue, red in zip(BLUES, REDS, strict=True):
        model.like(blue)
        model.dislike(red)
    return model


def test_the_gradient_of_a_pair_is_that_of_autograd():
    import torch

    rng = np.random.default_rng(0)
    weights, better, worse = rng.normal(size=(2, 5, UNITS)), *rng.normal(size=(2, 7, 5))
    w = torch.tensor(weights, requires_grad=True)

    def goodness(x):
        return torch.relu(torch.tensor(x) @ w).square().mean(dim=-1)

    gap = goodness(better) - goodness(worse)
    torch.nn.functional.softplus(-gap).mean(dim=1).sum().backward()

    np.testing.assert_allclose(pair_gradient(weights, better, worse), w.grad, atol=1e-12)


def test_liked_colours_and_their_neighbours_rank_first():
    ranked = [rated.color for rated in taught().rank(["gold", "royalblue", "crimson", "darkcyan"])]

    assert set(ranked[:2]) == {"#4169E1", "#008B8B"}


def test_a_stated_preference_is_learned():
    model = PreferenceModel()
    for _ in range(3):
        model.prefer("lime", over="magenta")

    lime, magenta = model.rate(["lime", "magenta"])
    assert lime.score > 0 > magenta.score


def test_one_answer_is_enough_to_rate():
    model = PreferenceModel()
    model.dislike("#6b4f1d")

    assert model.rank(["#6b4f1d", "skyblue"])[0].color == "#87CEEB"


def test_the_same_seed_and_answers_give_the_same_ratings():
    one, two = taught(seed=7), taught(seed=7)

    assert one.rate(BLUES) == two.rate(BLUES) != taught(seed=2).rate(BLUES)
    assert one.next_color() == two.next_color()


def test_undo_is_as_if_the_answer_had_never_been_given():
    model, other = taught(), taught()
    other.prefer("gold", over="navy")

    assert other.rate(REDS) != model.rate(REDS)
    undone = other.undo()

    assert undone == ColorAnswer(verdict="prefer", color="#FFD700", over="#000080")
    assert other.rate(REDS) == model.rate(REDS)
    assert other.next_color() == model.next_color()


def test_nothing_to_undo_is_said():
    with pytest.raises(ColorError, match="no answer to undo"):
        PreferenceModel().undo()


def test_a_saved_profile_rates_as_before(tmp_path):
    model = taught(seed=5, prior="none")
    model.save(tmp_path / "me.json")

    assert PreferenceModel.load(tmp_path / "me.json").rate(REDS) == model.rate(REDS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such profile; `plurigrid-ff color like COLOR`"),
        ("{", "not JSON"),
        ("[]", "no 'format'"),
        ({"format": "plurigrid-ff-colors", "version": 2}, "version 2, and this plurigrid-ff reads"),
    ],
)
def test_a_file_that_is_no_profile_of_this_version_is_refused(tmp_path, content, message):
    path = tmp_path / "me.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    with pytest.raises(ProfileError, match=message):
        PreferenceModel.load(path)


def test_colours_asked_about_tell_more_than_drawn_ones():
    model = PreferenceModel()
    asked = []
    for _ in range(12):
        asked.append(model.next_color())
        model.like(asked[-1])
    drawn = np.random.default_rng(0).uniform(size=(12, 3))

    def information(rgb):
        x = model._features(rgb)
        return np.linalg.slogdet(x.T @ x + 0.3 * np.eye(x.shape[1]))[1]

    assert information(srgb_of(asked)) > information(drawn) + 1


def test_an_explanation_holds_differences_of_the_score_and_the_nearest_answers():
    model = taught()
    found = explain(model, "slateblue")

    for effect in found.effects:
        (changed,) = model.rate([effect.color])
        assert effect.gain == pytest.approx(changed.score - found.rated.score, abs=0.05)
    assert [near.color for near in found.neighbours] == ["#4682B4", "#FF6347"]
    assert "you liked #4682B4" in str(found)


def test_someone_who_likes_light_colours_is_told_so():
    model = PreferenceModel()
    for light, dark in (("#DDDDDD", "#222222"), ("#AACCEE", "#112244"), ("#EECCAA", "#442211")):
        model.like(light)
        model.dislike(dark)
    gains = {effect.change: effect.gain for effect in explain(model, "#808080").effects}

    assert gains["lighter"] > 0 > gains["darker"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_synthetic_user_likes_two_fifths(kind):
    rgb = np.random.default_rng(8).uniform(size=(3000, 3))
    user = make_user(kind, np.random.default_rng(3))

    assert user.likes(rgb).mean() == pytest.approx(LIKED_SHARE, abs=0.03)


def test_the_shipped_prior_is_what_its_command_makes():
    from plurigrid_ff_color.features import load_prior
    from plurigrid_ff_color.population import fit_prior

    shipped = load_prior()
    again = fit_prior(0, 360, command=shipped.command)

    # A direction may come out mirrored on another machine: products do not.
    one, two = np.array(shipped.matrix), np.array(again.matrix)
    np.testing.assert_allclose(one @ one.T, two @ two.T, atol=1e-3)


def test_the_sketch_tells_liked_from_disliked():
    layer = ff_color_learning(BLUES, REDS)
    cool, warm = layer.goodness(["royalblue", "orangered"])

    assert layer.weights.shape == (4, 16)
    assert cool > 2 * warm


def test_the_sketch_needs_both():
    with pytest.raises(ColorError, match="at least one positive and one negative"):
        ff_color_learning(["teal"], [])
