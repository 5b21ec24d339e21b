"""A certificate as a Coq file: the theory, the numbers, and a theorem for each claim."""

from collections.abc import Iterable, Iterator
from importlib.resources import files

from plurigrid_ff_proofgeneral_narya.certificate import (
    Certificate,
    CertifiedEntry,
    CertifiedLayer,
    CertifiedSample,
    Unit,
)

ALL_THEOREMS = "all_theorems"
COMPUTED = "Proof. vm_compute. reflexivity. Qed."


def format_coq(certificate: Certificate) -> str:
    """Write a self-contained file that ``coqc`` accepts exactly if the claims hold.

    Args:
        certificate: Whose numbers are copied, right or wrong.
    """
    theory = files(__package__).joinpath("theory.v").read_text("utf-8")
    theorems = list(_theorems(certificate))
    names = ", ".join(text.split()[1] for text in theorems)
    parts = [
        theory,
        "(** * The numbers of this certificate *)\n",
        "\n".join(_definitions(certificate)),
        "(** * What they show *)\n",
        "\n\n".join(theorems),
        f"\nDefinition {ALL_THEOREMS} := (states_differ, {names}).",
        f"Print Assumptions {ALL_THEOREMS}.",
    ]
    return "\n".join(parts) + "\n"


def _definitions(certificate: Certificate) -> Iterator[str]:
    """Write down the data."""
    layer = certificate.layer
    if layer is not None:
        yield f"Definition squared := {'true' if layer.power == 2 else 'false'}."
        yield f"Definition classes := {layer.classes}%nat."
    units = [_unit(unit) for unit in layer.units] if layer else []
    yield f"Definition layer : list unit_ :=\n  {_list(units, wide=True)}."
    samples = [_sample(sample) for sample in certificate.samples]
    yield f"Definition samples : list sample :=\n  {_list(samples, wide=True)}."
    log = [_entry(entry) for entry in certificate.log]
    yield f"Definition log : list entry :=\n  {_list(log, wide=True)}."
    keys = [
        f"Derived {_numbers(p for p in d.path if isinstance(p, int))} {d.key} {d.draw}"
        for d in certificate.derivations
    ]
    yield f"Definition derivations : list derived :=\n  {_list(keys, wide=True)}."
    yield f"Definition numbers : list Z :=\n  {_all_numbers(certificate)}.\n"


def _all_numbers(certificate: Certificate) -> str:
    """Write the list of all numbers, from what was defined."""
    layer = certificate.layer
    head = [certificate.version, certificate.input_bits, certificate.proved]
    if layer is not None:
        head += [layer.index, layer.weight_bits, layer.power, layer.classes]
    radii = [n for r in certificate.radii for n in (r.numerator, r.denominator, r.steps)]
    return "\n  ++ ".join(
        (
            _numbers(head),
            "flat_map numbers_of_unit layer",
            _numbers(radii),
            "flat_map numbers_of_sample samples",
            "flat_map numbers_of_entry log",
            _numbers([certificate.trit_sum]),
            "flat_map numbers_of_derived derivations",
        )
    )


def _theorems(certificate: Certificate) -> Iterator[str]:
    """State every claim; each proof is a computation that the kernel repeats."""
    yield f"Theorem sealed : seal numbers = {certificate.seal}.\n{COMPUTED}"
    yield f"Theorem log_is_chained : chained 0 log = true.\n{COMPUTED}"
    yield f"Theorem log_sums_to : trit_sum log = {certificate.trit_sum}.\n{COMPUTED}"
    if is_in_triples(certificate.log):
        yield f"Theorem log_is_in_triples : in_triples log = true.\n{COMPUTED}"
    yield f"Theorem draws_follow : draws_hold derivations = true.\n{COMPUTED}"
    if certificate.layer is None:
        return
    yield from _margin_theorems(certificate, certificate.layer)


def _margin_theorems(certificate: Certificate, layer: CertifiedLayer) -> Iterator[str]:
    """State the margin of every sample that is certified at the radius of the theorems."""
    steps = certificate.proved
    place = [radius.steps for radius in certificate.radii].index(steps)
    for number, sample in enumerate(certificate.samples):
        cases = (
            ("", "certified", "certify", sample.shared[place]),
            ("_apart", "certified_apart", "certify_apart", sample.separate[place]),
        )
        for suffix, claim, lemma, margin in cases:
            if margin > 0:
                yield (
                    f"Theorem sample_{number}{suffix} :\n"
                    f"  {claim} squared layer classes {sample.label} {_numbers(sample.input)} "
                    f"{steps} {margin}.\n"
                    f"Proof. apply {lemma}. vm_compute. reflexivity. Qed."
                )


def is_in_triples(log: tuple[CertifiedEntry, ...]) -> bool:
    """Whether the log comes in rounds of a generator, a coordinator and a validator."""
    steps = [(entry.round, entry.trit) for entry in log]
    triples = [(e.round, trit) for e in log[::3] for trit in (1, 0, -1)]
    return bool(steps) and steps == triples


def _unit(unit: Unit) -> str:
    """Write one unit."""
    pairs = zip(unit.offsets, unit.factors, strict=True)
    parts = "; ".join(f"({_z(offset)}, {_z(factor)})" for offset, factor in pairs)
    return f"Unit {_numbers(unit.weights)} {_z(unit.bias)} [{parts}]"


def _sample(sample: CertifiedSample) -> str:
    """Write one sample."""
    margins = f"{_numbers(sample.shared)} {_numbers(sample.separate)}"
    return f"Sample {sample.index} {sample.label} {_numbers(sample.input)} {margins}"


def _entry(entry: CertifiedEntry) -> str:
    """Write one entry of the log; hashes are numbers in hex."""
    return f"Entry {entry.round} {_z(entry.trit)} 0x{entry.previous} 0x{entry.hash}"


def _list(items: Iterable[str], *, wide: bool = False) -> str:
    """Write a list, one item a line if they are long."""
    return f"[{(';' + chr(10) + '   ' if wide else '; ').join(items)}]"


def _numbers(values: Iterable[int]) -> str:
    """Write a list of integers."""
    return _list(str(value) for value in values)


def _z(value: int) -> str:
    """Write an argument; a minus needs brackets."""
    return f"({value})" if value < 0 else str(value)
