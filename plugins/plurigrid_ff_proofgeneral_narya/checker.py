"""Check a certificate with nothing but integers: ``python checker.py certificate.json``.

This file imports the standard library alone and shares no code with what trained the network
or wrote the certificate, so it can be read in one sitting and copied anywhere. It recomputes

- every margin, from weights, inputs and radii (interval bounds, each unit's terms monotone);
- the hash of every log entry, the chain they form, and the sum of their trits in GF(3);
- every derived key and its first draw (keyed blake2b, SplitMix64);
- the seal over all numbers and the digest over the whole certificate.

Exit status: 0 it holds, 1 it does not, or is no certificate.
"""

import json
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 28
BASE = 65537
MASK = (1 << 64) - 1
ORIGIN = "0" * 32


def find_faults(certificate: Any) -> list[str]:
    """Return what does not hold, one sentence each; an empty list means that all of it does.

    Args:
        certificate: The parsed JSON.
    """
    try:
        _require_integers(certificate)
        return [
            *_margin_faults(certificate),
            *_log_faults(certificate["log"], certificate["trit_sum"]),
            *find_derivation_faults(certificate["derivations"]),
            *_seal_faults(certificate),
        ]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return [f"not a certificate: {type(error).__name__}: {error}"]


def _require_integers(value: Any) -> None:
    """Require that every number is a whole one; truth values are none."""
    if isinstance(value, (bool, float)):
        raise ValueError(f"expected integers, got {value!r}")
    if isinstance(value, dict):
        for key in value:
            _require_integers(value[key])
    elif isinstance(value, list):
        for item in value:
            _require_integers(item)


def _margin_faults(certificate: dict[str, Any]) -> list[str]:
    """Recompute every sample's margins at every radius."""
    layer, radii = certificate["layer"], certificate["radii"]
    faults = []
    for place, radius in enumerate(radii):
        steps, denominator = radius["steps"], radius["denominator"]
        if radius["numerator"] << certificate["input_bits"] != steps * denominator:
            faults.append(f"radius {place}: {steps} steps are not the fraction it says")
        if steps < 0 or denominator < 1:
            faults.append(f"radius {place}: is no radius")
    if layer is None:
        return faults + ["samples without a layer"] * bool(certificate["samples"])
    classes, power = layer["classes"], layer["power"]
    if power not in (1, 2) or classes < 2:
        return [*faults, f"layer: power {power}, {classes} classes"]
    for sample in certificate["samples"]:
        label, centres = sample["label"], _preactivations(layer, sample["input"])
        if not 0 <= label < classes or len(sample["shared"]) != len(radii):
            faults.append(f"sample {sample['index']}: label or number of margins")
            continue
        for place, radius in enumerate(radii):
            ranges = [
                (s - radius["steps"] * n, s + radius["steps"] * n)
                for s, n in zip(centres, _norms(layer), strict=True)
            ]
            found = [
                _margin(layer["units"], ranges, label, classes, power, bound)
                for bound in (_least_gap, _least_apart)
            ]
            claimed = [sample["shared"][place], sample["separate"][place]]
            if found != claimed:
                faults.append(
                    f"sample {sample['index']}, radius {place}: margins are {found}, not {claimed}"
                )
    return faults


def _preactivations(layer: dict[str, Any], x: list[int]) -> list[int]:
    """Return each unit's ``bias + weights . x``."""
    return [
        unit["bias"] + sum(w * v for w, v in zip(unit["weights"], x, strict=True))
        for unit in layer["units"]
    ]


def _norms(layer: dict[str, Any]) -> list[int]:
    """Return how far each unit's sum can move per step of radius."""
    return [sum(abs(w) for w in unit["weights"]) for unit in layer["units"]]


def _margin(
    units: list[Any],
    ranges: list[tuple[int, int]],
    label: int,
    classes: int,
    power: int,
    bound: Callable[..., int],
) -> int:
    """Return the lowest bound, over the wrong classes, on how far the label is ahead."""
    return min(
        sum(
            bound(
                (unit["offsets"][label], unit["factors"][label]),
                (unit["offsets"][other], unit["factors"][other]),
                low,
                high,
                power,
            )
            for unit, (low, high) in zip(units, ranges, strict=True)
        )
        for other in range(classes)
        if other != label
    )


def _value(part: tuple[int, int], s: int, power: int) -> int:
    """Return ``factor * relu(s + offset) ** power``."""
    offset, factor = part
    return int(factor * max(s + offset, 0) ** power)


def _least_apart(p: tuple[int, int], q: tuple[int, int], low: int, high: int, power: int) -> int:
    """Bound ``p(s) - q(t)`` from below for s and t in the range, each by itself."""
    least = _value(p, low if p[1] >= 0 else high, power)
    most = _value(q, high if q[1] >= 0 else low, power)
    return least - most


def _least_gap(p: tuple[int, int], q: tuple[int, int], low: int, high: int, power: int) -> int:
    """Bound ``p(s) - q(s)`` from below for s in the range: where it is monotone, by its end."""
    if p[0] == q[0]:
        rises = p[1] >= q[1]
    elif p[1] == q[1]:
        rises = p[1] * (p[0] - q[0]) >= 0
    else:
        return _least_apart(p, q, low, high, power)
    s = low if rises else high
    return _value(p, s, power) - _value(q, s, power)


def _log_faults(log: list[Any], trit_sum: int) -> list[str]:
    """Hash every entry again; follow the chain; sum the trits."""
    faults, before = [], ORIGIN
    for place, entry in enumerate(log):
        body = json.loads(entry["body"], parse_float=str)
        said = {key: entry[key] for key in ("round", "trit", "previous")}
        if blake2b(entry["body"].encode(), digest_size=16).hexdigest() != entry["hash"]:
            faults.append(f"log entry {place}: its hash is not that of its text")
        if said != {key: body[key] for key in said} or body["index"] != place:
            faults.append(f"log entry {place}: says {said}, its text does not")
        if entry["previous"] != before:
            faults.append(f"log entry {place}: does not hold the hash of the one before")
        before = entry["hash"]
    if sum(entry["trit"] for entry in log) % 3 != trit_sum:
        faults.append(f"log: its trits do not sum to {trit_sum} modulo 3")
    return faults


def find_derivation_faults(derivations: list[Any]) -> list[str]:
    """Derive every key from its path again, and the first draw from the key, where there is one."""
    faults = []
    for place, derived in enumerate(derivations):
        text = "\x1f".join(map(_written, derived["path"]))
        key = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
        draw = _splitmix64(key, 0)
        if (key, draw) != (int(derived["key"], 16), int(derived.get("draw", hex(draw)), 16)):
            faults.append(f"derivation {place}: key or draw does not follow from {derived['path']}")
    return faults


def _written(part: int | str) -> str:
    """Write one part of a path as it is hashed."""
    if isinstance(part, str):
        return "str:" + part.replace("\x1e", "\x1e0").replace("\x1f", "\x1e1")
    return f"int:{part}"


def _splitmix64(key: int, index: int) -> int:
    """Return the 64 bits of a counter under a key."""
    z = (key + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def _seal_faults(certificate: dict[str, Any]) -> list[str]:
    """Recompute the seal over the numbers and the digest over everything else."""
    faults = []
    if certificate["schema"] != "plurigrid-ff-certificate" or certificate["version"] != 1:
        faults.append("expected schema 'plurigrid-ff-certificate', version 1")
    if seal_of(certificate) != certificate["seal"]:
        faults.append("the seal is not that of the numbers")
    if digest_of(certificate) != certificate["digest"]:
        faults.append("the digest is not that of the certificate")
    return faults


def seal_of(certificate: dict[str, Any]) -> int:
    """Return a polynomial over all numbers modulo 2**64; Coq computes the same.

    Its base is odd, so no change of a single number below 2**64 goes unseen.
    """
    state = 1
    for number in _numbers(certificate):
        state = (BASE * state + number) & MASK
    return state


def digest_of(certificate: dict[str, Any]) -> str:
    """Return the digest of a certificate without its own digest."""
    body = {key: value for key, value in certificate.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _numbers(certificate: dict[str, Any]) -> list[int]:
    """List every number in the order in which the Coq file seals them."""
    found: list[int] = [certificate["version"], certificate["input_bits"], certificate["proved"]]
    layer = certificate["layer"]
    if layer is not None:
        found += [layer["index"], layer["weight_bits"], layer["power"], layer["classes"]]
        for unit in layer["units"]:
            found += [*unit["weights"], unit["bias"]]
            for offset, factor in zip(unit["offsets"], unit["factors"], strict=True):
                found += [offset, factor]
    for radius in certificate["radii"]:
        found += [radius["numerator"], radius["denominator"], radius["steps"]]
    for sample in certificate["samples"]:
        found += [sample["index"], sample["label"], *sample["input"]]
        found += [*sample["shared"], *sample["separate"]]
    for entry in certificate["log"]:
        found += [entry["round"], entry["trit"]]
        for value in (entry["previous"], entry["hash"]):
            found += [int(value[:16], 16), int(value[16:], 16)]
    found.append(certificate["trit_sum"])
    for derived in certificate["derivations"]:
        found += [part for part in derived["path"] if isinstance(part, int)]
        found += [int(derived["key"], 16), int(derived["draw"], 16)]
    return found


def main(arguments: list[str]) -> int:
    """Check one file and say what was found."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python checker.py certificate.json\n")
        return 2
    try:
        path = Path(arguments[0])
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES} bytes")
        certificate = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"{arguments[0]}: cannot be read: {error}\n")
        return 1
    faults = find_faults(certificate)
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    if not faults:
        samples, log = certificate["samples"], certificate["log"]
        sys.stdout.write(f"holds: {len(samples)} samples, {len(log)} log entries\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
