"""The two eigenvalues of a sheaf Laplacian that decide how fast agreement comes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.sections import OrbitMeans
from plurigrid_ff.sheaves.sheaf import CellularSheaf

MOST_DENSE = 1500
"""Numbers per cochain up to which all eigenvalues are computed: a few seconds."""
BASIS = 40
"""Lanczos vectors of an estimate; 20 missed an eigenvalue that had a close neighbour."""
ZERO = 1e-10
"""Eigenvalues below this share of the largest count as 0."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Smallest eigenvalue above zero and largest eigenvalue of ``L = d0^T d0``.

    Attributes:
        gap: Smallest eigenvalue above zero; 0 where all are zero.
        largest: Largest eigenvalue.
        exact: Whether they come from a full decomposition; an estimated gap is too large
            rather than too small.
    """

    gap: float
    largest: float
    exact: bool

    @property
    def step(self) -> float:
        """Step of fastest diffusion, ``2 / (gap + largest)``."""
        return 2 / (self.gap + self.largest) if self.largest else 1.0

    @property
    def rate(self) -> float:
        """What is left of the disagreement after one such step: ``(k - 1) / (k + 1)``."""
        return self.rate_at(self.step)

    def rate_at(self, step: float) -> float:
        """What is left of the disagreement after one step of this size, at worst."""
        if not self.largest:
            return 0.0
        return max(abs(1 - step * self.gap), abs(1 - step * self.largest))

    def require_converging(self, step: float) -> None:
        """Refuse a step at which diffusion does not come to rest.

        Raises:
            SheafError: It is not between 0 and ``2 / largest``.
        """
        bound = 2 / self.largest if self.largest else float("inf")
        if not 0 < step < bound * (1 - 1e-9):
            raise SheafError(
                f"diffusion with step {step:g} diverges: the step must lie between 0 and 2 / "
                f"lambda_max = {bound:.4g}; the fastest is {self.step:.4g} ('optimal')"
            )


def spectrum(sheaf: CellularSheaf) -> Spectrum:
    """Return the ends of the spectrum above zero: exact where small, estimated elsewhere.

    Large sheaves of permutations are estimated by Lanczos iteration on the complement of
    their sections, which are known without solving anything.

    Raises:
        SheafError: Too large, and the sections are not known.
    """
    size = sheaf.laplacian.shape[0]
    if not sheaf.laplacian.nnz:
        return Spectrum(0.0, 0.0, True)
    if size <= MOST_DENSE:
        values = np.linalg.eigvalsh(sheaf.laplacian.toarray())
        above = values[values > ZERO * values[-1]]
        return Spectrum(float(above[0]), float(above[-1]), True)
    if not sheaf.is_permutation:
        raise SheafError(
            f"the spectral gap needs all eigenvalues of {size} numbers where the sections are not "
            f"known, at most {MOST_DENSE}; write the maps as permutations, or set the step "
            "yourself and read the measured rate"
        )
    return _estimate(sheaf, size)


def _estimate(sheaf: CellularSheaf, size: int) -> Spectrum:
    """Iterate from a fixed vector: the same sheaf gives the same estimate."""
    start = np.cos(np.arange(size, dtype=np.float64))
    laplacian, means = sheaf.laplacian, OrbitMeans(sheaf)
    largest = _top(LinearOperator((size, size), matvec=lambda x: laplacian @ x), start)

    def deflated(x: NDArray[np.float64]) -> NDArray[np.float64]:
        x = x.ravel() - means(x.ravel())
        return np.asarray(largest * x - laplacian @ x)

    below = _top(LinearOperator((size, size), matvec=deflated), start - means(start))
    return Spectrum(largest - below, largest, False)


def _top(operator: LinearOperator, start: NDArray[np.float64]) -> float:
    """Return the largest eigenvalue, to three digits or as far as some 200 products come."""
    try:
        values = eigsh(
            operator,
            k=1,
            which="LA",
            v0=start,
            ncv=min(len(start), BASIS),
            tol=1e-4,
            maxiter=20,
            return_eigenvectors=False,
        )
        return float(values[0])
    except ArpackNoConvergence:
        pass
    x = start / np.linalg.norm(start)
    for _ in range(200):
        x = operator @ x
        x /= np.linalg.norm(x)
    return float(x @ (operator @ x))
