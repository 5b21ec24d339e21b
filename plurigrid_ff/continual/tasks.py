"""Classes that arrive in turns: learned turn by turn, tested on all that came before."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from plurigrid_ff.continual.contenders import LEARNERS, Problem, require_learners
from plurigrid_ff.continual.learner import Batch, Learner
from plurigrid_ff.continual.memory import Memory
from plurigrid_ff.continual.settings import ClassesReport, ClassesSettings, TasksFound
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError, TrainingError
from plurigrid_ff.learning.draws import draw_permutation

Progress = Callable[[str, float], None]
"""Called with a learner's name and the share of its work that is done."""


def learn_classes(
    settings: ClassesSettings, progress: Progress = lambda name, share: None
) -> ClassesReport:
    """Let every learner meet the classes of a data set in turns.

    Raises:
        PlurigridError: What the user can put right, before anything is learned.
    """
    require_learners(settings.learners, LEARNERS)
    data = load_dataset(settings.data, seed=settings.seed)
    tasks = class_tasks(data.num_classes, settings.classes_per_task)
    learners = {name: _build(name, settings, data) for name in settings.learners}
    found = {}
    for name, learner in learners.items():
        accuracy = one_learner(learner, data, tasks, settings, partial(progress, name))
        found[name] = TasksFound(accuracy=accuracy)
    return ClassesReport(
        settings=settings,
        tasks=tuple(tuple(data.class_names[label] for label in task) for task in tasks),
        found=found,
    )


def class_tasks(num_classes: int, per_task: int) -> list[tuple[int, ...]]:
    """Deal classes to tasks, in order; the last task may have fewer.

    Raises:
        ConfigError: All classes would arrive at once.
    """
    if per_task >= num_classes:
        raise ConfigError(
            f"--classes-per-task: expected fewer than the {num_classes} classes of the data, got "
            f"{per_task}; there would be one task only"
        )
    labels = range(num_classes)
    return [tuple(labels[start : start + per_task]) for start in range(0, num_classes, per_task)]


def one_learner(
    learner: Learner,
    data: Dataset,
    tasks: list[tuple[int, ...]],
    settings: ClassesSettings,
    progress: Callable[[float], None],
) -> tuple[tuple[float, ...], ...]:
    """Learn task after task; return the accuracy of every task so far after each of them.

    A task is remembered once it is over, so what is recalled is always of earlier ones.
    """
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    test_x, test_y = torch.from_numpy(data.test.x), torch.from_numpy(data.test.y)
    memory = Memory(settings.replay, seed=settings.seed)
    rows: list[tuple[float, ...]] = []
    for number, task in enumerate(tasks):
        own = torch.isin(y, torch.tensor(task)).nonzero().flatten()
        if not number:
            learner.begin(x[own])
        for epoch in range(settings.epochs):
            order = draw_permutation(derive_key(settings.seed, "tasks", number, epoch), own)
            for ids in torch.split(own[order], settings.batch_size):
                learner.learn(with_memory(x[ids], y[ids], memory))
            progress((number + (epoch + 1) / settings.epochs) / len(tasks))
        memory.add(x[own], y[own])
        seen = torch.tensor([label for earlier in tasks[: number + 1] for label in earlier])
        rows.append(
            tuple(
                _accuracy(learner, test_x, test_y, torch.tensor(earlier), seen)
                for earlier in tasks[: number + 1]
            )
        )
    return tuple(rows)


def with_memory(x: Tensor, y: Tensor, memory: Memory) -> Batch:
    """Put as many remembered samples below new ones, if there are any."""
    recalled = memory.recall(len(y))
    if recalled is None:
        return Batch(x, y, fresh=len(y))
    return Batch(torch.cat([x, recalled[0]]), torch.cat([y, recalled[1]]), fresh=len(y))


def choose(scores: Tensor, seen: Tensor) -> Tensor:
    """Return the best of the classes seen so far, for each sample.

    Args:
        scores: Shape ``(samples, classes)``.
        seen: Classes, shape ``(classes seen,)``.

    Raises:
        TrainingError: A score is not finite.
    """
    if not torch.isfinite(scores).all():
        raise TrainingError(
            "a learner's scores are no longer finite; lower --learning-rate, or check the data"
        )
    return seen[scores[:, seen].argmax(dim=1)]


def _accuracy(learner: Learner, x: Tensor, y: Tensor, task: Tensor, seen: Tensor) -> float:
    """Return the share of a task's test samples that are told from all classes so far."""
    own = torch.isin(y, task)
    return float((choose(learner.scores(x[own]), seen) == y[own]).double().mean())


def _build(name: str, settings: ClassesSettings, data: Dataset) -> Learner:
    """Build one learner for the data."""
    return LEARNERS[name](
        Problem(
            hidden=settings.hidden,
            feature_shape=data.feature_shape,
            num_classes=data.num_classes,
            scaling="standard" if settings.data.source.lower().endswith(".csv") else "none",
            learning_rate=settings.learning_rate,
            seed=settings.seed,
        )
    )
