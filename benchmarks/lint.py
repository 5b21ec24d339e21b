"""How long `triads lint` takes for 500 cards, and whether it finds what was planted in them.

Writes cards in the formats that public collections use, with a known number of faults of each
kind, and lints them. The rival is what no lint can beat: reading the same files and looking for
the word `trit` in every line. CPU time, which other work on the machine hardly lengthens.
For example:

    python benchmarks/lint.py --cards 500 --seeds 0 1 2 --out benchmarks/results/lint.json
"""

import argparse
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plurigrid_ff.cards.lint import lint
from plurigrid_ff.cards.results import LintReport
from plurigrid_ff.files import write_text
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.provenance import installed_versions

WORDS = {-1: "MINUS - validator", 0: "ERGODIC - coordinator", 1: "PLUS - generator"}
PROSE = "Agents read this line and learn nothing about (trits) or balance from it, only its length."
SHARES = {"contradiction": 0.15, "unbalanced": 0.01, "absent": 0.05, "frontmatter": 0.05}
TRIADS_PER_CARD = 3
LINES_PER_CARD = 300


def write_cards(folder: Path, cards: int, seed: int) -> dict[str, int]:
    """Write cards, and return how many faults of each kind they hold."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    by_trit = {trit: [f"skill-{i}" for i in range(cards) if i % 3 - 1 == trit] for trit in WORDS}
    planted = {kind: round(share * cards) for kind, share in SHARES.items()}
    chosen = {kind: set(draw.sample(range(cards), count)) for kind, count in planted.items()}
    for place in range(cards):
        name, trit = f"skill-{place}", place % 3 - 1
        triads = [
            [(draw.choice(by_trit[t]), t) for t in draw.sample([-1, 0, 1], 3)]
            for _ in range(TRIADS_PER_CARD)
        ]
        if place in chosen["unbalanced"]:
            triads.append([(other, 1) for other in draw.sample(by_trit[1], 2)])
            triads[-1].append((draw.choice(by_trit[0]), 0))
        if place in chosen["absent"]:
            triads[0][[t for _, t in triads[0]].index(0)] = (f"absent-{place}", 0)
        own = [trit, (trit + 2) % 3 - 1] if place in chosen["contradiction"] else [trit, trit]
        lines = ["---", f"name: {name}", "description: A card for timing.", "---", f"# {name}", ""]
        if place in chosen["frontmatter"]:
            lines.remove("---")
        lines += [f"**Trit**: {format_trit(own[0])} ({WORDS[own[0]]})", ""]
        lines += [PROSE] * LINES_PER_CARD
        minus = draw.choice("-\u2212")
        for triad in triads:
            terms = (f"{other} ({format_trit(t).replace('-', minus)})" for other, t in triad)
            lines.append(" ⊗ ".join(terms) + " = 0 ✓")
        lines += ["", "```", f"Trit: {own[1]}", "```"]
        write_text(folder / name / "SKILL.md", "\n".join(lines) + "\n")
    return planted


def read_only(folder: Path) -> int:
    """Read every card and count the lines that hold the word, as `grep` would."""
    return sum(
        "trit" in line.lower()
        for path in folder.rglob("SKILL.md")
        for line in path.read_text("utf-8").split("\n")
    )


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work returns, and its CPU seconds."""
    started = time.process_time()
    result = work()
    return result, round(time.process_time() - started, 3)


def one_seed(cards: int, seed: int) -> dict[str, Any]:
    """Write cards, lint them, read them only, and compare findings with what was planted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = write_cards(folder, cards, seed)
        size = sum(path.stat().st_size for path in folder.rglob("SKILL.md"))
        _, reading = timed(lambda: read_only(folder))
        report: LintReport
        report, seconds = timed(lambda: lint(folder, Registry()))
    return {
        "seed": seed,
        "megabytes": round(size / 1e6, 1),
        "claims": report.claims,
        "triad_lines": report.triad_lines,
        "lint_cpu_s": seconds,
        "read_only_cpu_s": reading,
        "planted": planted,
        "found": {kind: report.counts.get(kind, 0) for kind in planted},
        "found_otherwise": {k: v for k, v in report.counts.items() if k not in planted},
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cards", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    runs = [one_seed(options.cards, seed) for seed in options.seeds]
    seconds = [run["lint_cpu_s"] for run in runs]
    seeds = " ".join(map(str, options.seeds))
    found = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": [round(value, 1) for value in os.getloadavg()],
        "versions": installed_versions(),
        "command": f"python benchmarks/lint.py --cards {options.cards} --seeds {seeds}",
        "cards": options.cards,
        "lint_cpu_s": {
            "median": round(statistics.median(seconds), 3),
            "least": min(seconds),
            "most": max(seconds),
        },
        "seeds": runs,
    }
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        write_text(options.out, text + "\n")


if __name__ == "__main__":
    main()
