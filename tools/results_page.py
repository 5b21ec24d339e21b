"""Keep benchmarks/RESULTS.md true to what `plurigrid-ff reproduce` found.

    python tools/results_page.py                          # write the page anew
    python tools/results_page.py runs/NAME/reproduce.json ...   # take results in first
    python tools/results_page.py --check                  # exit 1 if the page is out of date

A result goes to benchmarks/results/recipes/NAME.json, and its figures to the recipe's table
[recipe.reached] unless it was made with other settings than the recipe's.
"""

import argparse
import re
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from plurigrid_ff.config import ConvConfig, LayerConfig, LinearConfig
from plurigrid_ff.recipes import Recipe, shipped_recipes
from plurigrid_ff.reproduction import Figure, Reproduction

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "benchmarks" / "results" / "gpu"
PAGE = ROOT / "benchmarks" / "RESULTS.md"
RESULTS = ROOT / "benchmarks" / "results" / "recipes"
RECIPES = ROOT / "plurigrid_ff" / "recipes"
POINT = 0.01

INTRODUCTION = """\
# Results

What every shipped recipe reached here, beside backprop on the same layers, splits, batches and
augmentation, and beside what its source published. Written by `python tools/results_page.py` from
[results/recipes](results/recipes), which hold every seed.

Accuracies are of the test split, mean ± standard deviation over seeds; layers are each layer's own
accuracy, mean over seeds. Seconds are medians over seeds: of all rounds, their measurements on
held-out samples included, and of backprop without any; the machine was shared, so they are upper
bounds. Where the read-out learns, *untrained* is the same read-out on the same layers before they
learned: what exceeds it is owed to learning. Backprop takes the recipe's step size, the first
layer's where layers differ, and was not tuned apart. A published figure is often of another
network; the recipe says which (`plurigrid-ff recipes show NAME`).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Take results in, and write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", nargs="*", type=Path, help="reproduce.json files to take in")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args(arguments)
    for path in asked.results:
        take_in(Reproduction.model_validate_json(path.read_text("utf-8")))
    page = render(shipped_recipes(), found_results())
    if asked.check:
        return 0 if PAGE.read_text("utf-8") == page else 1
    PAGE.write_text(page, "utf-8")
    return 0


def take_in(found: Reproduction) -> None:
    """Store a result, and write its figures into the recipe."""
    path = RESULTS / f"{found.recipe}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.model_dump_json(indent=2) + "\n", "utf-8")
    if found.changed:
        return
    recipe = RECIPES / f"{found.recipe}.toml"
    text = recipe.read_text("utf-8")
    text = re.sub(r"\[recipe\.reached\]\n(?:.+\n)*\n", "", text)
    table = f"[recipe.reached]\naccuracy = {found.reached.accuracy:.4f}\n"
    if found.reached.spread is not None:
        table += f"spread = {found.reached.spread:.4f}\n"
    table += f"seeds = {found.reached.seeds}\n"
    table += f'results = "{path.relative_to(ROOT).as_posix()}"\n\n'
    recipe.write_text(text.replace("[data]\n", table + "[data]\n", 1), "utf-8")


def found_results() -> dict[str, Reproduction]:
    """Read the stored results by recipe."""
    return {
        path.stem: Reproduction.model_validate_json(path.read_text("utf-8"))
        for path in sorted(RESULTS.glob("*.json"))
    }


def render(recipes: dict[str, Recipe], results: dict[str, Reproduction]) -> str:
    """Write the page."""
    parts = [INTRODUCTION]
    sources = sorted({recipe.run.data.source for recipe in recipes.values()})
    for source in sources:
        names = [name for name, recipe in recipes.items() if recipe.run.data.source == source]
        rows = [_row(results[name]) for name in names if name in results]
        if rows:
            parts.append(f"## {source}\n\n{HEADER}\n" + "\n".join(rows) + "\n")
        absent = [f"`{name}`" for name in names if name not in results]
        if absent:
            parts.append(f"Not run: {', '.join(absent)}.\n")
    logs = [_logged(path) for path in sorted(LOGS.glob("cifar10-*.log"))]
    if logs:
        parts.append(ON_GPU + "\n".join(logs) + "\n")
    parts.append("## Settings\n\n" + _settings(recipes, results) + "\n")
    parts.append("## What falls short\n\n" + _shortfalls(results) + "\n")
    return "\n".join(parts)


ON_GPU = """\
## On a GPU

Recipes above that were shortened, in full: what `plurigrid-ff reproduce NAME` printed on an NVIDIA
H100 with torch 2.11 ([results/gpu](results/gpu)), means where a run had several seeds. They, and
`cifar10-conv` above, ran beside one another, so seconds say nothing.

| recipe | seeds | test accuracy | backprop | untrained |
|---|---|---|---|---|
"""


def _logged(path: Path) -> str:
    """Write one line of the table from what the command printed, after each seed."""
    text = path.read_text("utf-8")
    found = re.findall(r"^test accuracy ([\d.]+)%, backprop ([\d.]+)%$", text, re.MULTILINE)
    floor = re.search(r"^ untrained layers +([\d.]+%)", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{path}: no seed came to its end")
    reached, rival = (statistics.mean(map(float, each)) for each in zip(*found, strict=True))
    told = f"**{reached:.2f}%** | {rival:.2f}% | {floor[1] if floor else ''}"
    return f"| `{path.stem}` | {len(found)} | {told} |"


HEADER = (
    "| recipe | seeds | test accuracy | lowest | layers | backprop | untrained | published | "
    "seconds, backprop's |\n|---|---|---|---|---|---|---|---|---|"
)


def _row(found: Reproduction) -> str:
    """Write one line of a table."""
    depth = len(found.runs[0].layers)
    layers = [statistics.mean(run.layers[index] for run in found.runs) for index in range(depth)]
    shown = [f"{100 * layer:.1f}" for layer in layers]
    if depth > 6:
        shown = [*shown[:3], "…", *shown[-3:]]
    seconds = statistics.median(run.seconds for run in found.runs)
    rival = statistics.median(run.rival_seconds for run in found.runs)
    cells = [
        f"`{found.recipe}`" + (", shortened" if found.changed else ""),
        str(found.reached.seeds),
        f"**{_figure(found.reached)}**",
        f"{found.reached.lowest:.2%}",
        " ".join(shown),
        _figure(found.rival),
        _figure(found.untrained) if found.untrained else "",
        f"{found.published.accuracy:.2%}" if found.published else "",
        f"{seconds:.0f}, {rival:.0f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _figure(figure: Figure) -> str:
    """Mean and standard deviation."""
    return f"{figure.accuracy:.2%}" + (f" ± {figure.spread:.2%}" if figure.spread else "")


def _settings(recipes: dict[str, Recipe], results: dict[str, Reproduction]) -> str:
    """Say of every result how it was made."""
    rows = [
        "| recipe | objective | layers | epochs | command | machine |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        run = recipes[name].run
        command = f"plurigrid-ff reproduce {name} --seeds {found.reached.seeds}"
        epochs = str(found.epochs)
        if found.changed:
            epochs += f" of {run.training.epochs}"
            command += f" --set training.epochs={found.epochs}"
        layers = ", ".join(_layer(layer) for layer in run.network.layers)
        if len(run.network.layers) > 6:
            layers = f"{len(run.network.layers)} layers, `recipes show {name}`"
        machine = f"{found.machine}, torch {found.versions['torch']}"
        cells = [f"`{name}`", run.network.objective, layers, epochs, f"`{command}`", machine]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _layer(layer: LayerConfig) -> str:
    """Name a layer shortly."""
    if isinstance(layer, ConvConfig):
        pool = f", pool {layer.pool}" if layer.pool > 1 else ""
        return f"{layer.kind} {layer.features} ({layer.kernel}{pool})"
    return str(layer.features) if isinstance(layer, LinearConfig) else "block"


def _shortfalls(results: dict[str, Reproduction]) -> str:
    """List what is below its source, below backprop by a point, or no better than untrained."""
    lines = []
    for name, found in results.items():
        reached = found.reached.accuracy
        if found.changed:
            lines.append(
                f"- `{name}` was run with other settings than its own "
                f"({', '.join(found.changed)}): its figures are of a shortened run, a start."
            )
        elif found.published and reached < found.published.accuracy:
            lines.append(
                f"- `{name}`: {100 * (found.published.accuracy - reached):.2f} points below the "
                f"published figure ({found.published.on})."
            )
        if not found.changed and reached < found.rival.accuracy - POINT:
            lines.append(
                f"- `{name}`: {100 * (found.rival.accuracy - reached):.2f} points below backprop."
            )
        if found.untrained and reached < found.untrained.accuracy + POINT / 2:
            lines.append(
                f"- `{name}`: {100 * (reached - found.untrained.accuracy):+.2f} points beside "
                "untrained layers under the same read-out; the read-out does the work."
            )
    return "\n".join(lines) or "Nothing."


if __name__ == "__main__":
    sys.exit(main())
