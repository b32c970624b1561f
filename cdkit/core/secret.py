"""A secret: a value that never shows itself."""


class Secret:
    """A token or password. `repr`, `str` and formatting give `***`; `reveal()` gives the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, to hand it to the one who must have it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> str:
        msg = "a secret is not serialised"
        raise TypeError(msg)


def revealed(value: str | Secret) -> str:
    """Return a text that may be a secret, to hand it to the one who must have it."""
    return value.reveal() if isinstance(value, Secret) else value
