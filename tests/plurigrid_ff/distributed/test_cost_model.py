import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.distributed.cost_model import (
    Machine,
    Measured,
    Workload,
    fit,
    makespan,
    most_that_pay,
    predict,
)
from plurigrid_ff.learning.channels import DEPTH

TIMES = st.floats(0.1, 5.0)


def simulated(works, links, batches):
    """Let every batch go through every machine, with room for ``DEPTH`` batches between two."""
    machines = [time for pair in zip(works, [*links, 0.0], strict=True) for time in pair][:-1]
    leaves = [[0.0] * batches for _ in machines]
    for batch in range(batches):
        ready = 0.0
        for place, time in enumerate(machines):
            free = leaves[place][batch - 1] if batch else 0.0
            done = max(ready, free) + time
            if place + 1 < len(machines) and batch > DEPTH:
                done = max(done, leaves[place + 1][batch - 1 - DEPTH])
            leaves[place][batch] = ready = done
    return leaves[-1][-1]


@given(st.lists(TIMES, min_size=1, max_size=6), st.data(), st.integers(1, 12))
def test_the_makespan_is_that_of_a_simulated_row_of_machines(works, data, batches):
    links = data.draw(st.lists(TIMES, min_size=len(works) - 1, max_size=len(works) - 1))

    found = makespan(works, links, batches)

    assert found == pytest.approx(simulated(works, links, batches))


def workload(layers=8, batches=100, parameters=4.0):
    return Workload((10.0,) * layers, (2.0,) * layers, (parameters,) * layers, batches)


FREE = Machine(seconds_per_unit=0.1, seconds_per_byte=0.0, bytes_per_s=1e12, latency_s=0.0)


def test_a_free_link_leaves_the_bubble_alone():
    found = predict(FREE, workload(), 4)

    # Four stages of 2 s: 100 batches take 100 + 3 steps of it.
    assert found.seconds == pytest.approx(103 * 2)
    assert found.speedup == pytest.approx(800 / 206)
    assert found.bubble == pytest.approx(3 / 103)


def test_bytes_cost_work_at_both_ends_time_on_the_link_and_a_checkpoint():
    machine = Machine(seconds_per_unit=0.1, seconds_per_byte=0.25, bytes_per_s=0.5, latency_s=1.0)

    found = predict(machine, workload(layers=2, batches=10, parameters=1.0), 2)

    # Each stage works 1 s and half a second for 2 bytes; the link takes 1 + 2 / 0.5 s.
    flowing = 1.5 + 5 + 1.5 + 9 * 5
    assert found.seconds == pytest.approx(flowing + 4 * 1 / 0.5)
    assert found.link_bytes_per_s == pytest.approx(2 / 5)
    assert found.gathering == pytest.approx(8 / (flowing + 8))


def test_a_stage_holds_its_own_layers_and_the_first_all_weights():
    found = predict(FREE, workload(layers=8, parameters=100.0), 4)

    # Two layers: three copies of 200 bytes, a gradient of 100, three batches in and three out.
    assert found.memory_bytes == 3 * 200 + 100 + 3 * (2 + 2)
    assert found.leader_bytes == 3 * 200 + 100 + 3 * 2 + 600


def test_a_fit_recovers_what_made_the_figures():
    load = workload(layers=4)
    one = Measured(5, (5 * 0.1 * 40,), (range(4),))
    half = 7 * (0.1 * 20 + 0.25 * 2)
    two = Measured(7, (half, half), (range(2), range(2, 4)))

    machine = fit(load, one, two, bytes_per_s=1.0, latency_s=2.0)

    assert machine.seconds_per_unit == pytest.approx(0.1)
    assert machine.seconds_per_byte == pytest.approx(0.25)


def test_doubling_stops_to_pay_where_the_bubble_is_as_long_as_the_work():
    assert most_that_pay(FREE, workload(layers=64, batches=1000)) == 64
    # 10 batches take 13 steps on 4 stages, 17 half as long ones on 8, then 25 on 16.
    assert most_that_pay(FREE, workload(layers=64, batches=10)) == 8
