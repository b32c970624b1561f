"""What the reader leaves behind the query of a view, for rules and comparisons to see."""

COPIED = " /* TEMPTABLE */"
"""What stands behind the query of a view that the server copies for each use."""
INVOKER = " /* SQL SECURITY INVOKER */"
"""What stands behind the query of a view that asks with the rights of whoever reads it."""


def written(body: str) -> str:
    """Return the query of a view as it was written."""
    return body.removesuffix(COPIED).removesuffix(INVOKER)
