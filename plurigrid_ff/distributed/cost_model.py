"""What a stretch of epochs takes on many stages, on paper: compute, bytes, bubble and memory.

A stage handles a batch in ``t = a * cost + b * bytes``: ``a`` seconds per multiply-add of
:func:`~plurigrid_ff.learning.partition.layer_cost`, ``b`` seconds of its processor per byte that it
receives or sends. A byte also takes its time on the link, beside the work. With ``M`` batches and
stages that take ``t_s``, links that take ``w_s``, the last batch is done after

    sum_s (t_s + w_s) + (M - 1) * max_s max(t_s, w_s)

which is exact for a row of machines with equal jobs and room for one job between any two: the sum
is the bubble's fill, the maximum the pace. Then the first process moves weights and optimizer
state of all others over its own link, since it writes the checkpoint.
"""

from dataclasses import dataclass

from plurigrid_ff.learning.channels import DEPTH
from plurigrid_ff.learning.footprint import COPIES
from plurigrid_ff.learning.partition import balanced

WORTH = 1.5  # a doubling of stages that does not make a stretch so many times as fast is none


@dataclass(frozen=True, slots=True)
class Machine:
    """What one stage runs on, and what lies between two of them.

    Attributes:
        seconds_per_unit: For one multiply-add of a layer's cost.
        seconds_per_byte: Of the processor, for a byte received or sent.
        bytes_per_s: Of a link.
        latency_s: Of a link.
    """

    seconds_per_unit: float
    seconds_per_byte: float
    bytes_per_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Workload:
    """What is trained.

    Attributes:
        costs: Of each layer on one batch, in multiply-adds.
        activity_bytes: What each layer passes on of one batch.
        parameter_bytes: Of each layer.
        batches: Between two checkpoints.
    """

    costs: tuple[float, ...]
    activity_bytes: tuple[float, ...]
    parameter_bytes: tuple[float, ...]
    batches: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a stretch between two checkpoints takes on so many stages.

    Attributes:
        stages: How many.
        seconds: All of it.
        speedup: Times as fast as one stage.
        efficiency: ``speedup`` per stage.
        bubble: Share of the stages' time before the checkpoint in which they have no work.
        gathering: Share of ``seconds`` that the checkpoint takes.
        link_bytes_per_s: Most that any link between stages has to carry while batches flow.
        memory_bytes: Of the largest stage but the first: parameters, optimizer, gradients,
            activities on their way.
        leader_bytes: The same of the first, which holds the weights of all.
    """

    stages: int
    seconds: float
    speedup: float
    efficiency: float
    bubble: float
    gathering: float
    link_bytes_per_s: float
    memory_bytes: float
    leader_bytes: float


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of a stretch, one figure per stage, and how it was cut."""

    batches: int
    cpu_seconds: tuple[float, ...]
    cuts: tuple[range, ...]


def fit(
    workload: Workload, one: Measured, two: Measured, *, bytes_per_s: float, latency_s: float
) -> Machine:
    """Find what a unit and a byte cost, from one stretch on one stage and one on two.

    Args:
        workload: What both trained.
        one: On one stage: all its time is compute.
        two: On two: what it takes more is for bytes, each handled at both ends.
        bytes_per_s: Of the link that is assumed.
        latency_s: Of the link that is assumed.
    """
    per_batch = one.cpu_seconds[0] / one.batches
    more = sum(two.cpu_seconds) / two.batches - per_batch
    handled = 2 * workload.activity_bytes[two.cuts[0].stop - 1]
    return Machine(
        seconds_per_unit=per_batch / sum(workload.costs),
        seconds_per_byte=max(0.0, more) / handled,
        bytes_per_s=bytes_per_s,
        latency_s=latency_s,
    )


def makespan(works: list[float], links: list[float], batches: int) -> float:
    """Return when the last of equal batches leaves the last stage, in seconds.

    Args:
        works: Seconds that each stage works on a batch.
        links: Seconds that a batch takes from each stage to the next, one fewer.
        batches: How many.
    """
    return sum(works) + sum(links) + (batches - 1) * max([*works, *links])


def predict(machine: Machine, workload: Workload, stages: int) -> Prediction:
    """Predict a stretch between two checkpoints on so many stages."""
    cuts = balanced(workload.costs, stages)
    sent = [workload.activity_bytes[cut.stop - 1] for cut in cuts[:-1]]
    handled = [before + after for before, after in zip([0.0, *sent], [*sent, 0.0], strict=True)]
    works = [
        machine.seconds_per_unit * sum(workload.costs[place] for place in cut)
        + machine.seconds_per_byte * size
        for cut, size in zip(cuts, handled, strict=True)
    ]
    links = [machine.latency_s + size / machine.bytes_per_s for size in sent]
    flowing = makespan(works, links, workload.batches)
    own = [sum(workload.parameter_bytes[place] for place in cut) for cut in cuts]
    # Weights down and up, and Adam's two moments up.
    gathered = 4 * (sum(own) - own[0]) / machine.bytes_per_s
    alone = machine.seconds_per_unit * sum(workload.costs) * workload.batches
    seconds = flowing + gathered
    pace = max([*works, *links])
    memory = [
        COPIES * size + max(workload.parameter_bytes[place] for place in cut) + (DEPTH + 1) * moved
        for cut, size, moved in zip(cuts, own, handled, strict=True)
    ]
    return Prediction(
        stages=stages,
        seconds=seconds,
        speedup=alone / seconds,
        efficiency=alone / seconds / stages,
        bubble=max(0.0, 1 - workload.batches * sum(works) / (stages * flowing)),
        gathering=gathered / seconds,
        link_bytes_per_s=max(sent, default=0.0) / pace,
        memory_bytes=max(memory[1:], default=0.0),
        leader_bytes=memory[0] + sum(own) - own[0],
    )


def most_that_pay(machine: Machine, workload: Workload) -> int:
    """Return the most stages, of 1, 2, 4, ..., up to which every doubling was worth it."""
    stages, now = 1, predict(machine, workload, 1)
    while 2 * stages <= len(workload.costs):
        then = predict(machine, workload, 2 * stages)
        if now.seconds < WORTH * then.seconds:
            break
        stages, now = 2 * stages, then
    return stages
