"""A certificate as a Narya file: trits, the balance of the log, and its chain."""

from collections.abc import Iterator

from plurigrid_ff_proofgeneral_narya.certificate import Certificate

THEORY = """{` Trits, their sum in GF(3), and logs that are chains.
   An equality `Id A x y` holds by `refl` exactly if both sides compute to the same. `}

def trit : Type ≔ data [ minus. | zero. | plus. ]

def add (a b : trit) : trit ≔ match a, b [
| zero. , b ↦ b
| minus. , zero. ↦ minus.
| minus. , minus. ↦ plus.
| minus. , plus. ↦ zero.
| plus. , zero. ↦ plus.
| plus. , minus. ↦ zero.
| plus. , plus. ↦ minus.
]

def log : Type ≔ data [ nil. | cons. (_ : trit) (_ : log) ]

def sum (l : log) : trit ≔ match l [
| nil. ↦ zero.
| cons. t rest ↦ add t (sum rest)
]

{` Adding to equal logs an equal entry gives equal logs: a chain is determined by its entries. `}
def chain_determined (t : trit) (l m : log) (same : Id log l m)
  : Id log (cons. t l) (cons. t m)
  ≔ refl ((k ↦ cons. t k) : log → log) l m same

{` A hash that is a function gives equal hashes to equal logs, whatever it is. `}
def hash_determined (H : Type) (hash : log → H) (l m : log) (same : Id log l m)
  : Id H (hash l) (hash m)
  ≔ refl hash l m same
"""
TRITS = {-1: "minus.", 0: "zero.", 1: "plus."}
REPRESENTATIVES = {0: "zero.", 1: "plus.", 2: "minus."}


def format_narya(certificate: Certificate) -> str:
    """Write a self-contained file that ``narya`` accepts exactly if the log sums as claimed."""
    return THEORY + "\n" + "\n\n".join(_claims(certificate)) + "\n"


def _claims(certificate: Certificate) -> Iterator[str]:
    """Write down the trits of the run's log, and their sum."""
    entries = "".join(f"\n  (cons. {TRITS[entry.trit]}" for entry in certificate.log)
    body = f"{entries} nil.{')' * len(certificate.log)}" if certificate.log else " nil."
    yield f"def this_log : log ≔{body}"
    total = REPRESENTATIVES[certificate.trit_sum]
    yield f"def this_log_sums : Id trit (sum this_log) {total}\n  ≔ refl ({total} : trit)"
