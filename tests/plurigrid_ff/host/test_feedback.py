import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import CheckpointError, PluginError
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.feedback import (
    ARRAYS_FILE,
    Feedback,
    dump_feedback,
    read_arrays,
    restore_feedback,
    write_arrays,
)
from plurigrid_ff.host.lineage import Individual, Lineage
from plurigrid_ff.host.ports import (
    DERIVATIONS,
    EDGE_MAPS,
    LINEAGE,
    MARGINS,
    MIXED_PARAMETERS,
    STANDARD_PORTS,
    VERDICT,
)
from plurigrid_ff.results import Verdict

ANY_FLOAT32 = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
)


def through_a_file(values, folder):
    kept = dump_feedback(values, STANDARD_PORTS)
    write_arrays(folder, kept)
    return restore_feedback(Feedback(kept.values, read_arrays(folder)), STANDARD_PORTS)


@settings(max_examples=12)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5), st.dictionaries(st.text(max_size=5), ANY_FLOAT32)
    )
)
def test_weights_come_back_bit_by_bit(tmp_path_factory, weights):
    values = {MIXED_PARAMETERS.name: weights}

    again = through_a_file(values, tmp_path_factory.mktemp("kept"))

    assert digest(again) == digest(values)


def test_every_kind_of_value_comes_back(tmp_path):
    key = derive_key(0, "unworld", 1)
    values = {
        MARGINS.name: {"a": np.float32([1, -0.0, np.nan])},
        MIXED_PARAMETERS.name: {"a": {"w": np.ones((3, 2), np.float32).T}},  # not contiguous
        EDGE_MAPS.name: {("a", "b"): (np.array([1, 0]), np.array([0, 2, 1])), ("b", "c"): ()},
        LINEAGE.name: Lineage(
            nodes=(
                Individual(name="x", agent="a", round=0),
                Individual(name="y", agent="b", round=1, origin="mixing", fitness=0.5),
            ),
            edges=(("x", "y"),),
        ),
        DERIVATIONS.name: (Derivation(seed=0, path=("unworld", 1), key=key),),
        VERDICT.name: Verdict(passed=False, measure=0.1 + 0.2, limit=0.25, reason="no"),
    }

    again = through_a_file(values, tmp_path)

    assert again.keys() == values.keys()
    for name, value in values.items():
        assert digest(again[name]) == digest(value), name
    assert set(again[EDGE_MAPS.name]) == {("a", "b"), ("b", "c")}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"w": np.ones(3)}}, "expected an array of float32, got an array of float64"),
        ({"a": {"w": [1.0]}}, "expected an array of float32, got a list"),
    ],
)
def test_a_value_of_another_type_is_refused_when_it_is_saved(value, message):
    with pytest.raises(PluginError, match=f"'mixed-parameters' is fed back, .*{message}"):
        dump_feedback({MIXED_PARAMETERS.name: value}, STANDARD_PORTS)


def test_a_damaged_file_of_arrays_is_refused(tmp_path):
    (tmp_path / ARRAYS_FILE).write_bytes(b"not arrays")

    with pytest.raises(CheckpointError, match="damaged; start again with --overwrite"):
        read_arrays(tmp_path)


def test_a_missing_file_of_arrays_is_refused(tmp_path):
    kept = dump_feedback({MIXED_PARAMETERS.name: {"a": {"w": np.float32([1])}}}, STANDARD_PORTS)

    with pytest.raises(CheckpointError, match="'mixed-parameters' cannot be read back"):
        restore_feedback(Feedback(kept.values, read_arrays(tmp_path)), STANDARD_PORTS)
