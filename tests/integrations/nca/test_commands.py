import json
import subprocess
import sys

import numpy as np
import plurigrid_ff_nca
import pytest
from click.testing import CliRunner
from PIL import Image
from plurigrid_ff_nca.commands import command
from plurigrid_ff_nca.growing import config as growing_config


@pytest.fixture
def nca():
    """Call the command and return its exit status and its output."""

    def call(*arguments):
        result = CliRunner().invoke(command, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return call


@pytest.fixture
def picture(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[2:6, 2:6] = (0, 90, 255, 255)
    Image.fromarray(pixels).save(tmp_path / "square.png")
    return tmp_path / "square.png"


def test_a_rule_that_is_watched_is_learned_exactly(nca):
    status, out, _ = nca("learn", "--rule", "B36/S23", "--size", 32, "--json")

    report = json.loads(out)
    assert status == 0
    assert (report["exact"], report["neighbourhoods_right"]) == (True, 512)
    assert report["name"] == "B36/S23"
    assert report["cpu_seconds"] > 0


def test_a_film_is_learned_and_the_rule_runs(nca, tmp_path):
    film, rule, again = (tmp_path / name for name in ("a.gif", "rule.json", "b.npy"))
    nca("run", "B3/S23", "--size", 32, "--steps", 20, "--seed", 1, "--scale", 2, "--out", film)

    _, told, _ = nca("learn", film, "--scale", 2, "--out", rule)
    status, ran, _ = nca("run", rule, "--size", 8, "--steps", 2, "--out", again, "--json")

    assert "rule          B3/S23" in told
    assert status == 0
    answer = json.loads(ran)
    assert answer["rule"] == "B3/S23"
    np.testing.assert_array_equal(np.load(again)[-1], answer["grid"])
    assert answer["population"] == [int(grid.sum()) for grid in np.load(again)]


def test_a_pattern_lies_in_the_middle_of_the_grid(nca, tmp_path):
    (tmp_path / "blinker.cells").write_text("OOO\n")

    _, out, _ = nca(
        "run", "B3/S23", "--pattern", tmp_path / "blinker.cells", "--size", 5, "--steps", 2
    )

    assert out.splitlines()[-5:] == [".....", ".....", ".OOO.", ".....", "....."]


def test_an_automaton_is_grown_resumed_and_filmed(nca, tmp_path, picture):
    saved, film = tmp_path / "square.safetensors", tmp_path / "square.gif"
    options = ("--size", 8, "--rollouts", 2, "--out", saved)

    first = json.loads(nca("grow", picture, *options, "--json")[1])
    again, _, complaint = nca("grow", picture, *options)
    more = nca("grow", picture, "--resume", "--rollouts", 3, "--out", saved, "--film", film)
    filmed = json.loads(
        nca("animate", saved, "--steps", 4, "--out", tmp_path / "short.png", "--json")[1]
    )

    assert first["rollouts"] == 2
    assert (again, "exists; go on with it with --resume" in complaint) == (1, True)
    assert "goodness-difference, 3 rollouts" in more[1]
    with Image.open(film) as shown:
        assert shown.n_frames > 1
    assert filmed["frames"] == 3


def test_the_sketch_is_a_configuration(nca, tmp_path, picture):
    options = ("--size", 8, "--rollouts", 1, "--out", tmp_path / "s.safetensors", "--json")

    config = json.loads(nca("grow", picture, "--sketch", *options)[1])["config"]

    sketch = growing_config.SKETCH.model_dump(mode="json")
    assert config == {**sketch, "size": 8, "rollouts": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["learn"], "expected FILES or --rule, and not both"),
        (["learn", "--rule", "B3S"], "no notation known here"),
        (["learn", "no-such-file.npy"], "no-such-file.npy: No such file"),
        (["run", "B3/S23", "--out", "a.mov"], "ends in .rle, .npy, .gif"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(nca, arguments, message):
    status, _, err = nca(*arguments)

    assert status == 1
    assert message in err
    assert len(err.splitlines()) == 1


def test_help_and_the_plugin_load_no_heavy_library():
    program = (
        "import sys; import plurigrid_ff_nca; from plurigrid_ff_nca.commands import command\n"
        "command(['grow', '--help'], standalone_mode=False)\n"
        "sys.exit(str(sorted({'torch', 'numpy', 'PIL', 'jax'} & sys.modules.keys())))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stderr.strip() == "[]"


def test_the_plugin_offers_its_command_where_it_is():
    offered = []
    plurigrid_ff_nca.register_commands(lambda *offer: offered.append(offer))

    ((name, home, summary),) = offered
    module, _, member = home.partition(":")
    assert name == "nca"
    assert getattr(sys.modules[module], member) is command
    assert len(summary.splitlines()) == 1


def test_every_public_name_is_there():
    for name in plurigrid_ff_nca.__all__:
        assert getattr(plurigrid_ff_nca, name) is not None
