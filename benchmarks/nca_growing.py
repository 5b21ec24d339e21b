"""Growing and regrowing images: a goodness difference beside backprop, with the same aids.

All learners have the same perception (Laplacian too), position code, clamp, pool, damage, width,
mean of the weights and process time. Backprop learns from one step, with the same aim and loss, or
through a whole rollout, from the square: aims start at nothing, where nothing lives and nothing
can be learned through time. Errors are mean squares over red, green, blue and alpha at 64, 96 and
300 steps, and 64 steps after half was erased.
Every run is written as soon as it is done, and a second call of the same command does only
what is missing. Example:

    python benchmarks/nca_growing.py --seeds 5 --out benchmarks/results/nca_growing.json
"""

import argparse
import json
import math
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from plurigrid_ff_nca.films import film, write_film
from plurigrid_ff_nca.growing.config import GrowConfig, Learner
from plurigrid_ff_nca.growing.target import premultiplied
from plurigrid_ff_nca.growing.training import Grower

from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

LEARNERS: tuple[Learner, ...] = (
    "goodness-difference",
    "one-step-backprop",
    "backprop-through-time",
)
DRAWN = 8  # images are drawn so many times larger, then made smaller
Pixels = NDArray[np.uint8]


def drawing(size: int) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
    """Return an empty image, its pen, and the length of a fortieth of it."""
    image = Image.new("RGBA", (size * DRAWN, size * DRAWN))
    return image, ImageDraw.Draw(image), size * DRAWN / 40


def face(size: int) -> Image.Image:
    """Draw a smiling face."""
    image, pen, u = drawing(size)
    dark, cheek = (70, 40, 20, 255), (255, 130, 90, 255)
    pen.ellipse([4 * u, 4 * u, 36 * u, 36 * u], fill=(180, 120, 0, 255))
    pen.ellipse([5 * u, 5 * u, 35 * u, 35 * u], fill=(255, 204, 50, 255))
    for left in (12, 23):
        pen.ellipse([left * u, 12 * u, (left + 5) * u, 19 * u], fill=dark)
    pen.chord([11 * u, 17 * u, 29 * u, 32 * u], 15, 165, fill=(150, 30, 40, 255))
    for left in (6, 29):
        pen.ellipse([left * u, 20 * u, (left + 5) * u, 25 * u], fill=cheek)
    return image


def flower(size: int) -> Image.Image:
    """Draw a flower of six petals on a stem."""
    image, pen, u = drawing(size)
    pen.rectangle([19 * u, 22 * u, 21 * u, 37 * u], fill=(40, 140, 60, 255))
    pen.ellipse([21 * u, 28 * u, 29 * u, 33 * u], fill=(60, 170, 80, 255))
    for petal in range(6):
        x = 20 + 7 * math.cos(petal * math.pi / 3)
        y = 14 + 7 * math.sin(petal * math.pi / 3)
        colour = (220, 60, 140, 255) if petal % 2 else (240, 120, 180, 255)
        pen.ellipse([(x - 5) * u, (y - 5) * u, (x + 5) * u, (y + 5) * u], fill=colour)
    pen.ellipse([16 * u, 10 * u, 24 * u, 18 * u], fill=(250, 200, 40, 255))
    return image


def fish(size: int) -> Image.Image:
    """Draw a striped fish."""
    image, pen, u = drawing(size)
    pen.polygon([(27 * u, 20 * u), (37 * u, 11 * u), (37 * u, 29 * u)], fill=(230, 90, 20, 255))
    pen.ellipse([4 * u, 10 * u, 31 * u, 30 * u], fill=(255, 140, 30, 255))
    for left in (13, 21):
        pen.rectangle([left * u, 11 * u, (left + 3) * u, 29 * u], fill=(250, 250, 250, 255))
    pen.ellipse([7 * u, 15 * u, 11 * u, 19 * u], fill=(20, 20, 40, 255))
    return image


def ring(size: int) -> Image.Image:
    """Draw a ring whose hue turns, with a hole that must stay empty."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius, angle = np.hypot(x, y) / size, np.arctan2(y, x)
    pixels = np.zeros((size, size, 4))
    for channel in range(3):
        pixels[..., channel] = 127.5 + 120 * np.cos(angle - channel * 2 * math.pi / 3)
    pixels[..., 3] = 255 * np.clip((0.13 - np.abs(radius - 0.3)) * 0.5 * size, 0, 1)
    return Image.fromarray(pixels.round().astype(np.uint8))


IMAGES = {"face": face, "flower": flower, "fish": fish, "ring": ring}


def draw(name: str, size: int) -> Pixels:
    """Return an image as bytes, ``(size, size, 4)``."""
    drawn = IMAGES[name](size).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(drawn)


def run(name: str, learner: Learner, seed: int, seconds: float, size: int) -> Grower:
    """Train one automaton for so much process time."""
    # More rollouts than any learner does in the time: the time ends the training.
    config = GrowConfig(learner=learner, seed=seed, size=size, rollouts=1_000_000)
    if learner == "backprop-through-time":
        config = config.model_copy(update={"learning_rate": 0.002})  # of .005, .002: steadier
    grower = Grower(premultiplied(draw(name, size), where=name), config)
    grower.train(seconds=seconds)
    return grower


def show(report: dict[str, Any]) -> None:
    """Print mean, spread and worst of every learner over what was run so far."""
    for learner in LEARNERS:
        runs = [entry for entry in report["runs"] if entry["learner"] == learner]
        for key in ("steps_96", "steps_300", "regrown"):
            errors = [entry["scores"][key] for entry in runs]
            if errors:
                spread = statistics.stdev(errors) if len(errors) > 1 else 0.0
                mean, worst = statistics.mean(errors), max(errors)
                print(f"{learner:24} {key:10} {mean:.4f} +- {spread:.4f}, worst {worst:.4f}")


def main() -> None:
    """Do the runs that are missing, and write each as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=100.0, help="process time per run")
    parser.add_argument("--size", type=int, default=40)
    parser.add_argument("--images", default=",".join(IMAGES))
    parser.add_argument("--learners", default=",".join(LEARNERS))
    parser.add_argument("--films", type=Path, help="folder for a film of every run")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    report: dict[str, Any] = {"runs": []}
    if arguments.out.exists():
        report = json.loads(arguments.out.read_text("utf-8"))
    report["command"] = " ".join(["python benchmarks/nca_growing.py", *sys.argv[1:]])
    report["machine"] = f"{platform.machine()}, {platform.system()}, one thread"
    report["versions"] = installed_versions()
    keys = ("image", "learner", "seed", "seconds", "size")
    done = {tuple(entry[key] for key in keys) for entry in report["runs"]}
    for seed in range(arguments.seeds):
        for name in arguments.images.split(","):
            for learner in arguments.learners.split(","):
                key = (name, learner, seed, arguments.seconds, arguments.size)
                if key in done:
                    continue
                grower = run(name, learner, seed, arguments.seconds, arguments.size)
                scores = grower.automaton.score().model_dump(mode="json")
                entry = dict(zip(keys, key, strict=True))
                report["runs"].append({**entry, "rollouts": grower.rollouts, "scores": scores})
                write_text(arguments.out, json.dumps(report, indent=2) + "\n")
                print(f"{name:8} {learner:24} seed {seed}: {scores}", flush=True)
                if arguments.films:
                    frames = film(grower.automaton, steps=250, erase_at=150)
                    write_film(arguments.films / f"{name}-{learner}-{seed}.gif", frames)
    show(report)


if __name__ == "__main__":
    main()
