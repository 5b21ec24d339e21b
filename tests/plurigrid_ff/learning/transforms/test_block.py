"""A module of your own as a layer's transform: its gradient, its modes, its draws, its limits."""

import weakref
from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from plurigrid_ff.errors import BlockError, ConfigError
from plurigrid_ff.learning.transforms import Block


def build(factory, shape=(4,), key=1) -> Block:
    return Block(shape, factory, key=key, where="layer 2: block 'mine'")


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def normed(in_shape):
    return nn.Sequential(
        nn.Linear(in_shape[0], 6), nn.BatchNorm1d(6), nn.ReLU(inplace=True), nn.Linear(6, 3)
    )


def dropped(in_shape):
    return nn.Sequential(nn.Linear(in_shape[0], 6), nn.Dropout(0.5), nn.Linear(6, 3))


class Given(nn.Module):
    """A module of one line: a function of a weight and the input."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(4))
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


def given(function, **parts):
    return lambda in_shape: Given(function, **parts)


def test_the_pullback_and_the_batch_statistics_are_those_of_the_module_alone():
    block = build(normed)
    alone = deepcopy(block.module).train()
    x, da = drawn(5, 4), drawn(5, 3, seed=1)
    a = alone(x)
    gradients = torch.autograd.grad(a, list(alone.parameters()), da)

    block(x)  # to answer in between changes nothing
    found, pull = block.with_pullback(x)
    pull(da)

    torch.testing.assert_close(found, a.detach(), rtol=0, atol=0)
    assert found.grad_fn is None
    for parameter, gradient in zip(block.module.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=0, atol=0)
    torch.testing.assert_close(block.module.state_dict(), alone.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("factory", [normed, dropped])
@pytest.mark.parametrize("mode", [True, False])
def test_it_answers_in_evaluation_mode_whatever_mode_was_asked_for(factory, mode):
    block = build(factory)
    block.with_pullback(drawn(5, 4))
    expected = deepcopy(block.module).eval()

    block.train(mode)
    answers = [block(drawn(3, 4, seed=1)) for _ in range(2)]

    for answer in answers:
        torch.testing.assert_close(answer, expected(drawn(3, 4, seed=1)), rtol=0, atol=0)
    torch.testing.assert_close(block.module.state_dict(), expected.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("ends_by", ["calling the pullback", "dropping it"])
def test_its_graph_is_gone_with_the_pullback(ends_by):
    kept = weakref.WeakSet()

    class Held:
        def __init__(self, tensor):
            self.tensor = tensor.detach()  # an output would hold the graph that holds it
            kept.add(self)

    block = build(normed)
    with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
        _, pull = block.with_pullback(drawn(5, 4))
        assert len(kept) > 0
        if ends_by == "calling the pullback":
            pull(drawn(5, 3))
        else:
            del pull

    assert len(kept) == 0


def test_draws_are_a_function_of_key_and_step_and_leave_torch_s_own_alone():
    one, two, other = build(dropped), build(dropped), build(dropped, key=2)
    other.load_state_dict(one.state_dict())
    x = drawn(64, 4)

    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, second = (one.with_pullback(x)[0] for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again = [two.with_pullback(x)[0] for _ in range(2)]

    assert torch.equal(torch.stack(again), torch.stack([first, second]))
    assert not torch.equal(first, second)
    assert not torch.equal(other.with_pullback(x)[0], first)


def test_a_saved_block_goes_on_with_the_draws_that_are_next():
    whole, saved, resumed = build(dropped), build(dropped), build(dropped)
    x = drawn(64, 4)
    for block in (whole, saved):
        block.with_pullback(x)

    resumed.load_state_dict(saved.state_dict())

    assert torch.equal(resumed.with_pullback(x)[0], whole.with_pullback(x)[0])


@pytest.mark.parametrize("factory", [normed, dropped])
def test_traced_repeats_the_last_step_differentiably_and_changes_nothing(factory):
    block = build(factory)
    x = drawn(64, 4)
    a, _ = block.with_pullback(x)
    before = {name: value.clone() for name, value in block.state_dict().items()}

    traced = block.traced(x.requires_grad_())

    assert torch.equal(traced, a)
    assert torch.autograd.grad(traced.sum(), x)[0].any()
    torch.testing.assert_close(block.state_dict(), before, rtol=0, atol=0)


def test_initial_weights_are_a_function_of_the_key():
    torch.manual_seed(1)
    one = build(normed).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    two, other = build(normed).state_dict(), build(normed, key=2).state_dict()

    torch.testing.assert_close(one, two, rtol=0, atol=0)
    assert not torch.equal(one["module.0.weight"], other["module.0.weight"])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_lazy_module_takes_its_shape_from_what_the_layer_reads():
    block = build(lambda in_shape: nn.LazyLinear(3), shape=(7,))

    assert block.module.weight.shape == (3, 7)
    assert block.out_shape == (3,)


def test_a_block_may_work_in_place_view_its_input_and_return_what_its_graph_needs():
    def meddle(module, x):
        return (x.mul_(2).view(len(x), -1) * module.weight.repeat(2)).sigmoid()

    block = build(given(meddle), shape=(4, 2))
    x = drawn(3, 2, 4).transpose(1, 2)
    kept = x.clone()
    da = drawn(3, 8, seed=1)
    weight = block.module.weight.detach().requires_grad_()
    expected = (2 * kept.reshape(3, 8) * weight.repeat(2)).sigmoid()

    answer = block(x)
    a, pull = block.with_pullback(x)
    a.relu_().mul_(0)  # a layer works in place too
    pull(da)

    torch.testing.assert_close(answer, expected)
    torch.testing.assert_close(block.module.weight.grad, *torch.autograd.grad(expected, weight, da))
    assert torch.equal(x, kept)


def test_what_a_step_leaves_out_has_no_gradient():
    def skip(module, x):
        return x if module.training else x * module.weight

    def partly(module, x):
        return x * module.weight

    skipped, part = build(given(skip)), build(given(partly, unused=nn.Linear(2, 2)))
    for block in (skipped, part):
        for parameter in block.parameters():
            parameter.grad = torch.ones_like(parameter)
        block.with_pullback(drawn(3, 4))[1](drawn(3, 4, seed=1))

    assert skipped.module.weight.grad is None
    assert part.module.weight.grad is not None
    assert part.module.unused.weight.grad is None


def test_a_frozen_part_is_left_alone():
    frozen = nn.Linear(4, 4).requires_grad_(False)
    block = build(given(lambda module, x: module.frozen(x) * module.weight, frozen=frozen))

    block.with_pullback(drawn(3, 4))[1](drawn(3, 4, seed=1))

    assert block.module.weight.grad is not None
    assert frozen.weight.grad is None


def failing(in_shape):
    raise RuntimeError("boom\nand more")


def mixing(in_shape):
    return nn.TransformerEncoderLayer(in_shape[1], 2, 8)


UNUSABLE = {
    "a factory that raises": (failing, r"cannot be made for samples of shape \(4, 6\): Runti.*om;"),
    "no module": (lambda in_shape: 3, "its factory must return an nn.Module, got 3"),
    "another shape": (
        lambda s: nn.Linear(9, 3),
        r"fails on samples of shape \(4, 6\): Runtime.*mat",
    ),
    "two tensors": (lambda s: nn.LSTM(6, 4, batch_first=True), "one float32 tensor, got tuple"),
    "integers": (given(lambda m, x: x.long()), "must return one float32 tensor, got torch.int64"),
    "other rows": (
        given(lambda m, x: (x * m.weight[0])[:2]),
        r"one output per row, got \(2, 4, 6\)",
    ),
    "no features": (given(lambda m, x: x.sum((1, 2)) * m.weight[0]), r"must return shape .*\(3,\)"),
    "empty samples": (given(lambda m, x: x[:, :0]), r"must return shape .* got \(3, 0, 6\)"),
    "nan of silence": (
        given(lambda m, x: m.weight[0] * x / x.norm(dim=(1, 2), keepdim=True)),
        "must return finite numbers, got nan",
    ),
    "attention between samples": (mixing, "for itself .*other rows of the batch.*batch_first=True"),
    "dropout in both modes": (
        given(lambda m, x: F.dropout(x * m.weight[0])),
        "for itself in evaluation mode, got .* by chance",
    ),
    "no parameter": (lambda in_shape: nn.Flatten(), "must have a parameter to learn, got none"),
    "a frozen module": (
        lambda in_shape: nn.Linear(6, 3).requires_grad_(False),
        "must have a parameter to learn",
    ),
    "a cut graph": (
        given(lambda m, x: (x * m.weight[0]).detach()),
        "must depend on its parameters, got an output without a graph",
    ),
    "another shape in training": (
        given(lambda m, x: (x * m.weight[0])[:, : 2 if m.training else 3]),
        r"same shape in both modes, got \(3, 3, 6\) in evaluation and \(3, 2, 6\) in training",
    ),
}


@pytest.mark.parametrize(("factory", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_module_that_cannot_be_a_layer_is_refused_before_any_work(factory, message):
    with pytest.raises(ConfigError, match=f"^layer 2: block 'mine'.* ?{message}"):
        build(factory, shape=(4, 6))


def test_state_that_no_file_can_hold_is_refused():
    class Remembering(nn.Linear):
        def get_extra_state(self):
            return {"a": 1}

        def set_extra_state(self, state):
            """Nothing is ever loaded."""

    with pytest.raises(ConfigError, match="state in parameters and buffers, got '_extra_state', a"):
        build(lambda in_shape: Remembering(4, 2))


@pytest.mark.parametrize("inside", [False, True])
def test_a_module_that_another_layer_has_is_refused(inside):
    shared = nn.Linear(4, 4)

    def factory(in_shape):
        return nn.Sequential(shared, nn.Linear(4, 4)) if inside else shared

    build(factory)

    with pytest.raises(ConfigError, match="returned a module that a layer has already"):
        build(factory)


def test_trying_a_module_out_leaves_its_buffers_as_they_were():
    state = build(normed).module[1].state_dict()

    assert not state["running_mean"].any()
    assert (state["running_var"] == 1).all()
    assert state["num_batches_tracked"] == 0


def test_a_block_that_fails_at_work_is_one_sentence_with_the_batch():
    with pytest.raises(
        BlockError, match=r"block 'mine' fails on a batch of 1 rows: ValueError: Exp"
    ):
        build(normed).with_pullback(drawn(1, 4))


def test_a_block_that_changes_its_shape_at_work_is_refused():
    factory = given(lambda m, x: (x * m.weight)[:, : 4 if len(x) < 9 else 2])

    with pytest.raises(BlockError, match=r"must return shape \(9, 4\), got \(9, 2\)"):
        build(factory)(drawn(9, 4))
