"""What was found, of a run and of objectives: models that are written, printed and drawn."""

from math import prod
from typing import Any, Literal

from pydantic import Field, computed_field

from plurigrid_ff.config import OptionValue, ReadoutKind, Settings, WarmStartConfig
from plurigrid_ff.settings import Result
from plurigrid_ff.society_results import SocietyReport

READOUT = (
    "What predicts; under 'probe' a layer's goodness is its share of it, under 'head' the score "
    "of the layer's own head."
)


class Series(Result):
    """Points of one colour in a chart."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Chart(Result):
    """Evidence that people would rather look at."""

    kind: Literal["scatter", "line", "bar"]
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    diagonal: bool = Field(False, description="Draw y = x, as persistence diagrams do.")
    note: str = ""


class Table(Result):
    """Evidence in rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]
    note: str = ""


class Verdict(Result):
    """What a validator says of a round, and what it saw.

    Attributes:
        passed: True, False, or None where the question cannot be decided.
        measure: The number that was compared, None where there was nothing to measure.
        limit: The largest ``measure`` that passes.
        reason: One sentence.
        summary: JSON-ready numbers for the log, beside those above.
    """

    passed: bool | None
    measure: float | None
    limit: float
    reason: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    summary: dict[str, Any] = Field(default_factory=dict, description="More numbers for the log.")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def outcome(self) -> Literal["passed", "failed", "undecidable"]:
        """The verdict in one word."""
        if self.passed is None:
            return "undecidable"
        return "passed" if self.passed else "failed"


class Histogram(Result):
    """Counts between consecutive edges: ``len(edges) == len(counts) + 1``."""

    edges: tuple[float, ...]
    positive: tuple[int, ...] = Field(description="Samples with their true label.")
    negative: tuple[int, ...] = Field(description="The same samples with a wrong label.")


class LayerReport(Result):
    """One layer after training, measured on test samples."""

    index: int
    kind: str
    in_shape: tuple[int, ...] = Field(description="Shape of one sample of the input.")
    out_shape: tuple[int, ...] = Field(description="Shape of one sample of the activity.")
    objective: str
    updates: int = Field(description="Optimizer steps the layer took.")
    accuracy: float = Field(description="Share of test samples this layer alone gets right.")
    goodness_positive: float = Field(description="Mean goodness under the true label.")
    goodness_negative: float = Field(description="Mean goodness under a wrong label.")
    dead_units: int = Field(
        description="Units that no test sample activates; a unit of a convolution is a channel."
    )
    goodness: Histogram

    @computed_field  # type: ignore[prop-decorator]
    @property
    def in_features(self) -> int:
        """Numbers in one sample of the input."""
        return prod(self.in_shape)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def out_features(self) -> int:
        """Numbers in one sample of the activity."""
        return prod(self.out_shape)

    @property
    def sizes(self) -> str:
        """Both shapes for people: ``784 → 500``, ``1x28x28 → 32x14x14``."""
        return " → ".join("x".join(map(str, shape)) for shape in (self.in_shape, self.out_shape))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def separation(self) -> float:
        """Mean goodness of positives minus mean goodness of negatives."""
        return self.goodness_positive - self.goodness_negative


class ReadoutLayers(Result):
    """Which layers predict, counted from 1."""

    first: int
    last: int
    validated: bool = Field(description="Chosen as the best range on the validation samples.")


class Assessment(Result):
    """A trained network measured on one split of labelled samples."""

    split: str
    samples: int
    accuracy: float
    readout: ReadoutKind = Field("goodness", description=READOUT)
    readout_layers: ReadoutLayers | None = None
    layers: tuple[LayerReport, ...]
    confusion: tuple[tuple[int, ...], ...] = Field(description="Rows: true class.")
    class_names: tuple[str, ...]
    kept_round: int | None = Field(
        None, description="Round whose weights these are, the best; None: the last round's."
    )
    agent: str | None = Field(None, description="Whose network it is; None for a single one.")


class RunReport(Result):
    """report.json: the outcome of a run."""

    format: Literal[1] = 1
    triad: dict[str, str] | None = Field(description="Skill names by role; None without triad.")
    trit_sum: int = Field(description="Sum of the log's trits in GF(3); 0 for a triad.")
    verdict: Verdict | None
    society: SocietyReport | None = Field(None, description="None for a single agent.")
    test_accuracy: float | None
    layers: tuple[LayerReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    class_names: tuple[str, ...]
    rounds: int = Field(description="How many there were.")
    planned_rounds: int | None = Field(
        None, description="How many there would have been without early stopping; None: as many."
    )
    kept_round: int | None = Field(
        None, description="Round whose weights are kept, the best; None: the last round's."
    )
    parameters: int
    negatives: str = Field("none", description="What positives were told from.")
    locality: Literal[1, 2] = Field(
        1, description="How many layers a layer's loss moved: its own, or the one below as well."
    )
    readout: ReadoutKind = Field("goodness", description=READOUT)
    readout_layers: ReadoutLayers | None = None
    data: str
    data_digest: str
    seed: int
    device: str
    warm_start: WarmStartConfig | None = Field(
        None, description="The run whose networks this one began with; None: initial weights."
    )
    versions: dict[str, str]
    machine: dict[str, str] = Field(
        default_factory=dict, description="Processor, system, and the threads torch had."
    )
    settings_digest: str | None = Field(None, description="Of the settings in run.toml.")
    seconds: float = Field(description="Wall-clock seconds of all rounds.")
    log_head: str = Field(description="Hash of the last log entry; it covers all before it.")


class ExportedFile(Result):
    """One file of an export."""

    name: str
    bytes: int


class ExportReport(Result):
    """What an export wrote, and what goes into the network and comes out of it."""

    format: str
    out: str = Field(description="The file or folder that was asked for.")
    files: tuple[ExportedFile, ...] = Field(description="All files, in ``out`` or beside it.")
    feature_shape: tuple[int, ...] = Field(description="Shape of one sample.")
    class_names: tuple[str, ...] = Field(description="Class 0 first.")
    data: str = Field(description="Name of the data set that the network learned from.")
    agent: str | None = Field(None, description="Whose network it is; None for a single one.")
    objective: str
    parameters: int


class DeviceMemory(Result):
    """Bytes on the device, counted before anything is compiled."""

    weights: int = Field(description="Weights, biases and directions, wherever they lie.")
    tables: int = Field(description="Constants in flash, weights included.")
    code: int = Field(description="Upper bound of the machine code, in flash.")
    ram: int = Field(description="All that changes, without the stack.")
    stack: int = Field(description="Upper bound of what a call takes.")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def flash(self) -> int:
        """Bytes of flash."""
        return self.tables + self.code

    @computed_field  # type: ignore[prop-decorator]
    @property
    def ram_in_all(self) -> int:
        """Bytes of RAM, stack included."""
        return self.ram + self.stack


class BuildCheck(Result):
    """What became of the exported code under one compiler.

    Attributes:
        target: ``host``, or the core it was built for.
        passed: True, False, or None where it could not be tried.
        message: What the check printed, or why it was not tried.
        flash: Bytes of code and constants in the object file, None where not measured.
        ram: Bytes of variables in the object file.
        stack: Most bytes of stack that were in use while it ran.
    """

    target: str
    passed: bool | None
    message: str
    flash: int | None = None
    ram: int | None = None
    stack: int | None = None


class CExportReport(ExportReport):
    """What an export to C wrote, what it takes on the device, and how exact it is."""

    learns: bool = Field(description="Whether ff_learn is part of it.")
    untrained: bool = Field(description="Whether it starts from initial weights.")
    memory: DeviceMemory
    float_accuracy: float = Field(description="On the test split, before rounding to integers.")
    integer_accuracy: float = Field(description="On the same samples, as the device computes.")
    clipped_weights: tuple[float, ...] = Field(
        description="Per layer, the share of weights beyond the range of int8."
    )
    saturated_activities: tuple[float, ...] = Field(
        description="Per layer, the share of activities at the top of their range."
    )
    checks: tuple[BuildCheck, ...]


class OptionCard(Settings):
    """One option of an objective, a key of ``network.options``."""

    name: str
    default: OptionValue | None = Field(description="None where a value must be given.")
    description: str


class ObjectiveCard(Settings):
    """What an objective says of itself."""

    name: str
    provider: str = Field(description="'plurigrid-ff', or the plugin that offers it.")
    summary: str = ""
    contrast: str = Field("", description="What it tells apart: classes, samples or pairs.")
    passes: str = Field("", description="Forward passes to predict.")
    negatives: tuple[str, ...] = Field((), description="What it can learn from, default first.")
    options: tuple[OptionCard, ...] = ()
    reference: str = ""
    error: str | None = Field(None, description="Why it cannot be loaded.")
