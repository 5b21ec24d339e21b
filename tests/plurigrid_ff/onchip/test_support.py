"""The files that an exported folder gets beside its model."""

from importlib import resources

from plurigrid_ff.onchip.support import support_files


def test_every_file_of_the_board_is_exported_once():
    board = resources.files("plurigrid_ff.onchip") / "board"

    names = sorted(place.rpartition("/")[2] for place in support_files())

    assert names == sorted(file.name for file in board.iterdir())


def test_what_the_user_runs_lies_on_top_and_what_the_chip_needs_below():
    places = support_files()

    assert {"Makefile", "check.c", "board/startup.c", "board/mps2.ld"} <= places.keys()
    assert all(text.endswith("\n") for text in places.values())


def test_the_c_sources_use_no_heap_no_float_and_no_library_on_the_chip():
    sources = [text for place, text in support_files().items() if place.startswith("board/")]

    for word in ("malloc", "float", "double", "<stdio.h>", "<string.h>", "<stdlib.h>"):
        assert not any(word in text for text in sources)
