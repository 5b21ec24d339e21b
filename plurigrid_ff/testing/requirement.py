"""How a check fails: where, expected, actual, next step."""


def require(condition: object, where: str, *, expected: str, actual: str, remedy: str) -> None:
    """Fail unless a condition holds.

    Raises:
        AssertionError: It does not hold.
    """
    if not condition:
        raise failure(where, expected=expected, actual=actual, remedy=remedy)


def failure(where: str, *, expected: str, actual: str, remedy: str) -> AssertionError:
    """Build the error of a check that failed."""
    return AssertionError(f"{where}: expected {expected}, got {actual}; {remedy}")
