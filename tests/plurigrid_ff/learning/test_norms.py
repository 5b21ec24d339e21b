import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.learning.norms import unit_groups, unit_rms, unit_variance

SHAPES = [(12,), (6, 5), (6, 4, 3)]


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
@given(seed=st.integers(0, 2**16), scale=st.floats(1, 100))
def test_norms_bring_every_sample_to_scale_and_do_not_mix_them(shape, seed, scale):
    x = scale * (1 + drawn(3, *shape, seed=seed))

    rms, variance = unit_rms(x).flatten(1), unit_variance(x).flatten(1)
    groups = unit_groups(3)(x).reshape(9, -1)

    assert (rms.square().mean(dim=1) - 1).abs().max() < 1e-3
    for part in (variance, groups):
        torch.testing.assert_close(part.mean(dim=1), torch.zeros(len(part)).double())
        assert (part.std(dim=1, correction=0) - 1).abs().max() < 1e-3
    torch.testing.assert_close(unit_rms(x[1:2]), unit_rms(x)[1:2])


def test_what_class_goodness_reads_is_gone_from_normalised_groups():
    h = drawn(4, 6, 3, 3).abs()
    louder = h.clone()
    louder[:, :2] *= 3.0  # the first of three classes gains goodness

    torch.testing.assert_close(unit_groups(3)(louder), unit_groups(3)(h), rtol=1e-4, atol=1e-5)
