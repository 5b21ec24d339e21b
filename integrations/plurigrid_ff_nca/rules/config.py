"""How a rule is learned, and what is said of it. Loads no torch."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from plurigrid_ff.settings import Settings
from plurigrid_ff_nca.rules.family import FamilyName
from plurigrid_ff_nca.rules.observations import Contradiction
from plurigrid_ff_nca.rules.space import MAX_STATES, Border, Shape


class RuleConfig(Settings):
    """How a rule is learned."""

    radius: int = Field(1, ge=1, le=10, description="How far a cell sees.")
    shape: Shape = Field("moore", description="A square of cells, or those within RADIUS steps.")
    family: FamilyName | Literal["auto"] = Field(
        "auto",
        description="What the rule may depend on: any arrangement, outer-totalistic, totalistic; "
        "auto is any up to 512 neighbourhoods, else outer-totalistic.",
    )
    states: int | None = Field(
        None, ge=2, le=MAX_STATES, description="States of a cell; as many as are seen."
    )
    border: Border = Field("periodic", description="What lies beyond an edge.")
    units: PositiveInt = Field(128, description="Width of the layer.")
    learning_rate: PositiveFloat = Field(0.03, description="Step size of Adam.")
    margin: PositiveFloat = Field(
        1.0, description="Learning ends when every observed next state leads by this goodness."
    )
    max_steps: PositiveInt = Field(3000, description="Learning ends here at the latest.")
    max_contradictory: float = Field(
        0.25, ge=0, le=1, description="Share of cells that may contradict their neighbourhood."
    )
    seed: NonNegativeInt = Field(0, description="Every draw derives from it.")


class RuleReport(Settings):
    """What was learned, and from how much.

    Attributes:
        name: In the field's notation, where the rule has a name.
        family: What the rule may depend on.
        neighbourhoods: Entries of its table.
        seen: How many of them were observed.
        seen_right: How many of those the layer answers as was observed most often.
        held_out: How many of the seen ones were first kept from the layer, to know how it does
            on unseen ones; 0 where all were seen.
        held_out_right: How many of those it answered right before it learned from them.
        unseen_confidence: Mean confidence in the entries never seen; None where all were.
        contradictory: Cells that took a rarer state than their neighbourhood's usual one.
        first_contradiction: The first of them.
        steps: Updates of the layer.
        converged: Every usual next state is rated highest, with the margin asked for unless it
            was contradicted.
        cpu_seconds: Process time of learning; counting what was seen is not in it.
    """

    name: str | None
    family: FamilyName
    neighbourhoods: PositiveInt
    seen: NonNegativeInt
    seen_right: NonNegativeInt
    held_out: NonNegativeInt
    held_out_right: NonNegativeInt
    unseen_confidence: float | None
    contradictory: NonNegativeInt
    first_contradiction: Contradiction | None
    steps: NonNegativeInt
    converged: bool
    cpu_seconds: NonNegativeFloat
