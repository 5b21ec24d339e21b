"""The topology of two runs' layers, side by side on the same samples."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from plurigrid_ff.errors import DataError
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.observation import Observation, observe
from plurigrid_ff.settings import Result
from plurigrid_ff_persistent_homology.diagrams import Diagrams, activity_diagrams
from plurigrid_ff_persistent_homology.distances import DiagramDistance, measure
from plurigrid_ff_persistent_homology.reading import HeldOut, read_held_out

if TYPE_CHECKING:
    from plurigrid_ff.host.plugins import Host


class TopologyComparison(Result):
    """Two runs compared, layer by layer."""

    run_a: str
    run_b: str
    data: str = Field(description="Data set of run A; both networks saw its held-out samples.")
    samples: int
    landmarks: int
    layers: tuple[DiagramDistance, ...] = Field(description="Layer i of A against layer i of B.")
    steps: tuple[DiagramDistance, ...] = Field(
        description="Within each run: what each layer makes of the one below it."
    )


def compare_runs(
    run_a: Path | str,
    run_b: Path | str,
    *,
    layer: int | None = None,
    most_samples: int = 500,
    landmarks: int = 128,
    seed: int = 0,
    host: "Host | None" = None,
) -> TopologyComparison:
    """Compare the layers of two runs on the held-out samples of the first.

    Args:
        run_a: A run folder.
        run_b: Another; its network must read samples of the same shape.
        layer: Only this layer, counted from 1; None: every layer that both have.
        most_samples: Samples looked at, at most.
        landmarks: Points that H1 is computed on, at most.
        seed: Which samples are taken.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        PlurigridError: A run cannot be read, the shapes differ, or there is no such layer.
    """
    host = host or load_host()
    a, b = (
        read_held_out(folder, most=most_samples, seed=seed, host=host) for folder in (run_a, run_b)
    )
    _require_comparable(a, b, layer)
    seen = {"A": a.observe(), "B": observe(b.network, a.x)}
    diagrams = {name: layer_diagrams(found, landmarks, name) for name, found in seen.items()}
    shared = min(map(len, diagrams.values())) - 1
    chosen = [layer] if layer is not None else range(1, shared + 1)
    return TopologyComparison(
        run_a=a.run,
        run_b=b.run,
        data=a.data,
        samples=len(a.x),
        landmarks=landmarks,
        layers=tuple(
            measure(f"A, layer {i}", diagrams["A"][i], f"B, layer {i}", diagrams["B"][i])
            for i in chosen
        ),
        steps=tuple(
            measure(_place(name, i - 1), own[i - 1], _place(name, i), own[i])
            for name, own in diagrams.items()
            for i in range(1, len(own))
            if layer in (None, i)
        ),
    )


def layer_diagrams(seen: Observation, landmarks: int, name: str) -> list[Diagrams]:
    """Compute the diagrams of the input, then of every layer."""
    return [
        activity_diagrams(values, landmarks=landmarks, where=f"run {name}, layer {index}")
        for index, values in enumerate((seen.inputs, *seen.layers))
    ]


def _place(run: str, index: int) -> str:
    """Name a layer, or the input."""
    return f"{run}, layer {index}" if index else f"{run}, input"


def _require_comparable(a: HeldOut, b: HeldOut, layer: int | None) -> None:
    """Require networks that read the same samples, and a layer that both have.

    Raises:
        DataError: What differs.
    """
    if a.network.feature_shape != b.network.feature_shape:
        raise DataError(
            f"{b.run}: reads samples of shape {b.network.feature_shape}, but {a.run} those of "
            f"shape {a.network.feature_shape}; compare runs on data of one shape"
        )
    shared = min(len(a.network.stack), len(b.network.stack))
    if layer is not None and not 1 <= layer <= shared:
        raise DataError(
            f"layer {layer}: expected one of the {shared} layers that both runs have, 1 to {shared}"
        )
