import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.rates import Rate, layer_rates
from plurigrid_ff.learning.schedules import Window, layer_windows


def rate(decay, *, start=0, stop=8, warmup=0.0, final=0.01):
    return Rate(0.4, Window(start, stop), decay, warmup, final)


def torchs(make, epochs):
    """Step sizes of one of torch's own schedulers, epoch by epoch."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = make(optimizer)
    found = []
    for _ in range(epochs + 1):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(
    ("decay", "make"),
    [
        ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8, eta_min=0.004)),
        ("linear", lambda o: torch.optim.lr_scheduler.LinearLR(o, 1.0, 0.01, 8)),
        ("step", lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [4, 6], gamma=0.1)),
        ("none", lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
    ],
)
def test_decay_is_that_of_torchs_schedulers(decay, make):
    found = [rate(decay).at(epoch) for epoch in range(9)]

    assert found == pytest.approx(torchs(make, 8))


def test_warm_up_rises_in_a_line_and_decay_follows():
    found = [rate("linear", start=3, stop=11, warmup=4, final=0.5).at(e) for e in (3, 5, 7, 9, 11)]

    assert found == pytest.approx([0.2, 0.3, 0.4, 0.3, 0.2])


@given(
    decay=st.sampled_from(["cosine", "linear", "step", "none"]),
    epoch=st.floats(-5, 30),
    warmup=st.floats(0, 7.5),
    final=st.floats(0, 1),
)
def test_a_step_size_stays_between_its_final_share_and_its_peak(decay, epoch, warmup, final):
    found = rate(decay, start=2, stop=10, warmup=warmup, final=final).at(epoch)

    assert 0.4 * final * (1 - 1e-9) <= found <= 0.4 * (1 + 1e-9)


def test_every_layer_decays_over_its_own_epochs():
    training = TrainingConfig(epochs=10, schedule="greedy", learning_rate=[0.4, 0.2])

    first, second = layer_rates(training, layer_windows(training, 2))

    assert first.at(0) == pytest.approx(0.4)
    assert first.at(4.999) == pytest.approx(0.004, rel=1e-3)
    assert second.at(5) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": [0.1]}, "learning_rate: expected a number, or one for each of 2 .* 1"),
        ({"warmup": 5.0, "schedule": "greedy"}, "shorter than the 5 epochs .* learns, got 5"),
    ],
)
def test_rates_that_do_not_fit_are_refused(settings, message):
    training = TrainingConfig(epochs=10, **settings)

    with pytest.raises(ConfigError, match=message):
        layer_rates(training, layer_windows(training, 2))
