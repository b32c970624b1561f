"""Functions of an engine that Ibis does not know, called by their name there."""

from inspect import Parameter, Signature

from cdkit.dora.portable import Expr


def call(name: str, *arguments: Expr, gives: str) -> Expr:
    """Return a function of expressions and texts, applied."""
    import ibis

    function, signature, given = _described(arguments, gives)
    return ibis.udf.scalar.builtin(function, name=name, signature=signature)(*given)


def sum_up(name: str, *arguments: Expr, gives: str) -> Expr:
    """Return an aggregate of columns and numbers, as `percentile(x, 0.5)`."""
    import ibis

    function, signature, given = _described(arguments, gives)
    return ibis.udf.agg.builtin(function, name=name, signature=signature)(*given)


def _described(arguments: tuple[Expr, ...], gives: str) -> tuple[Expr, Expr, list[Expr]]:
    """Return a function for Ibis to look at, the types of its arguments, and these as it wants."""
    import ibis

    def function() -> None:
        """Stand for what the engine does."""

    given = [one if hasattr(one, "type") else ibis.literal(one) for one in arguments]
    names = [Parameter(f"a{n}", Parameter.POSITIONAL_OR_KEYWORD) for n in range(len(given))]
    function.__signature__ = Signature(names)  # type: ignore[attr-defined]
    return function, (tuple(one.type() for one in given), gives), given
