"""``python -m plurigrid_ff`` is the command line."""

from plurigrid_ff.cli import main

if __name__ == "__main__":
    main(prog_name="plurigrid-ff")
