"""Expressions of compositions: ``a * b * c`` is a triad, ``x then y`` a sequence.

    sequence = triad { "then" triad }
    triad    = atom [ "*" atom "*" atom ]
    atom     = NAME | "(" sequence ")"

``⊗`` may stand for ``*``. A name is whatever holds no space, parenthesis or operator.
"""

import re
from dataclasses import dataclass

from plurigrid_ff.errors import TriadError

MAX_LENGTH = 1 << 16
MAX_DEPTH = 50
THEN = "then"

_TOKEN = re.compile(r"[()*⊗]|[^\s()*⊗]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A skill, a triad, a part of a file or a file."""

    text: str


@dataclass(frozen=True, slots=True)
class Product:
    """Three parts side by side."""

    parts: "tuple[Expression, Expression, Expression]"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Two or more parts, one after the other."""

    parts: "tuple[Expression, ...]"


Expression = Name | Product | Sequence


def parse_expression(text: str, *, where: str = "expression") -> Expression:
    """Read an expression.

    Raises:
        TriadError: It is empty, too long, nested too deeply, or not written as above.
    """
    if len(text) > MAX_LENGTH:
        raise TriadError(f"{where}: at most {MAX_LENGTH} characters, got {len(text)}")
    parser = _Parser(_TOKEN.findall(text), where)
    expression = parser.sequence(0)
    if parser.peek() is not None:
        raise parser.unexpected("'*', 'then' or the end")
    return expression


def format_expression(expression: Expression) -> str:
    """Write an expression in its shortest form; reading it gives the same expression."""
    match expression:
        case Name(text):
            return text
        case Product(parts):
            return " * ".join(_enclosed(part, (Product, Sequence)) for part in parts)
        case Sequence(parts):
            return f" {THEN} ".join(_enclosed(part, (Sequence,)) for part in parts)


def _enclosed(part: Expression, kinds: tuple[type, ...]) -> str:
    """Write a part, in parentheses if it would be read otherwise without."""
    text = format_expression(part)
    return f"({text})" if isinstance(part, kinds) else text


@dataclass
class _Parser:
    """Recursive descent over tokens."""

    tokens: list[str]
    where: str
    place: int = 0

    def peek(self) -> str | None:
        """Return the next token, if there is one."""
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, *wanted: str) -> bool:
        """Consume the next token if it is one of these."""
        if self.peek() not in wanted:
            return False
        self.place += 1
        return True

    def unexpected(self, expected: str) -> TriadError:
        """Build the error for the token that stands here."""
        found = self.peek()
        after = f" after {' '.join(self.tokens[max(0, self.place - 3) : self.place])!r}"
        return TriadError(
            f"{self.where}: expected {expected}{after if self.place else ''}, got "
            f"{'the end' if found is None else repr(found)}; "
            "write triads as 'a * b * c' and sequences as 'x then y'"
        )

    def sequence(self, depth: int) -> Expression:
        """Read parts that are joined by ``then``."""
        if depth > MAX_DEPTH:
            raise TriadError(f"{self.where}: more than {MAX_DEPTH} parentheses within each other")
        parts = [self.product(depth)]
        while self.take(THEN):
            parts.append(self.product(depth))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def product(self, depth: int) -> Expression:
        """Read one part, or three that are joined by ``*``."""
        parts = [self.atom(depth)]
        while self.take("*", "⊗"):
            parts.append(self.atom(depth))
        if len(parts) == 1:
            return parts[0]
        if len(parts) != 3:
            raise TriadError(
                f"{self.where}: a triad has three parts, got {len(parts)}; "
                "group them by parentheses, as in '(a * b * c) * d * e'"
            )
        first, second, third = parts
        return Product((first, second, third))

    def atom(self, depth: int) -> Expression:
        """Read a name, or an expression in parentheses."""
        if self.take("("):
            inner = self.sequence(depth + 1)
            if not self.take(")"):
                raise self.unexpected("')'")
            return inner
        name = self.peek()
        if name is None or name in (")", "*", "⊗", THEN):
            raise self.unexpected("a name or '('")
        self.place += 1
        return Name(name)
