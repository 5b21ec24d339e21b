import numpy as np
import pytest
from plurigrid_ff_nca.lenia import LearnedLenia, growth, orbium, potential, step


@pytest.fixture(scope="module")
def glider():
    return orbium()


def centre(field):
    """Centre of mass on a torus, by the angle of the first Fourier mode."""
    turns = np.exp(2j * np.pi * np.arange(64) / 64)
    return np.array([np.angle(field.sum(axis) @ turns) * 64 / (2 * np.pi) for axis in (1, 0)])


def test_the_potential_is_a_mean_over_a_ring():
    field = np.zeros((64, 64))
    field[20, 20] = 1.0

    u = potential(field)

    np.testing.assert_allclose(potential(np.ones((64, 64))), 1.0)
    assert u[20, 20] == pytest.approx(0, abs=1e-12)
    assert u[20, 26] == pytest.approx(u[26, 20]) == pytest.approx(u.max(), rel=0.05)
    assert u[20, 34] == pytest.approx(0, abs=1e-12)


def test_growth_is_a_bump_at_mu():
    assert growth(np.array([0.15, 0.0, 0.15 + 0.015 * np.sqrt(2 * np.log(2))])) == pytest.approx(
        [1, -1, 0]
    )


def test_orbium_glides_and_keeps_its_mass(glider):
    field = glider
    for _ in range(60):
        field = step(field)

    moved = (centre(field) - centre(glider) + 32) % 64 - 32
    assert np.hypot(*moved) > 5
    assert abs(field.sum() / glider.sum() - 1) < 0.05
    assert 50 < glider.sum() < 100


def test_the_learned_rule_is_nearer_than_no_change(glider):
    fields = [glider]
    for _ in range(10):
        fields.append(step(fields[-1]))
    learned = LearnedLenia(np.array(fields), steps=600)

    last = fields[-1]
    expected = step(last)
    error = np.square(learned.step(last) - expected).mean()
    assert error < 0.5 * np.square(last - expected).mean()
