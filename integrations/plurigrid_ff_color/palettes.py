"""Palettes: distinct or harmonious, readable on a background, safe for all eyes, liked."""

import numpy as np

from plurigrid_ff.colors.gamut import hex_of, srgb_from_oklch, srgb_of
from plurigrid_ff.colors.messages import Palette, PaletteRequest
from plurigrid_ff.colors.spaces import Array, oklab_from_srgb, oklch_from_oklab
from plurigrid_ff.colors.vision import least_distance, views
from plurigrid_ff.derivation import derive_key
from plurigrid_ff_color.contrast import contrast
from plurigrid_ff_color.notation import ColorError
from plurigrid_ff_color.preference import PreferenceModel
from plurigrid_ff_color.spread import spread_out

# Hues in degrees from the base, by kind of harmony.
HARMONIES: dict[str, tuple[float, ...]] = {
    "monochromatic": (0,),
    "analogous": (0, 30, -30),
    "complementary": (0, 180),
    "split-complementary": (0, 150, 210),
    "triadic": (0, 120, 240),
    "tetradic": (0, 90, 180, 270),
}
NUM_CANDIDATES = 1500
LIGHTNESS = np.linspace(0.25, 0.95, 29)
CHROMA_SHARES = (1.0, 0.6)
LEAST_CHROMA = 0.08  # of a base whose hue is to be seen


def make_palette(request: PaletteRequest, model: PreferenceModel | None = None) -> Palette:
    """Make a palette.

    Of all colours that are allowed, those are taken whose least distance is largest. With a
    model only the best-rated share of them is allowed, and harmonies start from the best-rated
    colour. A base that the request names is the first colour itself, rated well or not.

    Args:
        request: What the palette should be.
        model: What the user likes.

    Raises:
        ColorError: No colour has the contrast that is asked for, or too few are left.
    """
    drawn = _draw(request.seed)
    if request.kind == "distinct":
        choices = [_allowed(request, drawn, model)] * request.count
    else:
        base = _base(request, drawn, model)
        hues = HARMONIES[request.kind]
        choices = [
            _allowed(request, _of_hue(base, hues[place % len(hues)]), model)
            for place in range(request.count)
        ]
    if request.base is not None:
        choices[0] = _allowed(request, srgb_of([request.base]), None)
    if request.kind == "distinct" and len(choices[-1]) < request.count:
        raise ColorError(
            f"{len(choices[-1])} colours are allowed, and {request.count} were asked for; lower "
            "--contrast or raise --keep"
        )
    seen = [views(rgb) if request.color_blind_safe else views(rgb)[:1] for rgb in choices]
    chosen = spread_out(seen)
    rgb = np.array([colors[index] for colors, index in zip(choices, chosen, strict=True)])
    return measure_palette([hex_of(color) for color in rgb], request)


def measure_palette(colors: list[str], request: PaletteRequest) -> Palette:
    """Put colours together with what is measured of them, as bytes have rounded them."""
    rgb = srgb_of(colors)
    several = len(colors) > 1
    ratios: tuple[float, ...] = ()
    if request.background is not None:
        ratios = tuple(contrast(rgb, srgb_of(request.background)).round(2).tolist())
    return Palette(
        kind=request.kind,
        colors=tuple(colors),
        least_distance=round(least_distance(rgb), 4) if several else None,
        least_distance_for_all=round(least_distance(rgb, for_all=True), 4) if several else None,
        background=request.background,
        contrasts=ratios,
    )


def _draw(seed: int) -> Array:
    """Draw colours of sRGB, as bytes, black and white among them; ``(n, 3)``."""
    rng = np.random.default_rng(derive_key(seed, "palette"))
    return _bytes(np.vstack([np.zeros(3), np.ones(3), rng.uniform(size=(NUM_CANDIDATES, 3))]))


def _bytes(rgb: Array) -> Array:
    """Round to bytes, so that what is measured is what is printed."""
    rounded: Array = np.unique((rgb * 255).round(), axis=0) / 255
    return rounded


def _base(request: PaletteRequest, drawn: Array, model: PreferenceModel | None) -> Array:
    """Return OkLCH of the colour that a harmony starts from."""
    if request.base is not None:
        lch: Array = oklch_from_oklab(oklab_from_srgb(srgb_of(request.base)))
        return lch
    lch = oklch_from_oklab(oklab_from_srgb(drawn))
    vivid = lch[:, 1] >= LEAST_CHROMA
    if model is None:
        rng = np.random.default_rng(derive_key(request.seed, "palette", "base"))
        return np.asarray(lch[vivid][rng.integers(vivid.sum())])
    return np.asarray(lch[vivid][int(model.scores(drawn[vivid]).mean(axis=0).argmax())])


def _of_hue(base: Array, turn: float) -> Array:
    """Return colours of the base's hue, turned, in many lightnesses and two chromas."""
    _, chroma, hue = base
    lch = [
        (lightness, share * chroma, hue + turn)
        for share in CHROMA_SHARES
        for lightness in LIGHTNESS
    ]
    return _bytes(srgb_from_oklch(lch))


def _allowed(request: PaletteRequest, rgb: Array, model: PreferenceModel | None) -> Array:
    """Leave out what has too little contrast, then what is not rated well."""
    if request.background is not None:
        ratios = contrast(rgb, srgb_of(request.background))
        enough = ratios >= request.contrast
        if not enough.any():
            raise ColorError(
                f"no colour here has a contrast of {request.contrast:g} with "
                f"{request.background}: the highest is {ratios.max():.2f}; ask for less, or for "
                "another background"
            )
        rgb = rgb[enough]
    if model is not None:
        scores = model.scores(rgb).mean(axis=0)
        kept = max(1, round(request.keep * len(rgb)))
        rgb = rgb[np.argsort(-scores, kind="stable")[:kept]]
    return rgb
