"""MySQL, read by hand; its queries by sqlglot. Versions: 5.7 to 9, the manuals of Oracle."""

from cdkit.migrations.engine import Dialect, Engine


def _dialect() -> Dialect:
    from cdkit.migrations.mysql.dialect import DIALECT

    return DIALECT


ENGINE = Engine(
    title="MySQL",
    versions=((5, 7), (8, 0), (8, 4), (9,)),
    grammar="MySQL reader",
    dialect=_dialect,
)
