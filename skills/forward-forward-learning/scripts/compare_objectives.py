#!/usr/bin/env python3
"""Train every local objective on the same data and seeds, and compare.

Prints one JSON document on stdout and progress on stderr; asks nothing. Accuracies are of test
samples: compare by them, but choose settings by runs on other splits. Exit status: 0 all runs
finished, 1 one or more did not.

    python compare_objectives.py --data digits --seeds 3 --epochs 10 --out runs/compared
"""

import argparse
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys


def main():
    """Run objective after objective, seed after seed."""
    arguments = parse()
    program = find_command()
    names = arguments.objectives.split(",") if arguments.objectives else list_names(program)
    results = [compare(program, name, arguments) for name in names]
    results.sort(key=lambda result: -result.get("mean", -1.0))
    print(json.dumps({"data": arguments.data, "results": results}, indent=2))
    return 1 if any("errors" in result for result in results) else 0


def parse():
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits", help="see plurigrid-ff train --help")
    parser.add_argument("--label-column", help="CSV column that holds the labels")
    parser.add_argument("--objectives", help="some of them, with commas between; all by default")
    parser.add_argument("--hidden", default="200,200", help="widths (%(default)s)")
    parser.add_argument("--epochs", default="10", help="passes over the samples (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each (%(default)s)")
    parser.add_argument("--out", required=True, help="folder for the run folders")
    parser.add_argument("--overwrite", action="store_true", help="replace finished runs")
    return parser.parse_args()


def find_command():
    """Find the installed command line, or say that there is none."""
    found = shutil.which("plurigrid-ff")
    if found:
        return [found]
    if importlib.util.find_spec("plurigrid_ff"):
        return [sys.executable, "-m", "plurigrid_ff"]
    advice = "ask the user, then install it from a clone: python -m pip install CLONE"
    print(json.dumps({"error": "plurigrid-ff is not installed here; " + advice}))
    sys.exit(1)


def list_names(program):
    """Ask for the objectives of this installation."""
    done = subprocess.run([*program, "objectives", "--json"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return [card["name"] for card in json.loads(done.stdout) if not card["error"]]


def compare(program, name, arguments):
    """Train one objective with every seed."""
    accuracies, errors, seconds = [], [], []
    # self-contrastive reads no label, so nothing but a probe can name classes.
    readout = "probe" if name == "self-contrastive" else "goodness"
    for seed in range(arguments.seeds):
        out = "{}/{}-{}".format(arguments.out, name, seed)
        command = [*program, "train", "--json", "--objective", name, "--readout", readout]
        command += ["--data", arguments.data, "--hidden", arguments.hidden, "--seed", str(seed)]
        command += ["--epochs", arguments.epochs, "--out", out]
        if arguments.label_column:
            command += ["--label-column", arguments.label_column]
        if arguments.overwrite:
            command.append("--overwrite")
        print("running: " + " ".join(command), file=sys.stderr)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            errors.append("seed {}: exit status {}".format(seed, done.returncode))
            continue
        report = json.loads(done.stdout)
        accuracies.append(report["test_accuracy"])
        seconds.append(report["seconds"])
    result = {"objective": name, "readout": readout, "test_accuracies": accuracies}
    if accuracies:
        result["mean"] = statistics.mean(accuracies)
        result["spread"] = statistics.stdev(accuracies) if len(accuracies) > 1 else None
        result["median_seconds"] = statistics.median(seconds)
    if errors:
        result["errors"] = errors
    return result


if __name__ == "__main__":
    sys.exit(main())
