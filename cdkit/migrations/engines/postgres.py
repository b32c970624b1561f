"""PostgreSQL, read by its own grammar (libpg_query). Versions: those of docs/, 12 to 18.

19 came out on 2026-11-19 (its release notes, E.1): what it adds to the grammar is refused here as a
syntax error, which is "cannot tell"; what it takes of the rest is judged as 18 would do it.
"""

from cdkit.migrations.engine import Dialect, Engine


def _dialect() -> Dialect:
    from cdkit.migrations.postgres.comments import comments
    from cdkit.migrations.postgres.locks import lock_of
    from cdkit.migrations.postgres.other_locks import other_locks
    from cdkit.migrations.postgres.parser import parse
    from cdkit.migrations.postgres.read import operations, routine
    from cdkit.migrations.postgres.spread import parse_each, parts
    from cdkit.migrations.postgres.types import change
    from cdkit.migrations.postgres.volatility import is_harmless_call

    return Dialect(
        parse=lambda text, sql, _server, processes: parse(
            text, processes, data=sql, read=operations
        ),
        operations=lambda one: operations(one) if one.does is None else one.does,
        routine=routine,
        comments=comments,
        lock_of=lambda operation, schema, _server: lock_of(operation, schema),
        other_locks=other_locks,
        change=change,
        harmless=is_harmless_call,
        parse_each=parse_each,
        parts=parts,
    )


ENGINE = Engine(
    title="PostgreSQL",
    aliases=("postgresql", "pg"),
    versions=((12,), (13,), (14,), (15,), (16,), (17,), (18,)),
    newer=((19,),),
    grammar="PostgreSQL 18 grammar",
    path="public",
    dialect=_dialect,
)
