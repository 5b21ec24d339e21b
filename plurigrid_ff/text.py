"""Text from elsewhere, made safe to show."""


def printable(text: str) -> str:
    """Escape control characters, so that foreign text cannot drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
