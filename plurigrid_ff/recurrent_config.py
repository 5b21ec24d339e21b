"""Settings of recurrence: layers that also hear the layer above. No torch in here."""

from typing import Literal

from pydantic import Field, PositiveInt

from plurigrid_ff.settings import Settings


class RecurrentConfig(Settings):
    """Time steps in which every layer reads the layers below and above, as of the step before."""

    input: Literal["static", "frames"] = Field(
        "static",
        description="What is shown: 'static' the whole sample at every step; 'frames' one frame "
        "of a recording (bands, frames) per step.",
    )
    steps: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Steps for which a static sample is shown; none: 8, as in Hinton (2022). "
        "Frames have as many steps as there are.",
    )
    read: tuple[PositiveInt, PositiveInt] | None = Field(
        None,
        description="First and last step whose goodness predicts, counted from 1; none: 3 to 5 of "
        "a static sample, as in Hinton (2022), all of a recording.",
    )
    damping: float = Field(
        0.3, ge=0, lt=1, description="Share of its old activity that a layer keeps at every step."
    )
    lateral: bool = Field(
        False, description="A layer also reads its own normalised activity of the step before."
    )
    order: Literal["synchronous", "alternating"] = Field(
        "synchronous",
        description="'synchronous': all layers move at once. 'alternating': even layers first, "
        "then odd ones, which read what the even ones now say.",
    )
