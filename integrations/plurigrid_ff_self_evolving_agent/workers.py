"""Who evaluates a generation: this machine, one individual after the other, or a Ray cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import DeviceError, MeasurementError, MissingExtraError, TrainingError
from plurigrid_ff_self_evolving_agent.archive import Weights
from plurigrid_ff_self_evolving_agent.worker import Job, Result

Found = tuple[Result, dict[str, NDArray[np.float32]]]
"""What an evaluation measured, and the weights as they were learned."""

Evaluate = Callable[[Job, Weights | None], Found]
"""Evaluates an individual that goes on from the weights, if there are any.

Raises TrainingError where it fails.
"""

EvaluateAll = Callable[[Sequence[tuple[Job, Weights | None]]], Iterator[Found | TrainingError]]
"""Evaluates several, and yields what became of each in the order of the jobs."""


def one_by_one(evaluate: Evaluate) -> EvaluateAll:
    """Evaluate each when it is asked for, so that an interrupt loses one at most."""

    def evaluate_all(
        jobs: Sequence[tuple[Job, Weights | None]],
    ) -> Iterator[Found | TrainingError]:
        for job, inherited in jobs:
            yield _outcome(evaluate, job, inherited)

    return evaluate_all


@contextmanager
def on_ray(evaluate: Evaluate, *, cpus: int | None = None) -> Iterator[EvaluateAll]:
    """Evaluate on the Ray cluster at ``RAY_ADDRESS``, or on one that is started here and ended.

    Outcomes are those of :func:`one_by_one`: an evaluation is a function of its job. On a node
    that is lost Ray does its work again elsewhere.

    Args:
        evaluate: Runs on the nodes, where this package must be installed too.
        cpus: Of a cluster that is started here; None: all. One evaluation takes one.

    Raises:
        MissingExtraError: Ray is not installed.
        DeviceError: There is no cluster at that address.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError(
            "--workers ray needs Ray: pip install 'plurigrid-ff[ray]'"
        ) from error
    # Of a cluster started here nobody is told, and devices stay as they are.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    address = os.environ.get("RAY_ADDRESS")
    # "local": not whichever cluster happens to run on this machine.
    own: dict[str, Any] = {"address": "local", "num_cpus": cpus, "include_dashboard": False}
    try:
        ray.init(configure_logging=False, log_to_driver=False, **({} if address else own))
    except ConnectionError as error:
        raise DeviceError(
            f"no Ray cluster answers at RAY_ADDRESS={address}; start one with `ray start --head`, "
            "or unset RAY_ADDRESS to use this machine"
        ) from error
    try:
        yield _submit(ray, evaluate)
    finally:
        ray.shutdown()


def _submit(ray: Any, evaluate: Evaluate) -> EvaluateAll:
    """Hand all jobs to the cluster at once."""
    remote = ray.remote(num_cpus=1)(_outcome)

    def evaluate_all(
        jobs: Sequence[tuple[Job, Weights | None]],
    ) -> Iterator[Found | TrainingError]:
        sent = ray.put(evaluate)
        coming = [remote.remote(sent, job, inherited) for job, inherited in jobs]
        for (job, _), future in zip(jobs, coming, strict=True):
            try:
                yield ray.get(future)
            except ray.exceptions.RayError as error:
                raise MeasurementError(
                    f"the cluster lost the evaluation of {job.name} ({str(error).strip():.200}); "
                    "nothing that was archived is lost: `plurigrid-ff evolve resume` goes on"
                ) from error

    return evaluate_all


def _outcome(evaluate: Evaluate, job: Job, inherited: Weights | None) -> Found | TrainingError:
    """Evaluate one; a failure is an outcome."""
    try:
        return evaluate(job, inherited)
    except TrainingError as error:
        return TrainingError(str(error))
