"""Text from elsewhere, made safe to show."""


def printable(text: str) -> str:
    """Escape control characters, so that foreign text cannot drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def printable_json(document: str) -> str:
    """Escape control and invisible characters in a JSON document, which stays the same JSON.

    JSON itself escapes those below U+0020 only. Left are C1 controls, which drive some terminals,
    marks that turn text round, and tags, which a model reads and people do not see.
    """
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in document)


def _escaped(character: str) -> str:
    """Write a character as JSON escapes; beyond U+FFFF that takes two."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
