"""A splittable random generator, as ``java.util.SplittableRandom`` computes it, bit by bit.

Reference:
    Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators".
"""

from dataclasses import dataclass

from plurigrid_ff.derivation import GAMMA, MIX_1, MIX_2

_MASK = (1 << 64) - 1
_MIX_GAMMA_1 = 0xFF51AFD7ED558CCD
_MIX_GAMMA_2 = 0xC4CEB9FE1A85EC53


@dataclass
class SplittableRandom:
    """A stream of 64-bit numbers that can be split into two independent ones.

    Attributes:
        state: Where the stream is.
        gamma: What every draw adds to the state; odd.
    """

    state: int
    gamma: int = GAMMA

    def next(self) -> int:
        """Return the next 64 random bits."""
        self._advance()
        return _mix(self.state, (30, MIX_1, 27, MIX_2, 31))

    def uniform(self) -> float:
        """Return the next number of ``[0, 1)``: the lowest 52 bits of a draw, over 2**52."""
        return (self.next() & ((1 << 52) - 1)) * 2.0**-52

    def split(self) -> "SplittableRandom":
        """Return a new generator, seeded by two steps of this one."""
        state = self.next()
        self._advance()
        return SplittableRandom(state, _mix_gamma(self.state))

    def _advance(self) -> None:
        self.state = (self.state + self.gamma) & _MASK


def _mix(z: int, steps: tuple[int, int, int, int, int]) -> int:
    """Scramble 64 bits: shift, multiply, shift, multiply, shift."""
    first, factor, second, other, last = steps
    z = ((z ^ (z >> first)) * factor) & _MASK
    z = ((z ^ (z >> second)) * other) & _MASK
    return z ^ (z >> last)


def _mix_gamma(z: int) -> int:
    """Make an odd increment whose bits change often enough."""
    z = _mix(z, (33, _MIX_GAMMA_1, 33, _MIX_GAMMA_2, 33)) | 1
    flips = (z ^ (z >> 1)).bit_count()
    return z ^ 0xAAAAAAAAAAAAAAAA if flips < 24 else z
