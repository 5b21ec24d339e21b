#!/usr/bin/env python3
"""Train with plurigrid-ff and sum up the report.

Prints one JSON document on stdout and progress on stderr; asks nothing. Exit status is that of
plurigrid-ff: 0 done, 1 something to put right, 2 bad usage, 3 the validator did not pass the run.

    python train_and_report.py --data digits --epochs 20 --out runs/first
    python train_and_report.py --data my.csv --label-column species --out runs/mine
"""

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys

TRIAD = "persistent-homology-open-games-forward-forward"
PASSED_ON = ["data", "label_column", "hidden", "objective", "negatives", "readout", "epochs"]
PASSED_ON += ["batch_size", "learning_rate", "seed", "device", "out"]


def main():
    """Train, and print what came of it."""
    arguments = parse()
    command = [*find_command(), "train", "--json"]
    if not arguments.no_triad:
        command += ["--triad", arguments.triad]
    for name in PASSED_ON:
        value = getattr(arguments, name)
        if value is not None:
            command += ["--" + name.replace("_", "-"), value]
    for assignment in arguments.set:
        command += ["--set", assignment]
    if arguments.overwrite:
        command.append("--overwrite")
    print("running: " + " ".join(command), file=sys.stderr)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    summary = {"command": command, "exit_status": done.returncode, "run_folder": arguments.out}
    summary.update(sum_up(done.stdout, arguments.out))
    print(json.dumps(summary, indent=2))
    return done.returncode


def parse():
    """Read the options; all of them go to plurigrid-ff as they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--triad", default=TRIAD, help="a triad's name or file (%(default)s)")
    parser.add_argument("--no-triad", action="store_true", help="train without a validator")
    for name in PASSED_ON[:-1]:
        parser.add_argument("--" + name.replace("_", "-"), help="see plurigrid-ff train --help")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", default="runs/latest", help="the run folder (%(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace a finished run")
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


def sum_up(printed, out):
    """Keep what a person would read first."""
    try:
        report = json.loads(printed)
    except ValueError:
        return {"error": "plurigrid-ff printed no report; its message is on stderr"}
    if "error" in report:
        return {"error": report["error"]["message"]}
    classes = len(report["class_names"])
    layers = [
        {
            "layer": layer["index"] + 1,
            "units": layer["out_features"],
            "accuracy": layer["accuracy"],
            "separation": layer["separation"],
            "updates": layer["updates"],
            "dead_units": layer["dead_units"],
        }
        for layer in report["layers"]
    ]
    verdict = report["verdict"]
    if verdict is not None:
        verdict = {key: verdict[key] for key in ("outcome", "measure", "limit", "reason")}
    return {
        "test_accuracy": report["test_accuracy"],
        "chance": 1 / classes,
        "test_samples": sum(map(sum, report["confusion"])),
        "layers": layers,
        "verdict": verdict,
        "seed": report["seed"],
        "seconds": report["seconds"],
        "warnings": warnings(report["test_accuracy"], 1 / classes, layers, verdict),
        "page_for_people": out + "/report.html",
    }


def warnings(accuracy, chance, layers, verdict):
    """Say what a reader should not overlook."""
    found = ["one seed: repeat with others before you claim anything"]
    if accuracy is not None and accuracy < 2 * chance:
        found.append("accuracy is less than twice chance: look at the labels and the epochs")
    for layer in layers:
        name = "layer {}".format(layer["layer"])
        if not layer["updates"]:
            found.append(name + " never trained: the coordinator let it sit out")
        if layer["dead_units"] > layer["units"] / 4:
            found.append(name + ": a quarter of its units are dead; lower --learning-rate")
        if layer["separation"] <= 0:
            found.append(name + ": wrong labels score as well as true ones")
    if verdict is None:
        found.append("no validator judged this run")
    elif verdict["outcome"] != "passed":
        found.append("the validator did not pass this run: report its reason, do not hide it")
    return found


if __name__ == "__main__":
    sys.exit(main())
