import sys

import numpy as np
import pytest
import torch
from plurigrid_ff_nca.growing.automaton import Automaton
from plurigrid_ff_nca.growing.config import GrowConfig

from plurigrid_ff.errors import ConfigError, MissingExtraError


def automaton(**options):
    config = GrowConfig(size=12, **options)
    image = torch.rand(4, 12, 12, generator=torch.Generator().manual_seed(0))
    return Automaton(image, config)


@pytest.mark.parametrize("clamp", [True, False])
@pytest.mark.parametrize("laplacian", [True, False])
def test_a_step_is_that_of_torch(clamp, laplacian):
    jax = pytest.importorskip("jax")
    from plurigrid_ff_nca.jax_rule import step, weights_of

    ours = automaton(clamp=clamp, laplacian=laplacian)
    generator = torch.Generator().manual_seed(1)
    state = 0.5 * torch.randn(1, 16, 12, 12, generator=generator)
    fires = torch.rand(1, 1, 12, 12, generator=generator) < 0.5
    changing, rows = ours.perceived(state, fires)
    with torch.no_grad():
        expected = ours.apply_update(state, changing, ours.delta(rows, ours.update(rows)))

    found = jax.jit(step)(
        weights_of(ours), state[0].permute(1, 2, 0).numpy(), fires[0].permute(1, 2, 0).numpy()
    )

    np.testing.assert_allclose(found, expected[0].permute(1, 2, 0).numpy(), atol=1e-5)


def test_cells_fire_at_their_rate():
    jax = pytest.importorskip("jax")
    from plurigrid_ff_nca.jax_rule import draw_fires

    fires = draw_fires(jax.random.key(0), np.zeros((100, 100, 3)), 0.3)

    assert fires.shape == (100, 100, 1)
    assert abs(fires.mean() - 0.3) < 0.02  # four standard deviations


def test_rivals_have_no_jax_rule():
    pytest.importorskip("jax")
    from plurigrid_ff_nca.jax_rule import weights_of

    with pytest.raises(ConfigError, match="expected learner 'goodness-difference'"):
        weights_of(automaton(learner="one-step-backprop"))


def test_without_jax_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delitem(sys.modules, "plurigrid_ff_nca.jax_rule", raising=False)

    with pytest.raises(MissingExtraError, match=r"pip install 'plurigrid-ff\[jax\]'"):
        import plurigrid_ff_nca.jax_rule  # noqa: F401
