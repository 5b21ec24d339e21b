"""How well is a user's taste known after 10, 30 and 100 answers, beside four rivals?

python benchmarks/color_preference.py --seeds 5 --out benchmarks/results/color_preference.json

Three synthetic users of each of six kinds per seed; 5 % of the answers are flipped. Area under the
ROC curve on 1,000 colours, whose labels are not flipped. All learners get the same answers: about
random colours, or about those that the learner asks for. Rivals have no prior; one of the learner's
priors was fitted without the kind of the user.
"""

import json
import os
import platform
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click
import numpy as np
from plurigrid_ff_color.features import Features, load_features
from plurigrid_ff_color.population import fit_prior
from plurigrid_ff_color.preference import PreferenceModel
from plurigrid_ff_color.synthetic import KINDS, SyntheticUser, make_user
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from plurigrid_ff.colors.gamut import hex_of, srgb_of
from plurigrid_ff.colors.messages import ColorAnswer, ColorProfile
from plurigrid_ff.colors.spaces import Array, oklab_from_srgb
from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

USERS_PER_KIND = 3
COUNTS = (10, 30, 100)
FLIPPED = 0.05
TEST_COLORS = 1000
PRIOR_USERS = 360  # as many as the shipped prior


def rivals(seed: int) -> dict[str, tuple[Callable[[Array], Array], Any]]:
    """Name each rival, what it reads of sRGB, and the estimator."""
    kernel = ConstantKernel(4.0) * RBF(1.5)
    return {
        "logistic regression, RGB": (np.asarray, LogisticRegression()),
        "RBF-SVM, OkLab": (oklab_from_srgb, make_pipeline(StandardScaler(), SVC(C=3.0))),
        "Gaussian process, OkLab": (
            oklab_from_srgb,
            make_pipeline(StandardScaler(), GaussianProcessClassifier(kernel, random_state=seed)),
        ),
        "backprop MLP, OkLab": (
            oklab_from_srgb,
            make_pipeline(
                StandardScaler(),
                MLPClassifier((32,), solver="lbfgs", alpha=0.1, max_iter=500, random_state=seed),
            ),
        ),
    }


def rate_with(reads: Callable[[Array], Array], rival: Any, x: Array, y: Any, test: Array) -> Array:
    """Fit a rival and rate the test colours; all alike while it has seen one kind of answer."""
    if len(set(y.tolist())) < 2:
        return np.zeros(len(test))
    rival.fit(reads(x), y)
    if hasattr(rival, "decision_function"):
        return np.asarray(rival.decision_function(reads(test)))
    return np.asarray(rival.predict_proba(reads(test))[:, 1])


class Trial:
    """One user, the noise of the answers, and the colours to be told apart in the end."""

    def __init__(self, user: SyntheticUser, seed: tuple[int, ...]) -> None:
        self.user, self.seed = user, seed
        rng = np.random.default_rng(seed)
        self.random = srgb_of([hex_of(c) for c in rng.uniform(size=(COUNTS[-1], 3))])
        self.flips = rng.uniform(size=COUNTS[-1]) < FLIPPED
        self.test = rng.uniform(size=(TEST_COLORS, 3))
        self.truth = user.likes(self.test)

    def answer(self, number: int, color: str) -> ColorAnswer:
        """Return what the user says of a colour, flipped now and then."""
        liked = bool(self.user.likes(srgb_of([color]))[0]) != bool(self.flips[number])
        return ColorAnswer(verdict="like" if liked else "dislike", color=color)

    def ask(self, features: Features) -> Array:
        """Return the colours that a learner asks about; what is answered does not change them."""
        model = PreferenceModel(ColorProfile(seed=self.seed[0]), features=features)
        for number in range(COUNTS[-1]):
            model.answer(self.answer(number, model.next_color()))
        return srgb_of([answer.color for answer in model.profile.answers])

    def learn(self, features: Features, colors: Array) -> tuple[dict[int, float], float]:
        """Answer about the colours; return the area under the curve by count, and CPU seconds."""
        model = PreferenceModel(ColorProfile(seed=self.seed[0]), features=features)
        reached, seconds = {}, 0.0
        for number, color in enumerate(colors):
            answer = self.answer(number, hex_of(color))
            started = time.process_time()
            model.answer(answer)
            seconds += time.process_time() - started
            if number + 1 in COUNTS:
                scores = model.scores(self.test).mean(axis=0)
                reached[number + 1] = float(roc_auc_score(self.truth, scores))
        return reached, seconds / len(colors)

    def rate_rivals(self, colors: Array) -> dict[str, dict[int, float]]:
        """Return what the rivals reach on the answers about the same colours."""
        y = self.user.likes(colors) != self.flips
        return {
            name: {
                n: float(
                    roc_auc_score(self.truth, rate_with(reads, rival, colors[:n], y[:n], self.test))
                )
                for n in COUNTS
            }
            for name, (reads, rival) in rivals(self.seed[0]).items()
        }


def without_kind(kind: str) -> Features:
    """Fit the prior to users of all kinds but one."""
    kinds = [other for other in KINDS if other != kind]
    return Features(fit_prior(0, PRIOR_USERS, command="", kinds=kinds))


def run_seed(
    seed: int,
) -> tuple[dict[tuple[str, str, int], list[float]], list[float]]:
    """Return areas by answers, learner and count, one per user, and seconds per answer."""
    areas: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    spent = []
    warnings.simplefilter("ignore", ConvergenceWarning)
    plain, prior = load_features("none"), load_features("synthetic")
    others = {kind: without_kind(kind) for kind in KINDS}

    def note(answers: str, learner: str, reached: dict[int, float]) -> None:
        for count, area in reached.items():
            areas[answers, learner, count].append(area)

    for place, kind in enumerate(KINDS):
        for number in range(USERS_PER_KIND):
            key = (seed, place, number)
            trial = Trial(make_user(kind, np.random.default_rng([*key, 1])), key)
            learners = {
                "forward-forward": plain,
                "forward-forward, prior": prior,
                "forward-forward, prior of other kinds": others[kind],
            }
            chosen = trial.ask(prior)
            for said, colors in (("random", trial.random), ("chosen", chosen)):
                for name, features in learners.items():
                    reached, seconds = trial.learn(features, colors)
                    note(said, name, reached)
                    spent.append(seconds)
                for name, reached in trial.rate_rivals(colors).items():
                    note(said, name, reached)
    return areas, spent


@click.command()
@click.option("--seeds", default=5, show_default=True, help="Seeds 0, 1, ...")
@click.option("--workers", default=1, show_default=True, help="Seeds that run at the same time.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path))
def main(seeds: int, workers: int, out: Path | None) -> None:
    """Run all seeds, print a table, write JSON."""
    by_seed: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    spent: list[float] = []
    with ProcessPoolExecutor(workers) as pool:
        for seed, (areas, seconds) in enumerate(pool.map(run_seed, range(seeds))):
            spent += seconds
            for key, values in areas.items():
                by_seed[key].append(float(np.mean(values)))
            print(f"seed {seed} done", flush=True)
    rows = [
        {
            "answers": said,
            "learner": learner,
            "count": count,
            "auc": round(float(np.mean(values)), 4),
            "sd_over_seeds": round(float(np.std(values, ddof=1)), 4) if seeds > 1 else None,
            "by_seed": [round(value, 4) for value in values],
        }
        for (said, learner, count), values in by_seed.items()
    ]
    for row in rows:
        print(f"{row['answers']:30} {row['learner']:40} {row['count']:4} {row['auc']:.3f}")
    update_ms = 1e3 * float(np.mean(spent))
    print(f"one answer: {update_ms:.2f} ms of CPU, mean; {1e3 * max(spent):.2f} slowest user")
    result = {
        "command": f"python benchmarks/color_preference.py --seeds {seeds}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "versions": installed_versions(),
        "seeds": list(range(seeds)),
        "users": f"synthetic, {USERS_PER_KIND} per kind and seed: {', '.join(KINDS)}; no people",
        "flipped_answers": FLIPPED,
        "update_cpu_ms": round(update_ms, 3),
        "update_cpu_ms_slowest_user": round(1e3 * max(spent), 3),
        "auc": rows,
    }
    if out:
        write_text(out, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
