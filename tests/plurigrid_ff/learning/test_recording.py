"""When a batch is recorded, and when it is not. What a graph computes, test_gpu.py holds."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.learning import recording
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.recording import WARM, Recorder
from plurigrid_ff.learning.trainer import Trainer


class Graph:
    """Replays what was carried while it was recorded, on the tensors of then."""

    def __init__(self):
        self.carried = []

    def replay(self):
        for carry, held in self.carried:
            carry(*held)


@pytest.fixture
def graphs(monkeypatch):
    """Every graph that is recorded, without a GPU."""
    made, open_now = [], []

    def build():
        made.append(Graph())
        return made[-1]

    @contextmanager
    def graph(one, **options):
        open_now.append(one)
        try:
            yield
        finally:
            open_now.pop()

    cuda = SimpleNamespace(CUDAGraph=build, graph=graph)
    monkeypatch.setattr(recording.torch, "cuda", cuda)
    monkeypatch.setattr(recording, "Beside", lambda: "beside")
    return SimpleNamespace(made=made, open=open_now)


class Carrying:
    """Adds the sum of a batch to the first loss; within a graph it is only noted."""

    def __init__(self, graphs):
        self.graphs = graphs
        self.eager = 0

    def __call__(self, x, y, losses, alive, *, beside=None):
        if self.graphs.open:
            assert beside == "beside"
            self.graphs.open[-1].carried.append((self.replayed, (x, y, losses, alive)))
            return
        self.eager += 1
        self.replayed(x, y, losses, alive, add=True)

    @staticmethod
    def replayed(x, y, losses, alive, *, add=False):
        total = x.sum() + y.sum()
        losses[0] = losses[0] + total if add else total
        alive[0] = True


def show(recorder, carry, value, *, kind="all", rows=4):
    losses, alive = torch.ones(2), torch.zeros(2, dtype=torch.bool)
    recorder(kind, carry, torch.full((rows, 3), value), torch.ones(rows), losses, alive)
    assert alive.tolist() == [True, False]
    return losses.tolist()


def test_the_third_batch_of_a_kind_is_recorded_and_every_later_one_replayed(graphs):
    recorder, carry = Recorder([]), Carrying(graphs)

    found = [show(recorder, carry, float(value)) for value in range(6)]

    assert found == [[1 + 12.0 * value + 4, 1] for value in range(6)]
    assert (carry.eager, len(graphs.made)) == (WARM, 1)


def test_another_kind_is_recorded_anew(graphs):
    recorder, carry = Recorder([]), Carrying(graphs)

    for kind in ("one", "two"):
        for _ in range(4):
            show(recorder, carry, 1.0, kind=kind)

    assert (carry.eager, len(graphs.made)) == (2 * WARM, 2)


def test_what_cannot_be_recorded_is_carried_from_then_on(graphs):
    def carry(x, y, losses, alive, *, beside=None):
        if graphs.open:
            raise RuntimeError("operation not permitted when stream is capturing")
        Carrying.replayed(x, y, losses, alive, add=True)

    recorder = Recorder([])

    found = [show(recorder, carry, 1.0) for _ in range(6)]

    assert found == [[17.0, 1.0]] * 6
    assert len(graphs.made) == 1


def test_a_tensor_that_was_replaced_ends_a_graph(graphs):
    parameter = torch.nn.Parameter(torch.zeros(3))
    module = torch.nn.ParameterList([parameter])
    state = {parameter: {"step": torch.zeros(())}}
    learner = SimpleNamespace(module=module, optimizer=SimpleNamespace(state=state))
    recorder, carry = Recorder([learner]), Carrying(graphs)
    for _ in range(4):
        show(recorder, carry, 1.0)

    recorder.refresh()
    show(recorder, carry, 1.0)
    assert carry.eager == WARM
    state[parameter]["step"] = torch.zeros(())
    recorder.refresh()
    show(recorder, carry, 1.0)

    assert carry.eager == WARM + 1


def test_a_short_last_batch_never_takes_the_place_of_the_whole_ones(blobs):
    made = FFNetwork(NetworkConfig(hidden=(6,)), blobs.feature_shape, blobs.num_classes, seed=0)
    x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
    trainer = Trainer(made, x, y, TrainingConfig(batch_size=len(y) // 2 - 1), seed=0)
    seen = []

    class Spy:
        def refresh(self):
            pass

        def __call__(self, kind, carry, entering, labels, losses, alive):
            seen.append(len(labels))
            carry(entering, labels, losses, alive)

    trainer.pipeline.stages[0].recorder = Spy()
    trainer.train_epochs(2)

    assert trainer.num_batches == 3
    assert seen == [len(y) // 2 - 1] * 4
