from dataclasses import replace

import numpy as np
import pytest
from plurigrid_ff_sheaf_laplacian_coordination.alignment import align

from plurigrid_ff.host.ports import LayerActivities
from plurigrid_ff.sheaves.matching import readings
from plurigrid_ff.sheaves.units import Segment, UnitSymmetry

EDGE = ("a", "b")
DIRECTIONS = "layers.0.objective.directions"
SYMMETRY = UnitSymmetry(
    (4,),
    (1,),
    (1,),
    {DIRECTIONS: ((Segment(3),), (Segment(4, 0),)), "w": ((Segment(4, 0),),)},
    (DIRECTIONS,),
)


def said(seed=0):
    """Two pairs of units that say the same."""
    pairs = np.random.default_rng(seed).normal(size=(60, 2)).astype(np.float32)
    values = np.repeat(pairs, 2, axis=1)
    return LayerActivities(values, (values,))


def learned(order):
    directions = np.random.default_rng(5).normal(size=(3, 4)).astype(np.float32)
    return {DIRECTIONS: directions[:, order], "w": np.zeros(4, np.float32)}


@pytest.mark.parametrize("kind", ["matched", "synchronised"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (0, 1, 3, 2), (1, 0, 3, 2)])
def test_units_that_say_the_same_are_told_apart_by_how_they_are_read(kind, order):
    parameters = {"a": learned((0, 1, 2, 3)), "b": learned(order)}

    found = align(EDGE, [EDGE], dict.fromkeys(EDGE, said()), parameters, SYMMETRY, kind)

    assert found.maps[EDGE][0].tolist() == np.argsort(order).tolist()
    assert found.fits[EDGE][0] == pytest.approx(1)


def test_products_of_readings_are_correlations_over_classes():
    directions = learned((0, 1, 2, 3))[DIRECTIONS]

    found = readings({DIRECTIONS: directions}, SYMMETRY, 0)

    np.testing.assert_allclose(found.T @ found, np.corrcoef(directions.T), atol=1e-6)


@pytest.mark.parametrize("named", [(), (None,)])
def test_where_goodness_is_not_linear_in_units_what_they_say_decides_alone(named):
    found = readings(learned((0, 1, 2, 3)), replace(SYMMETRY, readings=named), 0)

    assert found.shape == (0, 4)
    np.testing.assert_array_equal(found.T @ found, np.zeros((4, 4)))
