"""SQLite, read by hand; its queries by sqlglot. Versions: 3.x, of which ALTER TABLE depends."""

from cdkit.migrations.engine import Dialect, Engine


def _dialect() -> Dialect:
    from cdkit.migrations.sqlite.dialect import DIALECT

    return DIALECT


ENGINE = Engine(
    title="SQLite",
    aliases=("sqlite3",),
    versions=((3,),),
    grammar="SQLite reader",
    dialect=_dialect,
)
