import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plurigrid_ff_proofgeneral_narya import checker
from plurigrid_ff_proofgeneral_narya.certificate import Certificate

OBJECTIVES = ("threshold", "projection", "class-goodness")


def places(value, path=()):
    """List the paths of all integers in a JSON value."""
    if isinstance(value, dict):
        return [p for key in value for p in places(value[key], (*path, key))]
    if isinstance(value, list):
        return [p for i, item in enumerate(value) for p in places(item, (*path, i))]
    return [path] if isinstance(value, int) else []


def changed(value, path, by):
    """Copy a JSON value with one number changed."""
    copy = json.loads(json.dumps(value))
    inside = copy
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] += by
    return copy


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(4))
def test_what_was_computed_at_once_is_what_the_checker_finds_one_by_one(
    make_certificate, objective, seed
):
    certificate = make_certificate(seed, objective)

    assert checker.find_faults(certificate.values()) == []
    assert any(m > 0 for sample in certificate.samples for m in sample.shared)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), by=st.integers(-300, 300).filter(bool))
def test_a_change_of_any_number_is_found(make_certificate, data, by):
    values = make_certificate().values()
    path = data.draw(st.sampled_from(places(values)))

    assert checker.find_faults(changed(values, path, by))


@pytest.mark.parametrize("kind", ["shared", "separate"])
def test_a_margin_larger_by_one_is_rejected_though_it_is_sealed_anew(make_certificate, kind):
    values = changed(make_certificate().values(), ("samples", 0, kind, 0), 1)
    resealed = Certificate.model_validate(values).sealed()

    (fault,) = checker.find_faults(resealed.values())

    assert fault.startswith("sample 0, radius 0: margins are")


def test_a_log_entry_written_over_is_found_though_it_is_sealed_anew(make_certificate):
    values = make_certificate().values()
    values["log"][1]["body"] = values["log"][1]["body"].replace('"round":1', '"round":2')
    resealed = Certificate.model_validate(values).sealed()

    assert any("hash is not that" in fault for fault in checker.find_faults(resealed.values()))


@pytest.mark.parametrize("value", [None, [], {}, {"log": 3}, {"input_bits": 0.5}, "text"])
def test_what_is_no_certificate_is_a_fault_and_no_traceback(value):
    assert checker.find_faults(value)


@given(
    *[st.tuples(st.integers(-9, 9), st.integers(-3, 3))] * 2,
    st.integers(-12, 12),
    st.integers(0, 12),
    st.sampled_from([1, 2]),
)
def test_the_bounds_are_below_every_point_of_the_range(p, q, low, width, power):
    high = low + width
    value = checker._value
    points = range(low, high + 1)

    gap = checker._least_gap(p, q, low, high, power)
    apart = checker._least_apart(p, q, low, high, power)

    least = min(value(p, s, power) - value(q, s, power) for s in points)
    assert apart <= gap <= least
    assert apart == min(value(p, s, power) for s in points) - max(
        value(q, s, power) for s in points
    )
    if p[0] == q[0] or p[1] == q[1]:
        assert gap == least


def test_the_checker_runs_as_a_script_without_what_trained_the_network(make_certificate, tmp_path):
    (tmp_path / "certificate.json").write_text(make_certificate().text())
    script = tmp_path / "alone.py"
    script.write_text(Path(checker.__file__).read_text())
    command = [sys.executable, "-I", str(script)]

    held = subprocess.run(
        [*command, tmp_path / "certificate.json"], capture_output=True, text=True, check=False
    )
    (tmp_path / "other.json").write_text("[1, 2")
    broken = subprocess.run(
        [*command, tmp_path / "other.json"], capture_output=True, text=True, check=False
    )

    assert (held.returncode, held.stdout) == (0, "holds: 3 samples, 6 log entries\n")
    assert (broken.returncode, "cannot be read" in broken.stderr) == (1, True)
