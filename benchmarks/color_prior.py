"""Fit the population prior of colour preferences that is shipped: synthetic users, no people.

python benchmarks/color_prior.py --out integrations/plurigrid_ff_color/prior.json
"""

from pathlib import Path

import click
from plurigrid_ff_color.population import fit_prior

from plurigrid_ff.files import write_text


@click.command()
@click.option("--seed", default=0, show_default=True)
@click.option("--users", default=360, show_default=True, help="Synthetic users.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def main(seed: int, users: int, out: Path) -> None:
    """Fit and write."""
    command = f"python benchmarks/color_prior.py --seed {seed} --users {users}"
    prior = fit_prior(seed, users, command=command)
    write_text(out, prior.model_dump_json() + "\n")
    print(f"{prior.population}: {len(prior.matrix)} basis functions, {len(prior.middle)} features")


if __name__ == "__main__":
    main()
