import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from plurigrid_ff_nca.rules.files import read_film, write_output
from plurigrid_ff_nca.rules.frames import read_frames
from plurigrid_ff_nca.rules.notation import parse_rule
from plurigrid_ff_nca.rules.patterns import read_plaintext, read_rle, write_plaintext, write_rle

from plurigrid_ff import films
from plurigrid_ff.errors import ConfigError, DataError, ToolchainError
from plurigrid_ff.films import write_film

GLIDER = np.array([[0, 1, 0], [0, 0, 1], [1, 1, 1]], np.uint8)


def test_the_glider_is_read_from_both_formats():
    rle = read_rle("#N Glider\nx = 3, y = 3, rule = B3/S23\nbob$2bo$3o!\n", where="glider.rle")
    cells = read_plaintext("!Name: Glider\n.O\n..O\nOOO\n", where="glider.cells")

    np.testing.assert_array_equal(rle.grid, GLIDER)
    assert rle.rule == "B3/S23"
    np.testing.assert_array_equal(cells.grid, GLIDER)


def test_the_glider_is_written_as_everybody_does():
    assert write_rle(GLIDER, rule="B3/S23") == "x = 3, y = 3, rule = B3/S23\nbo$2bo$3o!\n"
    assert write_plaintext(GLIDER) == ".O.\n..O\nOOO\n"


def test_states_above_24_have_two_signs():
    grid = read_rle("x = 4, y = 1\n.AXpA!", where="p").grid

    assert grid.tolist() == [[0, 1, 24, 25]]


@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 60)),
        elements=st.sampled_from([0, 0, 0, 1, 2, 24, 25, 255]),
    )
)
def test_a_pattern_is_the_same_after_run_length_encoding(grid):
    text = write_rle(grid)

    np.testing.assert_array_equal(read_rle(text, where="p").grid, grid)
    assert max(map(len, text.splitlines())) <= 70


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bo$!", "expected a header like"),
        ("x = 2, y = 1\n3o!", "expected cells within x = 2, y = 1, got row 0, columns 0 to 2"),
        ("x = 2, y = 2\no?!", r"expected runs of b, o, .* got '\?!' in row 0"),
        ("x = 99999, y = 99999\n!", "expected 1 to 16777216 cells, got 99999x99999"),
    ],
)
def test_broken_run_lengths_are_refused(text, message):
    with pytest.raises(DataError, match=message):
        read_rle(text, where="p.rle")


@pytest.mark.parametrize(
    ("text", "message"), [("", "got no cells"), (".x.", "expected '.' and 'O', got 'x' in row 0")]
)
def test_broken_plain_text_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        read_plaintext(text, where="p.cells")


def test_plain_text_has_two_states():
    with pytest.raises(DataError, match="write .rle instead"):
        write_plaintext(GLIDER * 2)


@pytest.mark.parametrize("name", ["life.gif", "life.png", "life.npy"])
def test_a_run_is_read_as_it_was_written(tmp_path, name):
    life = parse_rule("B3/S23")
    start = np.zeros((9, 12), np.uint8)
    start[2:5, 2:5] = GLIDER
    film = life.run(start, 5)

    write_output(tmp_path / name, film, life, scale=3)

    scale = 1 if name.endswith("npy") else 3
    np.testing.assert_array_equal(read_film([tmp_path / name], scale=scale), film)


def test_colours_are_states_by_brightness_over_all_frames(tmp_path):
    for number, pixels in enumerate(([[[255] * 3, [0] * 3]], [[[0] * 3, [90, 0, 0]]])):
        Image.fromarray(np.array(pixels, np.uint8)).save(tmp_path / f"{number}.png")

    frames = read_frames([tmp_path / "0.png", tmp_path / "1.png"])

    assert [frame.tolist() for frame in frames] == [[[2, 0]], [[0, 1]]]


def test_files_that_hold_no_grids_are_refused(tmp_path):
    Image.new("L", (7, 7)).save(tmp_path / "odd.png")
    (tmp_path / "no.png").write_bytes(b"no picture")
    np.save(tmp_path / "deep.npy", np.zeros((1, 1, 1, 1)))
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")

    for name, message in {
        "odd.png": "a size that scale = 2 divides, got 7x7",
        "no.png": "expected a picture in PNG, GIF, BMP",
        "deep.npy": "expected shape",
        "noise.png": "at most 256 colours over all frames",
        "what.txt": "expected .rle, .cells, .npy",
    }.items():
        with pytest.raises(DataError, match=message):
            read_film([tmp_path / name], scale=2)


def test_mp4_without_ffmpeg_is_said_before_work(monkeypatch, tmp_path):
    monkeypatch.setattr(films.shutil, "which", lambda name: None)

    with pytest.raises(ToolchainError, match="ffmpeg, which is not on the PATH"):
        films.check_film(tmp_path / "a.mp4")
    with pytest.raises(ConfigError, match=r"ends in \.gif, \.png"):
        films.check_film(tmp_path / "a.avi")


def test_ffmpeg_gets_every_pixel_of_every_frame(monkeypatch, tmp_path):
    calls = []

    def run(command, *, input, **options):
        calls.append((command, input))
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(films.shutil, "which", lambda name: "/usr/bin/ffmpeg")
    monkeypatch.setattr(films.subprocess, "run", run)
    write_film(tmp_path / "a.mp4", [np.full((2, 3), 7, np.uint8)] * 2, scale=2)

    ((command, pixels),) = calls
    assert command[command.index("-s") + 1] == "6x4"
    assert pixels == bytes([7]) * 6 * 4 * 3 * 2


def test_what_ffmpeg_complains_of_is_passed_on(monkeypatch, tmp_path):
    failed = subprocess.CompletedProcess([], 1, b"", b"first\nno encoder\n")
    monkeypatch.setattr(films.shutil, "which", lambda name: "/usr/bin/ffmpeg")
    monkeypatch.setattr(films.subprocess, "run", lambda *_, **__: failed)

    with pytest.raises(ToolchainError, match="ffmpeg failed: no encoder"):
        write_film(tmp_path / "a.mp4", [GLIDER])
    assert list(tmp_path.iterdir()) == []
