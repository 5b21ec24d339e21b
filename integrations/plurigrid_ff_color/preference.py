"""A learner of colour preferences that is updated by every answer."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from plurigrid_ff.colors.gamut import hex_of, srgb_of
from plurigrid_ff.colors.messages import ColorAnswer, ColorProfile, RatedColor
from plurigrid_ff.colors.spaces import Array
from plurigrid_ff.derivation import derive_key
from plurigrid_ff_color.features import Features, load_features
from plurigrid_ff_color.learner import BATCH, STEPS, PairEnsemble
from plurigrid_ff_color.notation import ColorError, parse_color
from plurigrid_ff_color.profiles import load_profile, save_profile

CANDIDATES = 64
PRIOR_PRECISION = 0.3  # of the Bayesian linear layer that chooses the next colour
STAND_INS = 256


class PreferenceModel:
    """Learns which colours a user likes.

    The model is a function of its profile: the same answers under the same seed give the same
    ratings. Liked colours are paired with disliked ones, and a preferred one with the one that
    was passed over. While only likes or only dislikes are known, random colours stand in for the
    others.

    Args:
        profile: What is known already; nothing by default.
        features: Stand in for those of the profile's prior: of a population of your own, say.
    """

    def __init__(
        self, profile: ColorProfile | None = None, *, features: Features | None = None
    ) -> None:
        profile = profile or ColorProfile()
        self._features = features or load_features(profile.prior)
        self._stand_ins = self._features(
            self._rng(profile, "reference").uniform(size=(STAND_INS, 3))
        )
        self._profile = profile
        self._restart(profile)

    @property
    def profile(self) -> ColorProfile:
        """Seed, prior and all answers: what :meth:`save` writes."""
        return self._profile

    @classmethod
    def load(cls, path: Path | str) -> "PreferenceModel":
        """Read a profile that :meth:`save` wrote, and learn from its answers again.

        Raises:
            ProfileError: No such file, no profile, or one of another version.
        """
        return cls(load_profile(Path(path)))

    def save(self, path: Path | str) -> None:
        """Write the profile as JSON."""
        save_profile(self._profile, Path(path))

    def like(self, color: str) -> None:
        """Learn that a colour, in any notation, is liked."""
        self.answer(ColorAnswer(verdict="like", color=parse_color(color)))

    def dislike(self, color: str) -> None:
        """Learn that a colour, in any notation, is disliked."""
        self.answer(ColorAnswer(verdict="dislike", color=parse_color(color)))

    def prefer(self, color: str, over: str) -> None:
        """Learn that one colour is preferred over another.

        Raises:
            ColorError: Both are the same colour.
        """
        color, over = parse_color(color), parse_color(over)
        if color == over:
            raise ColorError(f"{color} cannot be preferred over itself; name two colours")
        self.answer(ColorAnswer(verdict="prefer", color=color, over=over))

    def answer(self, answer: ColorAnswer) -> None:
        """Learn from one answer: a few local steps on pairs of everything said so far."""
        answers = (*self._profile.answers, answer)
        self._profile = ColorProfile.model_validate(
            {**self._profile.model_dump(), "answers": answers}
        )
        self._note(answer)
        rng = self._rng(self._profile, "pairs", len(answers))
        for _ in range(STEPS):
            self._ensemble.step(*self._draw_pairs(rng))

    def undo(self) -> ColorAnswer:
        """Forget the last answer, as if it had never been given; return it.

        Raises:
            ColorError: There is none.
        """
        if not self._profile.answers:
            raise ColorError("there is no answer to undo")
        *kept, last = self._profile.answers
        self._restart(self._profile.model_copy(update={"answers": tuple(kept)}))
        return last

    def scores(self, rgb: Array) -> Array:
        """Rate sRGB colours ``(n, 3)`` under every member, ``(members, n)``.

        A score is goodness less the middle between the better and the worse colours' mean
        goodness; 0 for all while nothing has been said.
        """
        if not self._profile.answers:
            return np.zeros((len(self._ensemble.weights), len(rgb)))
        good, bad = (
            self._ensemble.goodness(side).mean(axis=1, keepdims=True) for side in self._sides()
        )
        scores: Array = self._ensemble.goodness(self._features(rgb)) - (good + bad) / 2
        return scores

    def rate(self, colors: Iterable[str]) -> tuple[RatedColor, ...]:
        """Rate colours, in the order given."""
        hexes = [parse_color(color) for color in colors]
        scores = self.scores(srgb_of(hexes))
        return tuple(
            RatedColor(color=color, score=float(mean), uncertainty=float(spread))
            for color, mean, spread in zip(
                hexes, scores.mean(axis=0), scores.std(axis=0), strict=True
            )
        )

    def rank(self, colors: Iterable[str]) -> tuple[RatedColor, ...]:
        """Rate colours and put the best first; equals keep their order."""
        return tuple(sorted(self.rate(colors), key=lambda rated: -rated.score))

    def next_color(self) -> str:
        """Return the colour to ask about next: the one that the answers say least about.

        Of 64 drawn colours it has the largest posterior variance under a Bayesian linear layer
        over the same features. What was answered does not matter, only about which colours:
        asking where the model is unsure of the verdict misses second favourites.
        """
        number = len(self._profile.answers)
        rgb = self._rng(self._profile, "next", number).uniform(size=(CANDIDATES, 3))
        x = self._features(rgb)
        known = np.array(self._asked).reshape(-1, x.shape[1])
        precision = known.T @ known + PRIOR_PRECISION * np.eye(x.shape[1])
        variance = (x * np.linalg.solve(precision, x.T).T).sum(axis=1)
        return hex_of(rgb[int(variance.argmax())])

    def _restart(self, profile: ColorProfile) -> None:
        """Forget everything and learn from a profile's answers, one after another."""
        rng = self._rng(profile, "initial-weights")
        self._ensemble = PairEnsemble(self._stand_ins.shape[1], rng)
        self._liked: list[Array] = []
        self._disliked: list[Array] = []
        self._pairs: list[tuple[Array, Array]] = []
        self._asked: list[Array] = []
        self._profile = profile.model_copy(update={"answers": ()})
        for answer in profile.answers:
            self.answer(answer)

    def _note(self, answer: ColorAnswer) -> None:
        """Keep an answer's features where pairs are drawn from."""
        (x,) = self._features(srgb_of([answer.color]))
        self._asked.append(x)
        if answer.over is not None:
            (worse,) = self._features(srgb_of([answer.over]))
            self._asked.append(worse)
            self._pairs.append((x, worse))
        else:
            (self._liked if answer.verdict == "like" else self._disliked).append(x)

    def _sides(self) -> tuple[Array, Array]:
        """Return features of all better and all worse colours; stand-ins where there are none."""
        better = [*self._liked, *(pair[0] for pair in self._pairs)]
        worse = [*self._disliked, *(pair[1] for pair in self._pairs)]
        return self._known(better), self._known(worse)

    def _known(self, side: list[Array]) -> Array:
        return np.array(side) if side else self._stand_ins

    def _draw_pairs(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw pairs: stated ones as often as their share of all answers."""
        liked, disliked = self._known(self._liked), self._known(self._disliked)
        single = len(self._liked) + len(self._disliked)
        better = liked[rng.integers(len(liked), size=BATCH)]
        worse = disliked[rng.integers(len(disliked), size=BATCH)]
        if self._pairs:
            stated = rng.uniform(size=BATCH) * (single + len(self._pairs)) >= single
            chosen = rng.integers(len(self._pairs), size=int(stated.sum()))
            pairs = np.array(self._pairs)[chosen]
            better[stated], worse[stated] = pairs[:, 0], pairs[:, 1]
        return better, worse

    @staticmethod
    def _rng(profile: ColorProfile, *what: str | int) -> np.random.Generator:
        """Return the generator of one purpose."""
        return np.random.default_rng(derive_key(profile.seed, "color-preference", *what))
