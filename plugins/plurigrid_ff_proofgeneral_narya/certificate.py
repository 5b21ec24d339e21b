"""The certificate: integers that stand for themselves, and the text of the log."""

import json
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError

from plurigrid_ff.errors import CertificateError
from plurigrid_ff.files import read_text
from plurigrid_ff.settings import Settings
from plurigrid_ff_proofgeneral_narya.checker import MAX_BYTES, digest_of, seal_of

SAMPLE_BITS = 8  # fraction bits of samples: radii are multiples of 1/256

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Word = Annotated[str, Field(pattern=r"^0x[0-9a-f]{16}$")]


class Unit(Settings):
    """One unit: ``s = bias + weights . x``; class k gets ``factor * relu(s + offset) ** power``.

    Attributes:
        weights: One per input.
        offsets: One per class: what a label in the input adds to s.
        factors: One per class: a projection's direction, or 1 and 0 for the units of a class.
    """

    weights: tuple[int, ...]
    bias: int
    offsets: tuple[int, ...]
    factors: tuple[int, ...]


class CertifiedLayer(Settings):
    """A layer in integers.

    Attributes:
        index: Place in the network, counted from 1.
        objective: Where its goodness comes from.
        weight_bits: Fraction bits of the weights; a real weight is the integer / 2**bits.
        power: 2 where activity is squared, else 1.
        classes: Number of classes.
        units: The units.
    """

    index: PositiveInt
    objective: Literal["projection", "class-goodness", "threshold"]
    weight_bits: NonNegativeInt
    power: Literal[1, 2]
    classes: Annotated[int, Field(ge=2)]
    units: Annotated[tuple[Unit, ...], Len(min_length=1)]


class Radius(Settings):
    """Half the width of a box, in units of what the layer reads: numerator / denominator.

    Attributes:
        steps: The same in steps of ``2 ** -input_bits``.
    """

    numerator: NonNegativeInt
    denominator: PositiveInt
    steps: NonNegativeInt

    def __str__(self) -> str:
        """Write it as a fraction."""
        return f"{self.numerator}/{self.denominator}"


class CertifiedSample(Settings):
    """One test sample and how far its class is ahead on every box around it.

    Attributes:
        index: Place in the test split.
        label: Its class.
        input: What the layer reads, in steps of ``2 ** -input_bits``.
        shared: Per radius, the largest m of which the bounds show: for every x in the box and
            every wrong class k, goodness(x, k) + m <= goodness(x, label).
        separate: The same where the two sides read two points of the box.
    """

    index: NonNegativeInt
    label: NonNegativeInt
    input: tuple[int, ...]
    shared: tuple[int, ...]
    separate: tuple[int, ...]


class CertifiedEntry(Settings):
    """One entry of the run's log.

    Attributes:
        body: What is hashed, byte by byte.
        hash: Its digest, which the next entry holds as ``previous``.
    """

    round: PositiveInt
    trit: Literal[-1, 0, 1]
    previous: Hash
    hash: Hash
    body: str


class CertifiedKey(Settings):
    """A derived key.

    Attributes:
        path: The seed, then what the key is for.
        key: 64 bits, in hex.
        draw: The draw of counter 0 under it, in hex.
    """

    path: Annotated[tuple[int | str, ...], Len(min_length=1)]
    key: Word
    draw: Word


class Certificate(Settings):
    """Everything that is claimed of a run, version 1 of the format.

    Attributes:
        input_bits: Fraction bits of the samples.
        layer: None where no layer could be written in integers; ``notes`` say why.
        proved: Steps of the radius at which theorems are written out.
        radii: All radii at which margins are given.
        trit_sum: Sum of the log's trits modulo 3: 0, 1 or 2. Balanced means 0.
        notes: What is not certified, and why.
        seal: A polynomial over all numbers; Coq computes it again.
        digest: Of everything above.
    """

    schema_: Literal["plurigrid-ff-certificate"] = Field("plurigrid-ff-certificate", alias="schema")
    version: Literal[1] = 1
    input_bits: NonNegativeInt
    layer: CertifiedLayer | None
    proved: NonNegativeInt
    radii: tuple[Radius, ...]
    samples: tuple[CertifiedSample, ...]
    log: tuple[CertifiedEntry, ...]
    trit_sum: Literal[0, 1, 2]
    derivations: tuple[CertifiedKey, ...]
    notes: tuple[str, ...] = ()
    seal: NonNegativeInt = 0
    digest: str = ""

    def sealed(self) -> "Certificate":
        """Return the certificate with its seal and its digest filled in."""
        once = self.model_copy(update={"seal": seal_of(self.values())})
        return once.model_copy(update={"digest": digest_of(once.values())})

    def values(self) -> dict[str, object]:
        """Return it as JSON values."""
        return self.model_dump(mode="json", by_alias=True)

    def text(self) -> str:
        """Write it as JSON, one line."""
        return json.dumps(self.values(), separators=(",", ":"), allow_nan=False) + "\n"

    def share_certified(self, radius: int) -> float:
        """Return the share of samples whose class is ahead on the whole box.

        Args:
            radius: Place in ``radii``.
        """
        ahead = sum(sample.shared[radius] > 0 for sample in self.samples)
        return ahead / len(self.samples) if self.samples else 0.0


def read_certificate(path: Path) -> Certificate:
    """Read a certificate; what it claims is not checked here.

    Raises:
        CertificateError: The file cannot be read, or is no certificate of version 1.
    """
    try:
        text = read_text(path, max_bytes=MAX_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise CertificateError(f"{path}: cannot be read: {error}") from error
    try:
        return Certificate.model_validate_json(text, strict=True)
    except (ValidationError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            where = f": {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}"
        raise CertificateError(
            f"{path}: not a certificate of version 1{where}; `plurigrid-ff certify RUN_DIR` "
            "writes one"
        ) from error
