"""Why a colour is rated as it is: what would raise the rating, and which answers lie near."""

import numpy as np
from pydantic import Field

from plurigrid_ff.colors.gamut import hex_of, srgb_from_oklch, srgb_of
from plurigrid_ff.colors.messages import RatedColor
from plurigrid_ff.colors.spaces import distances, oklab_from_srgb, oklch_from_oklab
from plurigrid_ff.settings import Settings
from plurigrid_ff_color.preference import PreferenceModel

REFERENCE = 500
_STEPS: dict[str, tuple[float, float, float]] = {
    "lighter": (0.05, 0, 0),
    "darker": (-0.05, 0, 0),
    "more vivid": (0, 0.03, 0),
    "greyer": (0, -0.03, 0),
    "hue +15 degrees": (0, 0, 15),
    "hue -15 degrees": (0, 0, -15),
}

_PAST = {
    "like": "liked",
    "dislike": "disliked",
    "prefer": "preferred",
    "pass over": "passed over",
}


class Effect(Settings):
    """What a small change of the colour does to its score."""

    change: str
    color: str = Field(description="The changed colour, brought into sRGB.")
    gain: float = Field(description="Its score less that of the colour.")


class Neighbour(Settings):
    """An answer about a colour nearby."""

    verdict: str
    color: str
    distance: float = Field(description="In OkLab; 0.02 is just noticeable.")


class Explanation(Settings):
    """Why a colour is rated as it is."""

    rated: RatedColor
    percentile: float = Field(description="Per cent of sRGB that is rated lower.")
    effects: tuple[Effect, ...] = Field(description="Largest gain first.")
    neighbours: tuple[Neighbour, ...] = Field(description="Nearest better and nearest worse one.")

    def __str__(self) -> str:
        """Say it in words."""
        best = self.effects[0]
        lines = [
            f"{self.rated.color} is rated {self.rated.score:+.2f} (± "
            f"{self.rated.uncertainty:.2f}), higher than {self.percentile:.0f}% of all colours."
        ]
        if best.gain > 0:
            lines.append(f"It would gain most from being {best.change}: {best.gain:+.2f}.")
        lines += [
            f"Near it, {near.distance:.2f} away, you {_PAST[near.verdict]} {near.color}."
            for near in self.neighbours
        ]
        return "\n".join(lines)


def explain(model: PreferenceModel, color: str) -> Explanation:
    """Explain the rating of one colour, in any notation.

    Effects are differences of the model's own score, measured; a change that leads out of sRGB
    is brought back by reducing chroma.
    """
    (rated,) = model.rate([color])
    rgb = srgb_of(rated.color)
    lch = oklch_from_oklab(oklab_from_srgb(rgb))
    changed = srgb_from_oklch(lch + np.array(list(_STEPS.values())))
    gains = model.scores(changed).mean(axis=0) - rated.score
    effects = [
        Effect(change=change, color=hex_of(to), gain=round(float(gain), 4))
        for change, to, gain in zip(_STEPS, changed, gains, strict=True)
    ]
    reference = np.random.default_rng(0).uniform(size=(REFERENCE, 3))
    lower = model.scores(reference).mean(axis=0) < rated.score
    return Explanation(
        rated=rated,
        percentile=float(100 * lower.mean()),
        effects=tuple(sorted(effects, key=lambda effect: -effect.gain)),
        neighbours=_neighbours(model, rated.color),
    )


def _neighbours(model: PreferenceModel, color: str) -> tuple[Neighbour, ...]:
    """Return the nearest colour that was taken and the nearest that was not."""
    told: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for answer in model.profile.answers:
        told[answer.verdict != "dislike"].append((answer.verdict, answer.color))
        if answer.over is not None:
            told[False].append(("pass over", answer.over))
    here = oklab_from_srgb(srgb_of([color]))
    found = []
    for said in told.values():
        if said:
            apart = distances(here, oklab_from_srgb(srgb_of([other for _, other in said])))[0]
            nearest = int(apart.argmin())
            verdict, other = said[nearest]
            found.append(
                Neighbour(verdict=verdict, color=other, distance=round(float(apart[nearest]), 4))
            )
    return tuple(found)
