from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.partition import balanced, layer_cost


def dearest(costs, runs):
    return max(sum(costs[place] for place in run) for run in runs)


@given(st.lists(st.floats(0.01, 10.0), min_size=1, max_size=8), st.data())
def test_no_other_cut_has_a_cheaper_dearest_run(costs, data):
    count = data.draw(st.integers(1, len(costs)))

    runs = balanced(costs, count)

    assert len(runs) == count
    assert [place for run in runs for place in run] == list(range(len(costs)))
    others = (
        [range(start, stop) for start, stop in pairwise([0, *cut, len(costs)])]
        for cut in combinations(range(1, len(costs)), count - 1)
    )
    best = min(dearest(costs, other) for other in others)
    assert dearest(costs, runs) == pytest.approx(best, rel=1e-9)


def test_more_runs_than_layers_are_refused():
    with pytest.raises(ValueError, match="2 layers cannot be cut into 3"):
        balanced([1.0, 1.0], 3)


def test_a_cost_grows_with_rows_rails_and_the_square_of_the_width():
    def cost(width, batch, objective="projection"):
        config = NetworkConfig(hidden=(width,), objective=objective, negatives="auto")
        return layer_cost(FFNetwork(config, (width,), 10, seed=0).stack[0], batch)

    def rows(*arguments):
        return cost(500, 64 + 64, *arguments) - cost(500, 64, *arguments)

    assert rows("symba") == pytest.approx(2 * rows("projection"), rel=0.05)  # labels are 2 %
    assert cost(1000, 4096) - 2 * cost(500, 4096) == pytest.approx(4096 * 1e6, rel=0.05)
