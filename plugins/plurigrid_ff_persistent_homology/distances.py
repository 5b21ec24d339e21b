"""How far two layers' persistence diagrams are apart, as results say it."""

from pydantic import Field

from plurigrid_ff.settings import Result
from plurigrid_ff_persistent_homology.diagrams import Diagrams, distances_of


class DiagramDistance(Result):
    """How far two layers' persistence diagrams are apart. Activities have unit length."""

    first: str
    second: str
    bottleneck_h0: float
    wasserstein_h0: float
    bottleneck_h1: float
    wasserstein_h1: float
    uncertainty_h1: float = Field(
        description="What bottleneck_h1 may be off by, as H1 is computed on landmarks: twice "
        "the sum of both covering radii."
    )


def measure(first: str, a: Diagrams, second: str, b: Diagrams) -> DiagramDistance:
    """Measure two layers' diagrams against each other."""
    h0, h1 = distances_of(a.h0, b.h0), distances_of(a.h1, b.h1)
    return DiagramDistance(
        first=first,
        second=second,
        bottleneck_h0=h0.bottleneck,
        wasserstein_h0=h0.wasserstein,
        bottleneck_h1=h1.bottleneck,
        wasserstein_h1=h1.wasserstein,
        uncertainty_h1=2 * (a.radius + b.radius),
    )
