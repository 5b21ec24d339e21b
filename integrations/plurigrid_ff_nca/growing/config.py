"""Settings of a growing automaton."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from plurigrid_ff.settings import Settings

Learner = Literal["goodness-difference", "one-step-backprop", "backprop-through-time"]


class GrowConfig(Settings):
    """How an automaton is built and trained.

    The learner ``goodness-difference`` is local regression of a goodness difference; the two
    rivals are a perceptron of the same perception and width, trained by backprop over one step
    or over a whole rollout.
    """

    learner: Learner = Field("goodness-difference", description="What learns the update.")
    channels: int = Field(16, ge=5, le=64, description="Numbers per cell; four are RGBA.")
    neurons: PositiveInt = Field(
        4, description="Positive neurons per channel, and as many negative ones."
    )
    laplacian: bool = Field(True, description="Perceive the Laplacian beside the gradients.")
    position_code: bool = Field(
        True, description="Hidden channels aim at a fixed Fourier code of the place."
    )
    code_amplitude: PositiveFloat = Field(0.5, description="Of the position code.")
    clamp: bool = Field(True, description="Bound updates to 0.35 and states to 1.1.")
    fire_rate: float = Field(0.5, gt=0, le=1, description="Share of cells that update per step.")
    gain: float = Field(
        0.5, gt=0, le=1, description="Share of the way to what it aims at that a step takes."
    )
    pool_size: PositiveInt = Field(64, description="States that training goes on from.")
    batch_size: PositiveInt = Field(2, description="States per rollout.")
    rollout: PositiveInt = Field(32, description="Steps of a rollout.")
    reseed: float = Field(0.14, gt=0, le=1, description="Share of a batch that starts anew.")
    worst: float = Field(
        0.3,
        ge=0,
        le=1,
        description="How often that is the worst of a batch; else any of it, since what has gone "
        "wrong has to be seen to be learned from.",
    )
    partial: float = Field(
        0.3, ge=0, lt=1, description="Share of a batch that starts from a part of the target."
    )
    litter: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Share of the others that scraps of the target are strewn around, to vanish.",
    )
    margin: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Cells outside aim at an alpha so far below 0: haze, which sprouts, dies.",
    )
    damage: float = Field(0.4, ge=0, lt=1, description="Share of a batch that is damaged.")
    scale: PositiveFloat = Field(
        0.5, description="Errors beyond it count ever less, where a step is learned from by itself."
    )
    learning_rate: PositiveFloat = Field(0.003, description="Step size of Adam at the start.")
    decay: bool = Field(True, description="Let the step size fall to a tenth, as a cosine.")
    average: float = Field(
        0.98,
        ge=0,
        lt=1,
        description="What grows has the mean of the weights over about 1 / (1 - this) rollouts.",
    )
    rollouts: PositiveInt = Field(600, description="Rollouts to train for.")
    size: int = Field(40, ge=8, le=256, description="Height and width of the grid.")
    seed: NonNegativeInt = Field(0, description="Every draw derives from it.")

    @property
    def aims(self) -> bool:
        """Whether the update is a share of the way to what a cell says it should be.

        Backprop through time learns the update itself: it starts at none, and so alive.
        """
        return self.learner != "backprop-through-time"

    @property
    def kernels(self) -> int:
        """Numbers that a cell perceives of one channel, its own first."""
        return 4 if self.laplacian else 3

    @property
    def perceived(self) -> int:
        """Numbers that a cell perceives."""
        return self.channels * self.kernels

    @property
    def units(self) -> int:
        """Width of the one hidden layer, of every learner."""
        return self.channels * 2 * self.neurons


class GrowScores(Settings):
    """Mean squared error over red, green, blue and alpha, in [0, 1]; alpha premultiplied.

    Attributes:
        steps_64: After 64 steps from the seed.
        steps_96: After 96 steps.
        steps_300: After 300 steps.
        regrown: 64 steps after half of it was erased at step 300.
        empty: Of an empty grid.
    """

    steps_64: NonNegativeFloat
    steps_96: NonNegativeFloat
    steps_300: NonNegativeFloat
    regrown: NonNegativeFloat
    empty: NonNegativeFloat


# Perceive 48 -> 128, update -> 16, a stochastic mask and an alive mask. The clamp stays: goodness
# grows with the square of the state, so without it states overflow within a hundred steps.
SKETCH = GrowConfig(laplacian=False, position_code=False)
