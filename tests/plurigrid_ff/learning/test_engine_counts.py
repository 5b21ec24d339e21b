"""What a step costs, counted rather than timed: products, and bytes alive at once."""

import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer

WIDTH = 64
CHUNK = 128
PRODUCTS = ("mm", "addmm", "addmm_")


class Counts(TorchDispatchMode):
    """Counts large products, and the most bytes that tensors made meanwhile hold at once."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.alive = self.most = 0
        self.seen = weakref.WeakValueDictionary()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        for tensor in tree_leaves((args, kwargs)):  # what is not seen yet was there before
            if isinstance(tensor, torch.Tensor):
                self.seen.setdefault(tensor.untyped_storage()._cdata, tensor.untyped_storage())
        found = func(*args, **kwargs)
        if func.__name__.split(".")[0] in PRODUCTS:
            left, right = [t for t in args if isinstance(t, torch.Tensor)][-2:]
            self.flops += 2 * left.shape[0] * left.shape[1] * right.shape[1]
        for tensor in tree_leaves(found):
            if isinstance(tensor, torch.Tensor):
                self._hold(tensor.untyped_storage())
        return found

    def _hold(self, storage) -> None:
        if storage._cdata in self.seen or not storage.nbytes():
            return
        self.seen[storage._cdata] = storage
        self.alive += storage.nbytes()
        self.most = max(self.most, self.alive)
        weakref.finalize(storage, self._release, storage.nbytes())

    def _release(self, size: int) -> None:
        self.alive -= size


def step(depth: int, batch: int, objective: str = "projection", engine: str = "auto") -> Counts:
    """Count the second step of a network, when workspace and optimizer state are there."""
    negatives = "wrong-label" if objective == "threshold" else "auto"
    config = NetworkConfig(hidden=(WIDTH,) * depth, objective=objective, negatives=negatives)
    network = FFNetwork(config, (WIDTH,), 10, seed=0)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(batch, WIDTH, generator=generator), torch.arange(batch) % 10
    training = TrainingConfig(batch_size=batch, chunk_size=CHUNK, engine=engine)
    trainer = Trainer(network, x, y, training, seed=0)
    trainer.train_epochs(1)
    with Counts() as counts:
        trainer.train_epochs(1)
    return counts


@pytest.mark.parametrize("objective", ["projection", "threshold"])
def test_live_bytes_do_not_grow_with_depth(objective):
    shallow, deep = (step(depth, 512, objective).most for depth in (2, 32))

    assert deep <= 1.1 * shallow


def test_autograd_over_one_layer_is_no_deeper_but_holds_the_whole_batch():
    chunked, whole = step(4, 1024).most, step(4, 1024, engine="autograd").most

    assert chunked < 0.75 * whole


@pytest.mark.parametrize("objective", ["projection", "threshold"])
def test_beyond_one_activity_of_the_batch_a_step_takes_the_same_memory_for_any_batch(objective):
    config = NetworkConfig(hidden=(WIDTH, WIDTH), objective=objective)
    network = FFNetwork(config, (WIDTH,), 10, seed=0)
    layer = network.stack[1]
    engine = Engine(network.stack, TrainingConfig(chunk_size=CHUNK))
    most = []
    for batch in (1024, 1024, 8192):  # the first makes the workspace
        x, y = torch.rand(layer.objective.rails * batch, WIDTH), torch.arange(batch) % 10
        with Counts() as counts:
            engine.learn(layer, x, y, overwrite=True)
        most.append(counts.most)

    assert most[2] <= 1.1 * most[1]


@pytest.mark.parametrize(("objective", "rails"), [("projection", 1), ("threshold", 2)])
def test_a_layer_takes_two_products_per_rail_and_the_first_two_in_all(objective, rails):
    batch, depth = 256, 4
    product = 2 * batch * WIDTH * WIDTH

    flops = step(depth, batch, objective).flops

    least = 2 * product * (1 + rails * (depth - 1))
    assert least <= flops <= 1.6 * least  # narrow products of objectives and labels come on top


def test_a_step_leaves_no_gradient_behind():
    config = NetworkConfig(hidden=(WIDTH,) * 3)
    network = FFNetwork(config, (WIDTH,), 10, seed=0)
    trainer = Trainer(network, torch.rand(8, WIDTH), torch.arange(8), TrainingConfig(), seed=0)

    trainer.train_epochs(1)

    assert all(parameter.grad is None for parameter in network.parameters())
