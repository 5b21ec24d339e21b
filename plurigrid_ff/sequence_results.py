"""What became of a sequence of triads, each of which went on from the one before."""

from typing import Literal

from pydantic import Field, computed_field

from plurigrid_ff.gf3 import add
from plurigrid_ff.results import RunReport
from plurigrid_ff.settings import Result


class StageReport(Result):
    """One triad of a sequence.

    Attributes:
        folder: Its run folder, within that of the sequence.
        name: The triad's.
        skills: Names by role.
        trit_sum: Sum of its log's trits in GF(3).
        outcome: Of its verdict; None if the validator was not heard.
        reason: What the validator said.
        test_accuracy: Of its network in the end; of several agents, the mean.
        rounds: How many there were.
        log_head: Hash of the last entry of its log.
        continues: The same of the run that it went on from, which its own first entry holds.
    """

    folder: str
    name: str
    skills: dict[str, str]
    trit_sum: int
    outcome: str | None
    reason: str
    test_accuracy: float | None
    rounds: int
    log_head: str
    continues: str | None

    @classmethod
    def of(cls, folder: str, report: RunReport) -> "StageReport":
        """Sum up a run."""
        triad = dict(report.triad or {})
        name = triad.pop("name", "")
        verdict, society = report.verdict, report.society
        accuracy = report.test_accuracy
        if society is not None and society.test_accuracy is not None:
            accuracy = society.test_accuracy.mean
        return cls(
            folder=folder,
            name=name,
            skills=triad,
            trit_sum=report.trit_sum,
            outcome=verdict.outcome if verdict else None,
            reason=verdict.reason if verdict else "",
            test_accuracy=accuracy,
            rounds=report.rounds,
            log_head=report.log_head,
            continues=report.warm_start.log_head if report.warm_start else None,
        )


class SequenceReport(Result):
    """sequence.json: the outcome of triads that ran one after the other."""

    format: Literal[1] = 1
    expression: str
    planned: int = Field(description="Triads in the sequence.")
    stages: tuple[StageReport, ...] = Field(description="Those that ran, in order.")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def trit_sum(self) -> int:
        """Sum of all logs' trits in GF(3): what is conserved."""
        return add(stage.trit_sum for stage in self.stages)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def stopped(self) -> bool:
        """Whether a failed verdict kept the next triad from beginning."""
        return len(self.stages) < self.planned

    @property
    def passed(self) -> bool:
        """Whether all triads ran and the last verdict is that its run passed."""
        return not self.stopped and self.stages[-1].outcome == "passed"
