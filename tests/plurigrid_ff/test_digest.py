from dataclasses import dataclass

import numpy as np
import pytest

from plurigrid_ff.digest import canonical_json, digest
from plurigrid_ff.host.ports import LayerActivities, LayerGain


def test_equal_values_have_equal_digests():
    first = {"b": [1, 2.5], "a": np.arange(6, dtype=np.float32).reshape(2, 3)}
    second = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": [1, 2.5]}

    assert digest(first) == digest(second)


def test_any_difference_shows():
    values = [
        None,
        0,
        0.0,
        False,
        "0",
        [0],
        [[0]],
        {"a": 0},
        {"b": 0},
        np.zeros(4),
        np.zeros((2, 2)),
        np.zeros(4, np.float32),
        LayerGain(updates=1, margin_before=0.0, margin_after=1.0),
        LayerGain(updates=1, margin_before=0.0, margin_after=2.0),
        LayerActivities(np.zeros((1, 2), np.float32), (np.zeros((1, 2), np.float32),)),
        LayerActivities(np.zeros((1, 2), np.float32), ()),
    ]

    assert len({digest(value) for value in values}) == len(values)


def test_an_array_counts_by_content_and_not_by_memory_layout():
    array = np.arange(6.0).reshape(2, 3)

    assert digest(np.asfortranarray(array)) == digest(array)


def test_a_value_without_canonical_form_is_refused():
    @dataclass
    class Holder:
        value: object

    with pytest.raises(TypeError, match="no canonical form for a object"):
        digest(Holder(object()))


def test_json_is_written_one_way_only():
    assert canonical_json({"b": 1, "a": [1, 2]}) == '{"a":[1,2],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))
