import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.learning.early_stopping import STATE_FILE, EarlyStopping
from plurigrid_ff.learning.tensors import write_tensors

CPU = torch.device("cpu")


def module(value):
    made = nn.Linear(2, 2, bias=False)
    nn.init.constant_(made.weight, value)
    return made


def watch(stopping, accuracies, first=1):
    """Show rounds whose weights are their number; return the round it ended at."""
    for round, accuracy in enumerate(accuracies, start=first):
        stopping.observe(round, accuracy, module(float(round)), (round, 2 * round))
        if stopping.exhausted:
            return round
    return None


def test_it_ends_after_so_many_rounds_without_a_better_one():
    stopping = EarlyStopping(2)

    ended = watch(stopping, [0.5, 0.7, 0.7, 0.6, 0.9])

    assert ended == 4
    assert (stopping.best.round, stopping.best.accuracy) == (2, 0.7)
    assert stopping.best.updates == (2, 4)
    assert stopping.best.weights["weight"].unique().item() == 2.0


@given(
    patience=st.integers(1, 5),
    accuracies=st.lists(st.integers(0, 9).map(lambda tenth: tenth / 10), min_size=1, max_size=30),
)
def test_the_best_is_the_first_maximum_of_what_was_seen(patience, accuracies):
    stopping = EarlyStopping(patience)

    ended = watch(stopping, accuracies)

    seen = accuracies[:ended]
    assert stopping.best.round == seen.index(max(seen)) + 1
    assert ended is None or ended == stopping.best.round + patience
    if ended is None:
        assert len(accuracies) - stopping.best.round < patience


def test_the_weights_are_a_copy():
    stopping, network = EarlyStopping(1), module(1.0)
    stopping.observe(1, 0.5, network, ())

    nn.init.constant_(network.weight, 7.0)

    assert stopping.best.weights["weight"].unique().item() == 1.0


@pytest.mark.parametrize("seen", [[], [0.5, 0.7, 0.6]])
def test_what_is_saved_is_what_is_loaded(seen, tmp_path):
    whole, first, second = (EarlyStopping(3) for _ in range(3))
    watch(whole, [*seen, 0.7, 0.65, 0.8])
    watch(first, seen)

    first.save_state(tmp_path)
    second.load_state(tmp_path, CPU)
    watch(second, [0.7, 0.65, 0.8], first=len(seen) + 1)

    assert second.waited == whole.waited
    assert second.best.round == whole.best.round
    assert second.best.updates == whole.best.updates
    torch.testing.assert_close(second.best.weights, whole.best.weights, rtol=0, atol=0)


def test_a_damaged_state_is_refused(tmp_path):
    write_tensors(tmp_path / STATE_FILE, {}, {"wait": 1})

    with pytest.raises(CheckpointError, match="best.safetensors: damaged; start again with"):
        EarlyStopping(1).load_state(tmp_path, CPU)
