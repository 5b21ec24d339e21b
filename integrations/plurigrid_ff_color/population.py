"""Fit a population prior: the directions in which the tastes of a population differ."""

from collections.abc import Sequence

import numpy as np

from plurigrid_ff_color.features import PopulationPrior, basis
from plurigrid_ff_color.synthetic import KINDS, make_user

ANSWERS = 400
RIDGE = 3.0
FEATURES = 16
LENGTH = 2.0  # root mean square of a colour's features
DIGITS = 5


def fit_prior(
    seed: int, users: int, *, command: str, kinds: Sequence[str] = KINDS
) -> PopulationPrior:
    """Fit a prior to synthetic users.

    Each user's likes are regressed on the basis; the principal directions of what was found
    become features, scaled by how much users differ in them.

    Args:
        seed: Of the users and of the colours they rate.
        users: How many, of each kind in turn.
        command: Noted in the result: what a reader can run to get the same numbers.
        kinds: The kinds of users.
    """
    rng = np.random.default_rng([seed, 77])
    found = []
    for number in range(users):
        user = make_user(kinds[number % len(kinds)], rng)
        rgb = rng.uniform(size=(ANSWERS, 3))
        target = np.where(user.likes(rgb), 1.0, -1.0)
        x = with_one(basis(rgb))
        ridge = RIDGE * np.eye(x.shape[1])
        found.append(np.linalg.solve(x.T @ x + ridge, x.T @ (target - target.mean())))
    tastes = np.array(found)[:, :-1]  # a constant parts no two colours
    x = basis(np.random.default_rng([seed, 5]).uniform(size=(1000, 3)))
    rated = tastes @ x.T
    rated -= rated.mean(axis=1, keepdims=True)
    left, _, _ = np.linalg.svd(rated, full_matrices=False)
    # Over colours, the i-th direction is rated.T @ left_i: as long as users differ in it.
    matrix = tastes.T @ left[:, :FEATURES]
    middle = (x @ matrix).mean(axis=0)
    scale = LENGTH / np.sqrt((((x @ matrix) - middle) ** 2).sum(axis=1).mean())
    return PopulationPrior(
        population=f"{users} synthetic users of the kinds {', '.join(kinds)}; no people",
        command=command,
        matrix=tuple(map(tuple, (matrix * scale).round(DIGITS).tolist())),
        middle=tuple((middle * scale).round(DIGITS).tolist()),
    )


def with_one(
    x: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Append a column of ones."""
    return np.column_stack([x, np.ones(len(x))])
