"""Certificates out of runs: which samples, which margins, and what has to be left out."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.digest import canonical_json
from plurigrid_ff.errors import ConfigError, QuantisationError
from plurigrid_ff.host.log import LogEntry
from plurigrid_ff_proofgeneral_narya.certificate import (
    SAMPLE_BITS,
    Certificate,
    CertifiedEntry,
    CertifiedKey,
    CertifiedLayer,
    CertifiedSample,
    Radius,
)

if TYPE_CHECKING:
    from plurigrid_ff.data.dataset import Split
    from plurigrid_ff.learning.network import FFNetwork

RADII = ("1/64", "1/32", "1/16")
DERIVATIONS = "derivations"


def parse_radius(text: str) -> Radius:
    """Read a radius such as ``1/16``, in units of what the first layer reads.

    Raises:
        ConfigError: No fraction from 0 to 4, or no multiple of 1/256.
    """
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"radius {text!r}: expected a fraction such as 1/16") from error
    steps = value * 2**SAMPLE_BITS
    if not 0 <= value <= 4 or steps.denominator != 1:
        raise ConfigError(
            f"radius {text!r}: expected a multiple of 1/{2**SAMPLE_BITS} from 0 to 4; samples are "
            "rounded to that grid"
        )
    return Radius(numerator=value.numerator, denominator=value.denominator, steps=int(steps))


def build_certificate(
    network: "FFNetwork",
    train: "Split",
    test: "Split",
    log: Sequence[LogEntry],
    *,
    seed: int,
    count: int,
    radius: str,
) -> Certificate:
    """Put together what is claimed of a run.

    Args:
        network: As trained, on the CPU.
        train: What the scales of the integer layer are chosen on.
        test: Where samples come from.
        log: The run's entries so far.
        seed: Which samples: the first ``count`` in an order derived from it.
        count: Number of samples.
        radius: At which theorems are written out; margins are given at others too.

    Raises:
        ConfigError: The radius is none.
    """
    proved = parse_radius(radius)
    every = {r.steps: r for r in (*map(parse_radius, RADII), proved)}
    radii = tuple(every[steps] for steps in sorted(every))
    chosen = shuffled(derive_key(seed, "certificate", "samples"), len(test.y))[:count]
    layer: CertifiedLayer | None = None
    samples: tuple[CertifiedSample, ...] = ()
    notes: list[str] = []
    try:
        from plurigrid_ff_proofgeneral_narya.layers import integer_layer

        layer = integer_layer(network, train.x)
        samples = _samples(network, layer, test, [int(i) for i in chosen], radii)
        notes += _layer_notes(network)
    except QuantisationError as error:
        notes.append(f"margins: not certified: {error}")
    keys = derivations_of(log)
    if not keys:
        notes.append("derivations: the log holds none; the coordinator unworld writes them")
    return Certificate(
        input_bits=SAMPLE_BITS,
        layer=layer,
        proved=proved.steps,
        radii=radii,
        samples=samples,
        log=tuple(entry_of(entry) for entry in log),
        trit_sum=sum(entry.trit for entry in log) % 3,
        derivations=keys,
        notes=tuple(notes),
    ).sealed()


def derivations_of(log: Sequence[LogEntry]) -> tuple[CertifiedKey, ...]:
    """Collect the derived keys that coordinators wrote into the log, each path once."""
    found: dict[tuple[int | str, ...], CertifiedKey] = {}
    for entry in log:
        for item in _listed(entry.summary):
            try:
                key = CertifiedKey.model_validate(item)
            except ValidationError:  # another coordinator may log something else by that name
                continue
            found[key.path] = key
    return tuple(found.values())


def _listed(summary: Mapping[str, Any]) -> list[Any]:
    """Return what stands under the name in a summary, if it is a list."""
    value = summary.get(DERIVATIONS)
    return value if isinstance(value, list) else []


def _layer_notes(network: "FFNetwork") -> list[str]:
    """Say what the margins do not speak of."""
    notes = ["margins are those of layer 1 alone, in exact integers, on what it reads"]
    if len(network.stack) > 1:
        notes.append(
            f"layers 2 to {len(network.stack)}: not certified: they read activity divided by its "
            "root mean square, which the bounds do not follow"
        )
    return notes


def _samples(
    network: "FFNetwork",
    layer: CertifiedLayer,
    test: "Split",
    chosen: list[int],
    radii: tuple[Radius, ...],
) -> tuple[CertifiedSample, ...]:
    """Compute the margins of the chosen samples at every radius."""
    from plurigrid_ff_proofgeneral_narya.layers import integer_samples
    from plurigrid_ff_proofgeneral_narya.margins import LayerBounds

    x, y = integer_samples(network, test.x[chosen]), test.y[chosen]
    bounds = LayerBounds(layer)
    margins = [bounds.margins(x, y, radius.steps) for radius in radii]
    return tuple(
        CertifiedSample(
            index=index,
            label=int(y[place]),
            input=tuple(x[place].tolist()),
            shared=tuple(int(at.shared[place]) for at in margins),
            separate=tuple(int(at.separate[place]) for at in margins),
        )
        for place, index in enumerate(chosen)
    )


def entry_of(entry: LogEntry) -> CertifiedEntry:
    """Copy an entry with the text that its hash is of."""
    body = canonical_json(entry.model_dump(mode="json", exclude={"hash"}))
    return CertifiedEntry(
        round=entry.round, trit=entry.trit, previous=entry.previous, hash=entry.hash, body=body
    )
