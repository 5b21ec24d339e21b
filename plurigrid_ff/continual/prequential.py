"""Test, then train: every sample of a stream is predicted before it is learned."""

from collections.abc import Callable
from functools import partial

import torch

from plurigrid_ff.continual.contenders import LEARNERS, Problem, require_learners
from plurigrid_ff.continual.learner import Learner
from plurigrid_ff.continual.memory import Memory
from plurigrid_ff.continual.settings import PrequentialFound, StreamReport, StreamSettings
from plurigrid_ff.continual.streams import Stream, open_stream
from plurigrid_ff.continual.tasks import Progress, choose, with_memory
from plurigrid_ff.errors import ConfigError

FROZEN = "frozen"
"""The control that learns as ``projection`` does, and stops after the warm-up."""
WINDOWS = 60


def follow_stream(
    settings: StreamSettings, progress: Progress = lambda name, share: None
) -> StreamReport:
    """Let every learner follow the same stream.

    Raises:
        PlurigridError: What the user can put right, before anything is learned.
    """
    require_learners(settings.learners, (*LEARNERS, FROZEN))
    if settings.warmup >= settings.samples:
        raise ConfigError(
            f"--samples: expected more than the {settings.warmup} of the warm-up, got "
            f"{settings.samples}; nothing would be measured"
        )
    stream = open_stream(settings.stream, settings.samples, seed=settings.seed)
    learners = {name: _build(name, settings, stream) for name in settings.learners}
    found = {
        name: one_learner(
            learner,
            stream,
            settings,
            partial(progress, name),
            until=settings.warmup if name == FROZEN else settings.samples,
        )
        for name, learner in learners.items()
    }
    counted = torch.from_numpy(stream.y[settings.warmup :])
    return StreamReport(
        settings=settings,
        drifts=stream.drifts,
        num_classes=stream.num_classes,
        majority=float(counted.bincount().max()) / len(counted),
        found=found,
    )


def one_learner(
    learner: Learner,
    stream: Stream,
    settings: StreamSettings,
    progress: Callable[[float], None],
    *,
    until: int,
) -> PrequentialFound:
    """Predict each batch, then learn it.

    Only classes that have been seen are candidates; what is remembered was learned before.

    Args:
        learner: What learns.
        stream: Its samples.
        settings: Size of batches, warm-up and memory.
        progress: Called with the share that is done.
        until: Learn so many samples and none after them.

    Reference:
        Gama, Sebastião & Rodrigues (2013), "On evaluating stream learning algorithms".
    """
    x, y = torch.from_numpy(stream.x), torch.from_numpy(stream.y)
    memory = Memory(settings.replay, seed=settings.seed)
    right = torch.zeros(len(y), dtype=torch.bool)
    seen = torch.zeros(stream.num_classes, dtype=torch.bool)
    learner.begin(x[: settings.warmup])
    for start in range(0, len(y), settings.batch_size):
        rows = slice(start, start + settings.batch_size)
        if seen.any():
            right[rows] = choose(learner.scores(x[rows]), seen.nonzero().flatten()) == y[rows]
        seen[y[rows]] = True
        if start < until:
            learner.learn(with_memory(x[rows], y[rows], memory))
            memory.add(x[rows], y[rows])
        progress(min(rows.stop / len(y), 1.0))
    window = -(-len(y) // WINDOWS)
    return PrequentialFound(
        accuracy=float(right[settings.warmup :].double().mean()),
        windows=tuple(float(part.double().mean()) for part in torch.split(right, window)),
        window=window,
    )


def _build(name: str, settings: StreamSettings, stream: Stream) -> Learner:
    """Build one learner for a stream."""
    problem = Problem(
        hidden=settings.hidden,
        feature_shape=tuple(stream.x.shape[1:]),
        num_classes=stream.num_classes,
        scaling=stream.scaling,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )
    return LEARNERS["projection" if name == FROZEN else name](problem)
