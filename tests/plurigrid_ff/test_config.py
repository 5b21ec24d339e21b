import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import (
    DataConfig,
    NetworkConfig,
    RunConfig,
    TrainingConfig,
    Triad,
    format_toml,
    read_toml,
)
from plurigrid_ff.errors import ConfigError, unknown_name

LAYERS = r"expected 'all', 'validated' or \[first, last\], counted from 1"
TRIAD = Triad(name="mine", validator="v", coordinator="c", generator="g")


@given(
    hidden=st.lists(st.integers(1, 9999), min_size=1, max_size=5),
    rates=st.floats(1e-9, 1e3) | st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 2**63 - 1),
    column=st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    triad=st.sampled_from([None, TRIAD]),
    layers=st.sampled_from(["all", "validated", (2, 3)]),
)
def test_config_to_toml_to_config_is_the_identity(hidden, rates, seed, column, triad, layers):
    config = RunConfig(
        data=DataConfig(label_column=column),
        network=NetworkConfig(
            hidden=tuple(hidden), options={"threshold": 2.0}, readout_layers=layers
        ),
        training=TrainingConfig(
            learning_rate=rates, optimizer=["sgd"] * len(hidden), augmentation={"shift": 2}
        ),
        triad=triad,
        seed=seed,
        skills={"open-games": {"price": 0.5}},
    )

    assert RunConfig.parse(tomllib.loads(format_toml(config)), where="test") == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": 3}, r"run\.toml: epoch: unknown key; known keys: data, device"),
        ({"sead": 3}, r"run\.toml: sead: unknown key; did you mean 'seed'\?"),
        ({"training": {"epoch": 3}}, r"run\.toml: training\.epoch: .*did you mean 'epochs'\?"),
        ({"network": {"hiden": [3]}}, r"network\.hiden: .*did you mean 'hidden'\?"),
        ({"network": {"recurrent": {"step": 3}}}, r"recurrent\.step: .*did you mean 'steps'\?"),
        ({"network": {"recurrent": {"damping": 1}}}, r"recurrent\.damping: .*less than 1, got 1"),
        ({"training": {"epochs": 0}}, r"training\.epochs: .*greater than 0, got 0"),
        ({"network": {"hidden": []}}, r"network\.hidden: .*at least 1 item"),
        ({"seed": -1}, r"seed: .*greater than or equal to 0, got -1"),
        ({"device": "tpu"}, r"device: .*'auto', 'cpu' or 'cuda', got 'tpu'"),
        ({"training": {"learning_rate": float("inf")}}, r"learning_rate: .*finite number"),
        ({"training": {"learning_rate": [1.0, 0.0]}}, r"learning_rate\.1: .*greater than 0, got 0"),
        ({"training": {"learning_rate": []}}, r"learning_rate: .*at least 1 item"),
        ({"training": {"optimizer": "adm"}}, r"optimizer: .*'adam', 'adamw' or 'sgd', got 'adm'"),
        ({"training": {"optimizer": ["sgd", "x"]}}, r"training\.optimizer\.1: .*got 'x'"),
        ({"training": {"augmentation": {"shft": 1}}}, r"augmentation\.shft: .*mean 'shift'"),
        (
            {"training": {"augmentation": {"erase": 1}}},
            r"augmentation\.erase: .*less than 1, got 1",
        ),
        ({"triad": {"name": "Bad Name"}}, r"triad\.name: .*pattern"),
        *[
            ({"network": {"readout_layers": layers}}, rf"network\.readout_layers: {LAYERS}, got")
            for layers in ("some", [2, 1], [0, 1], [1], [1, 2, 3], 2, {})
        ],
    ],
)
def test_a_bad_key_is_named_with_its_file(values, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig.parse(values, where="run.toml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = ", "not valid TOML"),
        (b"a = '\xff'", "not valid TOML"),
        (b"#" * ((1 << 20) + 1), "larger than 1048576 bytes"),
    ],
)
def test_a_damaged_run_file_is_refused(tmp_path, content, message):
    path = tmp_path / "run.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=message):
        read_toml(path)


def test_a_missing_run_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read: No such file"):
        read_toml(tmp_path / "absent.toml")


@pytest.mark.parametrize(("epochs", "per_round", "rounds"), [(20, 2, 10), (5, 2, 3), (1, 9, 1)])
def test_rounds_make_up_all_epochs(epochs, per_round, rounds):
    config = TrainingConfig(epochs=epochs, epochs_per_round=per_round)

    assert config.rounds == rounds


def test_an_unknown_name_without_a_neighbour_lists_the_known_ones_or_the_remedy():
    assert "known: alpha, beta" in str(unknown_name("letter", "zzz", ["beta", "alpha"]))
    assert str(unknown_name("letter", "zzz", ["alpha"], remedy="ask")).endswith("; ask")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"training": {"epochs": "5"}}', "here: training.epochs: .* valid integer, got '5'"),
        ('{"seed": true}', "here: seed: .* valid integer, got True"),
        ('{"sede": 1}', "here: sede: unknown key; did you mean 'seed'"),
        ('{"network": {"hidden": [0]}}', r"here: network\.hidden\.0: .* greater than 0"),
        (
            '{"training": {"learning_rate": NaN}}',
            r"here: training\.learning_rate: .* finite number",
        ),
        ('{"data": {"source": "\\ud800"}}', r"here: \(top level\): invalid JSON"),
        ("{", r"here: \(top level\): invalid JSON"),
    ],
)
def test_json_is_read_by_its_own_types(text, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig.parse_json(text, where="here")


def test_json_lists_and_whole_numbers_stand_for_tuples_and_floats():
    text = '{"network": {"hidden": [3, 4]}, "training": {"learning_rate": 1}}'

    config = RunConfig.parse_json(text, where="here")

    assert config.network.hidden == (3, 4)
    assert config.training.learning_rate == 1.0
