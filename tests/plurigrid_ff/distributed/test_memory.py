from types import SimpleNamespace

import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.distributed.memory import require_stage_memory, stage_bytes, within_memory
from plurigrid_ff.errors import ConfigError, StageLostError
from plurigrid_ff.learning.network import FFNetwork

CPU = torch.device("cpu")


def fleet(stage, cuts):
    reported = []
    return SimpleNamespace(
        stage=stage,
        rank=stage,
        cuts=cuts,
        name=lambda rank: f"stage {rank + 1} of {len(cuts)}",
        report=reported.append,
        reported=reported,
    )


def test_a_stage_holds_three_copies_of_its_layers_and_the_first_the_weights_of_all():
    with torch.device("meta"):
        network = FFNetwork(NetworkConfig(hidden=(10, 10)), (10,), 5, seed=0)

    # A layer of 10 x 10 weights, 10 biases, and a projection of 5 x 10.
    each = 4 * (100 + 10 + 50)
    assert stage_bytes(network, range(1, 2)) == 4 * each
    assert stage_bytes(network, range(1)) == 4 * each + each


def test_a_stage_that_cannot_be_held_is_named_before_anything_is_taken():
    with torch.device("meta"):
        network = FFNetwork(NetworkConfig(hidden=(10, 3_000_000, 3_000_000)), (10,), 5, seed=0)

    with pytest.raises(ConfigError, match=r"stage 2 of 2: .*would take \d+\.\d GiB.*more stages"):
        require_stage_memory(fleet(1, [range(1), range(1, 3)]), network, CPU)


def test_a_stage_that_runs_out_of_memory_says_how_much_it_wanted():
    lost = fleet(1, [range(1), range(1, 3)])

    with (
        pytest.raises(StageLostError, match=r"stage 2 of 2 is out of memory: it wanted 67108864\."),
        within_memory(lost),
    ):
        torch.empty(1 << 56, dtype=torch.uint8)

    assert "out of memory" in str(lost.reported[0])


def test_another_error_stays_what_it_is():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), within_memory(fleet(0, [range(1)])):
        torch.mm(torch.ones(2, 3), torch.ones(2, 3))
