"""What the reader leaves behind the query of a view, for rules and comparisons to see."""

from cdkit.migrations.lazy import pattern

COPIED = " /* TEMPTABLE */"
"""What stands behind the query of a view that the server copies for each use."""
INVOKER = " /* SQL SECURITY INVOKER */"
"""What stands behind the query of a view that asks with the rights of whoever reads it."""
_DEFINER = pattern(r" /\* DEFINER (\S+) \*/$")


def definer(account: str) -> str:
    """Return what stands behind the query of a view that asks with the rights of an account."""
    return f" /* DEFINER {account} */"


def definer_of(body: str) -> str:
    """Return the account whose rights a view asks with; an empty text for whoever makes it."""
    found = _DEFINER().search(body.removesuffix(COPIED).removesuffix(INVOKER))
    return found[1] if found else ""


def written(body: str) -> str:
    """Return the query of a view as it was written."""
    return _DEFINER().sub("", body.removesuffix(COPIED).removesuffix(INVOKER))
