"""Every check turns red for an objective that is broken in just that way."""

from typing import ClassVar

import pytest
import torch
from pydantic import Field
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.objectives import Objective, known_objectives
from plurigrid_ff.testing import check_objective


class Sound(Objective):
    """Cross-entropy of a linear score, with its closed form.

    Reference:
        A test.
    """

    name = "sound"
    contrast = "classes"

    class Options(Settings):
        scale: float = Field(2.0, description="Inverse temperature.")

    def __init__(self, features, num_classes, options, *, key):
        super().__init__(features, num_classes, options, key=key)
        self.scale = options.scale
        generator = torch.Generator().manual_seed(key)
        self.weight = torch.nn.Parameter(
            torch.randn(num_classes, features, generator=generator), requires_grad=True
        )

    def goodness(self, h):
        return self.scale * h @ self.weight.T

    def loss(self, h, y):
        return F.cross_entropy(self.goodness(h), y)

    @torch.no_grad()
    def evaluate(self, h, y):
        goodness = self.goodness(h)
        dg = (goodness.softmax(dim=1) - F.one_hot(y, self.num_classes)) / len(y) * self.scale
        self.weight.grad = dg.T @ h
        return F.cross_entropy(goodness, y), dg @ self.weight


class Nameless(Sound):
    """Reference: a test."""

    name = "Bad Name"


class Contrastless(Sound):
    """Reference: a test."""

    contrast = "colours"


class Incomplete(Objective):
    """Reference: a test."""

    name = "incomplete"


class WithoutPaper(Sound):
    """Cross-entropy from nowhere."""


class WithoutDefault(Sound):
    """Reference: a test."""

    class Options(Settings):
        scale: float = Field(description="Inverse temperature.")


class WithoutDescription(Sound):
    """Reference: a test."""

    class Options(Settings):
        scale: float = 2.0


class WithABadDefault(Sound):
    """Reference: a test."""

    class Options(Settings):
        scale: float = Field(-1.0, gt=0, description="Inverse temperature.", validate_default=True)


class Lenient(Sound):
    """Reference: a test."""

    class Options(Settings):
        model_config: ClassVar = {"extra": "ignore"}
        scale: float = Field(2.0, description="Inverse temperature.")


class MisShaped(Sound):
    """Reference: a test."""

    def goodness(self, h):
        return super().goodness(h)[:, :2]

    def loss(self, h, y):
        return self.goodness(h).sum()


class WrongForm(Sound):
    """Reference: a test."""

    def evaluate(self, h, y):
        loss, dh = super().evaluate(h, y)
        return loss, 1.01 * dh


class Forgetful(Sound):
    """Reference: a test."""

    def evaluate(self, h, y):
        answer = super().evaluate(h, y)
        self.weight.grad = None
        return answer


class Detaching(Sound):
    """Reference: a test."""

    def loss(self, h, y):
        goodness = self.goodness(h)
        return F.cross_entropy(goodness * goodness.detach(), y)

    evaluate = Objective.evaluate


class Coupling(Sound):
    """Reference: a test."""

    separable = True

    def loss(self, h, y):
        return super().loss(h, y) + self.goodness(h).mean(dim=0).square().sum()

    evaluate = Objective.evaluate


class Persisting(Sound):
    """Reference: a test."""

    vanishes = True


class Keeping(Sound):
    """Reference: a test."""

    def evaluate(self, h, y):
        _, dh = super().evaluate(h, y)
        return self.loss(h, y), dh


class Overwriting(Sound):
    """Reference: a test."""

    def evaluate(self, h, y):
        answer = super().evaluate(h, y)
        h.zero_()
        return answer


class Reaching(Sound):
    """Reference: a test."""

    def evaluate(self, h, y):
        answer = super().evaluate(h, y)
        if h.requires_grad:
            self.loss(h, y).backward()
            self.weight.grad = None
        return answer


class Sharing(Sound):
    """Reference: a test."""

    seen: ClassVar[list[float]] = []

    def loss(self, h, y):
        return super().loss(h, y) + (0 if not self.seen else self.seen[-1])

    def evaluate(self, h, y):
        loss, dh = super().evaluate(h, y)
        loss = loss + (self.seen[-1] if self.seen else 0)
        if h.max() > 6:
            self.seen.append(1.0)
        return loss, dh


class Overflowing(Sound):
    """Reference: a test."""

    def loss(self, h, y):
        return super().loss(h, y) + h.pow(2).sum().add(1.0).log() + 0 * h.mean().exp()

    evaluate = Objective.evaluate


class Drawing(Sound):
    """Reference: a test."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        torch.nn.init.normal_(self.weight)


class Hiding(Sound):
    """Reference: a test."""

    def __init__(self, features, num_classes, options, *, key):
        super().__init__(features, num_classes, options, key=key)
        self.scale = float(key)


class Remembering(Sound):
    """Reference: a test."""

    def prepare(self, means, *, index, depth):
        self.scale = float(means()[0, 0])


class Dicing(Sound):
    """Reference: a test."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("shift", torch.zeros(()))

    def prepare(self, means, *, index, depth):
        self.shift.copy_(torch.rand(()))

    def loss(self, h, y):
        return super().loss(h, y) + self.shift

    evaluate = Objective.evaluate


class Kept(Sound):
    """Keeps what it learned of the samples where it is saved. Reference: a test."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("shift", torch.zeros(()))

    def prepare(self, means, *, index, depth):
        self.shift.copy_(means().mean() + index + depth)

    def loss(self, h, y):
        return super().loss(h, y) + self.shift

    evaluate = Objective.evaluate


BROKEN = [
    (Nameless, "name: expected lower-case words joined by hyphens, got 'Bad Name'; rename"),
    (Contrastless, "contrast: expected one of classes, samples, pairs, got 'colours'"),
    (Incomplete, "expected a complete class, got one without goodness, loss"),
    (int, "objective int: expected a subclass of Objective"),
    (WithoutPaper, "'sound': docstring: expected a paragraph 'Reference:'"),
    (WithoutDefault, "options of 'sound': scale: expected a default, got none"),
    (WithoutDescription, "options of 'sound': scale: expected a description, got none"),
    (WithABadDefault, "expected defaults that parse, also from JSON, got .*greater than 0"),
    (Lenient, "expected an unknown key to be refused, got it was accepted"),
    (MisShaped, r"goodness: expected a tensor of shape \(5, 3\), got \(5, 2\)"),
    (WrongForm, "gradient at h: expected autograd's within 1e-10, got one that is .* away"),
    (Forgetful, "gradient of parameter weight: expected a gradient, got None"),
    (Detaching, "loss: expected autograd's gradient to be that of finite differences"),
    (Coupling, "separable: expected the loss of a batch to be the mean over its samples"),
    (Persisting, "vanishes: expected a gradient of 0 wherever the activity is 0, got up to"),
    (Keeping, "loss of evaluate: expected no graph, got a tensor that requires grad"),
    (Overwriting, "evaluate: expected its input to stay as it was"),
    (Reaching, "locality: expected the layer below to get no gradient, got one that reached it"),
    (Sharing, "locality: expected the same loss and gradient, whatever the layer above does"),
    (Overflowing, "loss at activities of size 10000: expected finite numbers"),
    (Drawing, "draws: expected the same loss and gradient from the same key"),
    (Hiding, "saving: expected the same goodness and loss after parameters and buffers were"),
    (Remembering, "saving: expected the same goodness and loss after parameters and buffers"),
    (Dicing, "draws: expected the same loss and gradient from the same key"),
]


@pytest.mark.parametrize("name", sorted(known_objectives()))
def test_every_objective_of_the_library_passes(name):
    check_objective(name)


def test_a_sound_objective_passes_under_its_options():
    check_objective(Sound, {"scale": 3.0})


def test_what_is_known_of_the_samples_may_be_kept_in_a_buffer():
    check_objective(Kept)


@pytest.mark.parametrize(("kind", "message"), BROKEN, ids=[kind.__name__ for kind, _ in BROKEN])
def test_a_broken_objective_is_told_what_is_wrong(kind, message):
    with pytest.raises(AssertionError, match=message):
        check_objective(kind)


def test_checking_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)

    torch.manual_seed(0)
    check_objective(Sound)

    assert torch.equal(torch.rand(3), expected)
