"""MariaDB, read by hand; its queries by sqlglot. Versions: 10.5 to 11, those still looked after."""

from cdkit.migrations.engine import Dialect, Engine


def _dialect() -> Dialect:
    from cdkit.migrations.mysql.dialect import DIALECT

    return DIALECT


ENGINE = Engine(
    title="MariaDB",
    aliases=("maria",),
    versions=((10, 5), (10, 6), (10, 11), (11,)),
    grammar="MariaDB reader",
    dialect=_dialect,
)
