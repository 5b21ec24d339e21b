"""Files beside an exported model with which it is built, checked and run on a board."""

from importlib import resources

BESIDE_MODEL = ("Makefile", "check.c")
IN_BOARD = ("mps2.ld", "semihosting.c", "semihosting.h", "stack.h", "startup.c")


def support_files() -> dict[str, str]:
    """Return the text of each file, by its path in the exported folder.

    The Makefile also builds ``main.c``, and needs ``ff_model.c``, ``ff_model.h`` and
    ``vectors.h``; these depend on the model.
    """
    board = resources.files("plurigrid_ff.onchip") / "board"
    return {place: (board / name).read_text("utf-8") for place, name in support_places().items()}


def support_places() -> dict[str, str]:
    """Return the name of each file in ``onchip/board``, by its path in the exported folder."""
    return {name: name for name in BESIDE_MODEL} | {f"board/{name}": name for name in IN_BOARD}
