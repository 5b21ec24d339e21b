"""Which key was derived from what: the value of the port ``derivations``."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from plurigrid_ff.config import Settings
from plurigrid_ff.derivation import derive_key


class Derivation(Settings):
    """One key, and what it was derived from: ``key == derive_key(seed, *path)``.

    Attributes:
        seed: The seed or the key it descends from, 64 bits.
        path: Names that say what it is for.
        key: 64 bits; every draw of that purpose is a function of it and a sample's id.
        trit: Role on whose behalf it was derived; a log in role triples sums to 0 in GF(3).
    """

    seed: NonNegativeInt = Field(lt=1 << 64)
    path: tuple[str | int, ...] = Field(min_length=1)
    key: NonNegativeInt = Field(lt=1 << 64)
    trit: Literal[-1, 0, 1] = 0

    @model_validator(mode="after")
    def _require_key(self) -> Self:
        """Require the key that the path leads to."""
        expected = derive_key(self.seed, *self.path)
        if self.key != expected:
            raise ValueError(f"the key of {self.path} is {expected}, got {self.key}")
        return self
