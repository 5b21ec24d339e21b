import pytest
import torch

from plurigrid_ff.config import DataConfig
from plurigrid_ff.continual import tasks
from plurigrid_ff.continual.learner import Learner
from plurigrid_ff.continual.memory import Memory
from plurigrid_ff.continual.picture import draw_classes
from plurigrid_ff.continual.settings import ClassesReport, ClassesSettings, TasksFound
from plurigrid_ff.continual.tasks import choose, class_tasks, learn_classes, with_memory
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.errors import ConfigError, TrainingError, UnknownNameError


def test_forgetting_and_average_are_those_computed_by_hand():
    found = TasksFound(accuracy=((0.9,), (0.6, 0.8), (0.7, 0.5, 1.0)))
    assert found.average_accuracy == pytest.approx(2.2 / 3)
    assert found.forgetting == pytest.approx((0.2 + 0.3) / 2)
    assert TasksFound(accuracy=((0.5,),)).forgetting == 0


def test_classes_are_dealt_in_order():
    assert class_tasks(5, 2) == [(0, 1), (2, 3), (4,)]
    with pytest.raises(ConfigError, match="fewer than the 10 classes of the data, got 10"):
        learn_classes(ClassesSettings(classes_per_task=10))


def test_only_classes_seen_so_far_are_candidates():
    scores = torch.tensor([[9.0, 1.0, 2.0, 8.0]])
    assert choose(scores, torch.tensor([1, 2])).tolist() == [2]
    with pytest.raises(TrainingError, match="no longer finite; lower --learning-rate"):
        choose(scores / 0, torch.tensor([1, 2]))


def test_a_step_that_is_far_too_long_is_said_to_be():
    with pytest.raises(TrainingError, match="lower --learning-rate"):
        learn_classes(ClassesSettings(learners=("projection",), epochs=1, learning_rate=1e30))


def test_remembered_samples_lie_below_new_ones():
    memory = Memory(2, seed=0)
    new = torch.zeros(3, 1), torch.tensor([1, 1, 1])
    assert with_memory(*new, memory).fresh == len(with_memory(*new, memory).y) == 3
    memory.add(torch.ones(4, 1), torch.tensor([0, 0, 0, 0]))
    batch = with_memory(*new, memory)
    assert (batch.fresh, batch.y.tolist(), batch.x.flatten().tolist()) == (
        3,
        [1, 1, 1, 0, 0, 0],
        [0, 0, 0, 1, 1, 1],
    )
    assert (batch.present.tolist(), batch.arriving.tolist()) == ([0, 1], [1])


class Recorder(Learner):
    def __init__(self):
        self.batches = []

    def learn(self, batch):
        self.batches.append(batch)

    def scores(self, x):
        return torch.eye(10)[torch.zeros(len(x), dtype=torch.int64)]  # always class 0


def test_every_sample_of_a_task_is_new_once_per_epoch_and_memory_is_of_earlier_tasks():
    settings = ClassesSettings(epochs=2, replay=3, classes_per_task=4)
    data = load_dataset(DataConfig(), seed=0)
    one, shares = Recorder(), []
    rows = tasks.one_learner(one, data, class_tasks(10, 4), settings, shares.append)

    fresh = torch.cat([batch.y[: batch.fresh] for batch in one.batches])
    assert fresh.bincount().tolist() == [2 * n for n in torch.tensor(data.train.y).bincount()]
    for batch in one.batches:
        turn = batch.y[: batch.fresh].max() // 4
        assert (batch.y[: batch.fresh] // 4 == turn).all()
        assert (batch.y[batch.fresh :] // 4 < turn).all()
        assert len(batch.y) == batch.fresh * (2 if turn else 1)
    assert [len(row) for row in rows] == [1, 2, 3]
    assert all(row[1:] == (0,) * (len(row) - 1) for row in rows)
    own = data.test.y[data.test.y < 4]
    assert rows[0][0] == pytest.approx((own == 0).mean())
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(("replay", "least"), [(0, 0.90), (5, 0.92)])
def test_subspaces_keep_what_they_learned_and_beat_the_controls(replay, least):
    names = ("subspaces", "nearest-mean", "backprop")
    report = learn_classes(ClassesSettings(learners=names, replay=replay, epochs=2))
    found = {name: one.average_accuracy for name, one in report.found.items()}

    assert found["subspaces"] > least
    assert found["subspaces"] > found["nearest-mean"] + 0.01
    assert found["subspaces"] > found["backprop"] + 0.05
    assert ClassesReport.model_validate(report.model_dump(mode="json")) == report
    assert report.tasks[0] == ("0", "1")
    picture = draw_classes(report)
    assert picture == draw_classes(report)
    assert b"nearest-mean" in picture


def test_an_unknown_learner_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="--learners: unknown learner 'subspace'; did you"):
        learn_classes(ClassesSettings(learners=("subspace",)))
