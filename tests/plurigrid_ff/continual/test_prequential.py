import sys

import numpy as np
import pytest
import torch

from plurigrid_ff.continual.learner import Learner
from plurigrid_ff.continual.picture import draw_stream
from plurigrid_ff.continual.prequential import follow_stream, one_learner
from plurigrid_ff.continual.settings import StreamReport, StreamSettings
from plurigrid_ff.continual.streams import (
    STREAMS,
    Stream,
    drift_places,
    open_stream,
    swapped_names,
)
from plurigrid_ff.errors import ConfigError, MissingExtraError, UnknownNameError


class Last(Learner):
    """Says what it learned last; a stream's best rival where labels come in runs."""

    def __init__(self):
        self.learned = []
        self.begun_with = None

    def begin(self, x):
        self.begun_with = len(x)

    def learn(self, batch):
        self.learned += batch.y[: batch.fresh].tolist()

    def scores(self, x):
        return torch.eye(3)[self.learned[-1]].expand(len(x), 3)


def test_samples_are_predicted_before_they_are_learned():
    y = np.array([0, 0, 1, 1, 1, 2, 2, 0], np.int64)
    stream = Stream(np.zeros((8, 2), np.float32), y, 3, (), "none")
    settings = StreamSettings(stream="made-up", samples=8, warmup=2, batch_size=1)
    one, shares = Last(), []
    found = one_learner(one, stream, settings, shares.append, until=8)

    # Right about the second 0, the second and third 1, the second 2.
    assert found.windows == (0, 1, 0, 1, 1, 0, 1, 0)
    assert found.accuracy == 3 / 6
    assert one.learned == y.tolist()
    assert one.begun_with == 2
    assert shares[-1] == 1


def test_whoever_stops_learning_is_told_of_no_more_samples():
    y = np.array([0, 1, 2, 2], np.int64)
    stream = Stream(np.zeros((4, 2), np.float32), y, 3, (), "none")
    settings = StreamSettings(stream="made-up", samples=4, warmup=2, batch_size=1)
    one = Last()
    one_learner(one, stream, settings, lambda share: None, until=2)
    assert one.learned == [0, 1]


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_a_function_of_length_and_seed(name):
    first, again, other = (open_stream(name, 240, seed=seed) for seed in (0, 0, 1))
    assert len(first.x) == len(first.y) == 240
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.array_equal(first.y, other.y)
    assert 0 <= first.y.min() <= first.y.max() < first.num_classes
    assert set(first.drifts) <= set(drift_places(240))


def test_in_every_concept_but_the_first_all_classes_have_a_partners_name():
    assert swapped_names(10, 0, seed=0).tolist() == list(range(10))
    for concept in (1, 2, 3):
        names = swapped_names(10, concept, seed=0)
        assert (names != np.arange(10)).all()
        np.testing.assert_array_equal(names[names], np.arange(10))
    stream = open_stream("digits-swaps", 8 * 1797, seed=0)
    plain = open_stream("digits-swaps", 1797, seed=0)
    order = np.lexsort(plain.x.reshape(1797, -1).T)
    changed = np.lexsort(stream.x[2 * 1797 : 3 * 1797].reshape(1797, -1).T)
    true = stream.y[:1797][order]
    np.testing.assert_array_equal(
        stream.y[2 * 1797 : 3 * 1797][changed], swapped_names(10, 1, seed=0)[true]
    )


def test_local_updates_follow_a_drift_that_frozen_layers_cannot():
    settings = StreamSettings(
        stream="digits-swaps", samples=900, warmup=200, learners=("subspaces", "frozen")
    )
    report = follow_stream(settings)
    found = {name: one.accuracy for name, one in report.found.items()}

    assert found["subspaces"] > found["frozen"] + 0.2
    assert follow_stream(settings) == report
    assert StreamReport.model_validate(report.model_dump(mode="json")) == report
    assert b"frozen" in draw_stream(report)


def test_what_cannot_be_followed_is_refused_first(monkeypatch):
    with pytest.raises(UnknownNameError, match="unknown stream 'agrawl'; did you mean 'a"):
        follow_stream(StreamSettings(stream="agrawl"))
    with pytest.raises(ConfigError, match="more than the 1000 of the warm-up, got 900"):
        follow_stream(StreamSettings(stream="sea", samples=900))
    with pytest.raises(UnknownNameError, match="did you mean 'frozen'"):
        follow_stream(StreamSettings(stream="sea", learners=("froze",)))
    monkeypatch.setitem(sys.modules, "river.datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'plurigrid-ff\[streams\]'"):
        follow_stream(StreamSettings(stream="sea"))
