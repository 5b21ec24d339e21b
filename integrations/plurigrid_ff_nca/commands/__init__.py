"""``plurigrid-ff nca``. Torch loads when a command works, not for ``--help``."""

import click

from plurigrid_ff_nca.commands.grow import animate, grow
from plurigrid_ff_nca.commands.learn import learn
from plurigrid_ff_nca.commands.run import run


@click.group("nca")
def command() -> None:
    """Learn rules of cellular automata from observations; grow images from a cell.

    \b
    Example:
      plurigrid-ff nca learn --rule B36/S23 --transitions 8 --size 32
      plurigrid-ff nca grow lizard.png --out lizard.safetensors
    """


for part in (learn, run, grow, animate):
    command.add_command(part)
