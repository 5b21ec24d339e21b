import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.schedules import Window, layer_windows


def windows(num_layers, **settings):
    return layer_windows(TrainingConfig(**settings), num_layers)


def test_layers_learn_together_by_default():
    assert windows(3, epochs=5) == [Window(0, 5)] * 3


def test_greedy_shares_the_epochs_out():
    assert windows(3, epochs=10, schedule="greedy") == [Window(0, 3), Window(3, 6), Window(6, 10)]


def test_staggered_layers_start_and_stop_one_after_the_other():
    found = windows(3, epochs=10, schedule="staggered", stagger=2)

    assert found == [Window(0, 6), Window(2, 8), Window(4, 10)]


@given(num_layers=st.integers(1, 9), extra=st.integers(0, 30))
def test_under_greedy_every_epoch_is_one_layers(num_layers, extra):
    epochs = num_layers + extra

    found = windows(num_layers, epochs=epochs, schedule="greedy")

    learning = [[w for w in found if epoch in w] for epoch in range(epochs)]
    assert all(len(layers) == 1 for layers in learning)
    assert max(w.epochs for w in found) - min(w.epochs for w in found) <= 1


@given(num_layers=st.integers(1, 9), share=st.integers(1, 9))
def test_staggered_lies_between_simultaneous_and_greedy(num_layers, share):
    epochs = num_layers * share

    def staggered(by):
        return windows(num_layers, epochs=epochs, schedule="staggered", stagger=by)

    assert staggered(0) == windows(num_layers, epochs=epochs)
    assert staggered(share) == windows(num_layers, epochs=epochs, schedule="greedy")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 2, "schedule": "greedy"}, "each of 3 layers epochs of its own, got 2; train"),
        (
            {"epochs": 8, "schedule": "staggered", "stagger": 4},
            r"would start after 8 epochs, of 8; lower training.stagger \(now 4\) .* at least 9",
        ),
    ],
)
def test_too_few_epochs_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        windows(3, **settings)
