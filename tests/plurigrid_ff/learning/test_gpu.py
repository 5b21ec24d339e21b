"""What only a GPU does. Skipped where there is none."""

import math
import warnings
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.learning.kernels import projection as kernels
from plurigrid_ff.learning.kernels import steps
from plurigrid_ff.learning.kernels.activity import mark_active
from plurigrid_ff.learning.kernels.projection import projected_costs, rectified_outer
from plurigrid_ff.learning.kernels.softmax import softmax_costs
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.learners import learner
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives.class_goodness import ClassGoodness
from plurigrid_ff.learning.optimizers import plan_steps, set_rate
from plurigrid_ff.learning.trainer import Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def build(data, *, network=None, recorded=True, **training):
    config = NetworkConfig(**{"hidden": (30, 30, 21), **(network or {})})
    made = FFNetwork(config, data.feature_shape, data.num_classes, seed=0).cuda()
    settings = TrainingConfig(**{"epochs": 6, "batch_size": 16, "learning_rate": 5e-3, **training})
    x, y = (torch.from_numpy(part).cuda() for part in (data.train.x, data.train.y))
    trainer = Trainer(made, x, y, settings, seed=0)
    if not recorded:
        trainer.pipeline.stages[0].recorder = None
    return trainer


def weights(trainer):
    return {name: value.cpu() for name, value in trainer.network.state_dict().items()}


OBJECTIVES = {
    "projection": {},
    "class-goodness": {},
    "distance": {},
    "threshold": {"negatives": "wrong-label"},
    "symba": {"negatives": "wrong-label"},
}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_recorded_batch_teaches_what_the_batch_would(blobs, objective, precision, optimizer):
    network = {"objective": objective, **OBJECTIVES[objective]}
    settings = {"precision": precision, "optimizer": optimizer, "clip": 1.0, "chunk_size": 8}
    trainers = [
        build(blobs, network=network, recorded=recorded, **settings) for recorded in (True, False)
    ]

    found = []
    for trainer in trainers:
        for _ in range(2):
            found.append(trainer.train_epochs(3))
            # What is freed in between is written over: a graph has memory of its own.
            scratch = [torch.full((2**n,), float("nan"), device="cuda") for n in range(4, 22)]
            del scratch

    recorder = trainers[0].pipeline.stages[0].recorder
    assert recorder._graph is not None
    assert found[:2] == found[2:]
    ours, theirs = map(weights, trainers)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


LAYERS = {
    "conv2d": ({"kind": "conv2d", "features": 18, "kernel": 2, "pool": 2, "grid": 1}, 18),
    "local2d": ({"kind": "local2d", "features": 6, "kernel": 2}, 18),
    "shortcut": (18, 18, {"kind": "linear", "features": 18, "shortcut": "add", "span": 2}),
    "peers": ({"kind": "linear", "features": 18, "peer": 0.03}, 18),
}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("objective", ["projection", "class-goodness", "threshold"])
@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_is_recorded_and_learns(blobs, kind, objective, precision):
    if kind in ("conv2d", "local2d"):
        parts = {
            name: Split(part.x.reshape(-1, 3, 2, 2), part.y)
            for name in ("train", "validation", "test")
            for part in [getattr(blobs, name)]
        }
        blobs = replace(blobs, **parts)
    network = {"hidden": LAYERS[kind], "objective": objective, **OBJECTIVES[objective]}
    trainer = build(blobs, network=network, precision=precision, epochs=15)

    trainer.train_epochs(15)

    assert trainer.pipeline.stages[0].recorder._graph is not None
    x, y = torch.from_numpy(blobs.test.x).cuda(), torch.from_numpy(blobs.test.y).cuda()
    assert (trainer.network.predict(x) == y).double().mean() >= 0.9


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_layers_without_labels_are_recorded_under_a_probe(blobs, precision):
    network = {"objective": "self-contrastive", "readout": "probe"}
    trainer = build(blobs, network=network, precision=precision, epochs=15)

    trainer.train_epochs(15)

    assert trainer.pipeline.stages[0].recorder._graph is not None


@pytest.mark.parametrize("objective", ["hierarchical", "projection"])
def test_what_is_not_recorded_learns_in_bfloat16_too(blobs, objective):
    network = {"objective": objective, "locality": 2}
    trainer = build(blobs, network=network, precision="bfloat16", epochs=15)

    first, last = trainer.train_epochs(1), trainer.train_epochs(14)

    assert trainer.pipeline.stages[0].recorder is None
    assert last[0].loss < first[0].loss


def test_greedy_schedules_record_each_stretch(blobs):
    trainers = [build(blobs, recorded=recorded, schedule="greedy") for recorded in (True, False)]

    found = [trainer.train_epochs(6) for trainer in trainers]

    assert found[0] == found[1]
    assert trainers[0].pipeline.stages[0].recorder._graph is not None


def test_a_resumed_state_is_learned_on_and_not_the_one_before(blobs, tmp_path):
    whole, first = build(blobs), build(blobs)
    whole.train_epochs(4)
    first.train_epochs(2)
    first.save_state(tmp_path)
    state = weights(first)
    first.train_epochs(2)

    first.network.load_state_dict(state)
    first.load_state(tmp_path)
    first.train_epochs(2)

    ours, theirs = weights(first), weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_an_objective_that_waits_for_the_gpu_is_not_recorded(blobs, monkeypatch):
    evaluate = ClassGoodness.evaluate

    def waiting(self, h, y):
        loss, gradient = evaluate(self, h, y)
        assert math.isfinite(loss.item())
        return loss, gradient

    monkeypatch.setattr(ClassGoodness, "evaluate", waiting)
    network = {"objective": "class-goodness"}
    trainers = [build(blobs, network=network, recorded=recorded) for recorded in (True, False)]

    found = [trainer.train_epochs(6) for trainer in trainers]

    assert trainers[0].pipeline.stages[0].recorder._graph is None
    assert found[0] == found[1]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_host_waits_once_an_epoch_however_many_batches(blobs, objective, recwarn):
    def waits(batch_size):
        network = {"objective": objective, **OBJECTIVES[objective]}
        trainer = build(blobs, network=network, batch_size=batch_size)
        trainer.train_epochs(1)
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("warn")
        recwarn.clear()
        trainer.train_epochs(1)
        torch.cuda.set_sync_debug_mode("default")
        return sum("synchronizing" in str(warning.message) for warning in recwarn)

    warnings.simplefilter("always")
    assert waits(8) == waits(64) > 0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_learns_what_a_cpu_learns(blobs, precision):
    trainer = build(blobs, precision=precision, epochs=15)

    trainer.train_epochs(15)

    x, y = torch.from_numpy(blobs.test.x).cuda(), torch.from_numpy(blobs.test.y).cuda()
    assert (trainer.network.predict(x) == y).double().mean() >= 0.95
    assert {value.dtype for value in trainer.network.state_dict().values()} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("rows", "features", "classes"), [(1, 5, 3), (7, 5, 10), (300, 500, 33), (9000, 64, 10)]
)
def test_the_kernels_of_projection_compute_what_autograd_does(rows, features, classes, dtype):
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(rows, features, generator=generator).relu().cuda().to(dtype)
    directions = torch.randn(classes, features, generator=generator).cuda()
    y = torch.randint(classes, (rows,), generator=generator).cuda()

    costs, dg = projected_costs(h, directions, y)
    da, sums, own = rectified_outer(dg, directions, h)

    a, m = (part.to(dtype).double().requires_grad_() for part in (h, directions))
    expected = F.cross_entropy(a.relu() @ m.T, y, reduction="none")
    expected.mean().backward()
    near = {"rtol": 1e-4} if dtype == torch.float32 else {"rtol": 2e-2}
    torch.testing.assert_close(costs.double(), expected.detach(), rtol=1e-4, atol=1e-4)
    # Activities of 0 have no gradient here, and torch's ReLU agrees.
    size = a.grad.abs().max().item()
    torch.testing.assert_close(da.double(), a.grad, **near, atol=near["rtol"] * size)
    size = m.grad.abs().max().item()
    torch.testing.assert_close(own.double(), m.grad, **near, atol=near["rtol"] * size)
    torch.testing.assert_close(sums.double(), da.double().sum(dim=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("value", [0.0, 1e-30, float("nan")])
def test_one_active_unit_is_found(value, dtype):
    h, flags = torch.zeros(2048, 33, dtype=dtype, device="cuda"), torch.zeros(3).bool().cuda()
    h[1999, 32] = value

    mark_active(h, flags[1])

    assert flags.tolist() == [False, value != 0, False]


OPTIMIZERS = {
    "adam": {"optimizer": "adam"},
    "adam, decay": {"optimizer": "adam", "weight_decay": 0.1},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1},
    "sgd": {"optimizer": "sgd", "momentum": 0.0},
    "sgd, momentum, decay": {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.1},
}


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_optimizers_of_few_tensors_step_as_torch_s_own(settings, monkeypatch):
    plan = plan_steps(TrainingConfig(**settings), 1)[0]
    found = []
    for own in (True, False):
        monkeypatch.setattr(steps, "suits", lambda parameters, own=own: own)
        module = torch.nn.Linear(300, 70).cuda()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.linspace(-1, 1, parameter.numel()).view_as(parameter))
        learning = learner("x", module, plan)
        assert type(learning.optimizer).__module__.startswith("torch.") != own
        for number in range(6):
            set_rate(learning.optimizer, 0.01)
            for parameter in module.parameters():
                places = torch.arange(parameter.numel(), device="cuda")
                parameter.grad = torch.sin(number + places).view_as(parameter)
            learning.step()
        found.append([*module.parameters(), *(value for _, value in learning.state())])

    assert len(found[0]) == len(found[1]) >= 2
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("by_class", [True, False])
@pytest.mark.parametrize(("rows", "classes"), [(1, 1), (7, 3), (300, 10), (9000, 100), (50, 1000)])
def test_the_softmax_kernel_computes_what_torch_does(rows, classes, by_class):
    generator = torch.Generator().manual_seed(0)
    shape = (classes, rows) if by_class else (rows, classes)
    scores = 30 * torch.randn(shape, generator=generator).cuda()
    scores = scores.T if by_class else scores
    y = torch.randint(classes, (rows,), generator=generator).cuda()

    costs, gradient = softmax_costs(scores, y)

    exact = scores.double().requires_grad_()
    expected = F.cross_entropy(exact, y, reduction="none")
    expected.mean().backward()
    torch.testing.assert_close(costs.double(), expected.detach(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient.double(), exact.grad, rtol=1e-5, atol=1e-6 / rows)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_kernels_of_projection_teach_nearly_what_products_and_passes_do(
    blobs, monkeypatch, precision
):
    calls = []
    monkeypatch.setattr(
        kernels, "rectified_outer", lambda *a: (calls.append(a), rectified_outer(*a))[1]
    )
    fused = build(blobs, precision=precision, chunk_size=8)
    fused.train_epochs(2)
    assert calls
    monkeypatch.setattr(FFLayer, "_fused", lambda layer, x: None)
    plain = build(blobs, precision=precision, chunk_size=8)
    plain.train_epochs(2)

    ours, theirs = weights(fused), weights(plain)
    near = {"float32": (1e-2, 1e-4), "bfloat16": (0.05, 5e-3)}[precision]
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=near[0], atol=near[1])


def test_memory_does_not_grow_with_depth():
    def most(depth):
        generator = torch.Generator().manual_seed(0)
        x = torch.rand(2048, 64, generator=generator).cuda()
        y = torch.randint(10, (2048,), generator=generator).cuda()
        network = FFNetwork(NetworkConfig(hidden=(64,) * depth), (64,), 10, seed=0).cuda()
        training = TrainingConfig(batch_size=1024, chunk_size=256)
        trainer = Trainer(network, x, y, training, seed=0)
        trainer.train_epochs(3)
        held = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        trainer.train_epochs(3)
        return torch.cuda.max_memory_allocated() - held

    assert most(16) <= 1.1 * most(2)
