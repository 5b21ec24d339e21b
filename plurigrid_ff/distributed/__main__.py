"""``torchrun --nproc-per-node N -m plurigrid_ff.distributed RUN.toml``."""

from plurigrid_ff.distributed.command import main

if __name__ == "__main__":
    main(prog_name="plurigrid_ff.distributed")
