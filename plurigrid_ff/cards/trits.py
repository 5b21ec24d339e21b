"""Trits as people write them: ``-1``, ``+1``, ``MINUS``, ``validator``, with any minus sign."""

import re

MINUS_SIGNS = "\\-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
TRIT = rf"[+{MINUS_SIGNS}]?[01](?!\w|\.\d)"
"""Pattern of a trit in digits."""

WORDS = {
    "minus": -1,
    "validator": -1,
    "ergodic": 0,
    "coordinator": 0,
    "plus": 1,
    "generator": 1,
}
"""Words for trits: the polarity and the role."""

_TRIT = re.compile(TRIT)
_WORD = re.compile(r"[A-Za-z]+")


def read_trit(text: str) -> int | None:
    """Read a trit in digits; None if it is none."""
    if _TRIT.fullmatch(text) is None:
        return None
    digit = int(text[-1])
    return digit if text[0] in "+01" else -digit


def read_word(text: str) -> int | None:
    """Read the first word as a role or polarity; None if it is neither."""
    match = _WORD.search(text)
    return WORDS.get(match[0].lower()) if match else None
