"""Reading statements that run rather than define: DML, settings, transactions, maintenance."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_relation
from cdkit.migrations.postgres.objects import option_given
from cdkit.migrations.postgres.prints import nodes
from cdkit.migrations.postgres.tree import Json, Node, RangeVar, literal
from cdkit.migrations.rolled_back import Savepoint
from cdkit.migrations.statement import Statement

_SAVEPOINTS = {"SAVEPOINT": "SAVEPOINT", "RELEASE": "RELEASE", "ROLLBACK_TO": "ROLLBACK TO"}
_LOCKS = {
    1: "ACCESS SHARE", 2: "ROW SHARE", 3: "ROW EXCLUSIVE", 4: "SHARE UPDATE EXCLUSIVE",
    5: "SHARE", 6: "SHARE ROW EXCLUSIVE", 7: "EXCLUSIVE", 8: "ACCESS EXCLUSIVE",
}  # fmt: skip
"""PostgreSQL's lockdefs.h."""


_COLUMN = b'"ColumnRef"'
"""What a condition must hold to leave any row out: `WHERE true` leaves out none."""


class _Write(
    Struct,
    frozen=True,
    rename={
        "condition": "whereClause",
        "cte": "withClause",
        "rows": "selectStmt",
        "conflict": "onConflictClause",
    },
):
    relation: RangeVar | None = None
    condition: Raw = Raw()
    rows: Raw = Raw()
    cte: Json | None = None
    conflict: "_Conflict | None" = None
    query: Json | None = None
    is_from: bool = False
    targets: tuple["_Target", ...] = msgspec.field(name="targetList", default=())
    clauses: tuple[Json, ...] = msgspec.field(name="mergeWhenClauses", default=())


class _Column(Struct, frozen=True):
    name: str = ""


class _Target(Struct, frozen=True):
    column: _Column = msgspec.field(name="ResTarget", default=_Column())


class _Conflict(Struct, frozen=True):
    targets: tuple[_Target, ...] = msgspec.field(name="targetList", default=())


class _Truncate(Struct, frozen=True):
    relations: tuple[Node, ...] = ()


class _Lock(Struct, frozen=True):
    relations: tuple[Node, ...] = ()
    mode: int = 8


class _Set(Struct, frozen=True):
    kind: str = ""
    name: str = ""
    args: tuple[Json, ...] = ()
    is_local: bool = False


class _Transaction(Struct, frozen=True):
    kind: str
    savepoint_name: str = ""


class _Vacuum(Struct, frozen=True):
    options: tuple[Node, ...] = ()
    rels: tuple[Node, ...] = ()
    is_vacuumcmd: bool = False


class _OnRelation(Struct, frozen=True):
    kind: str = ""
    name: str = ""
    relation: RangeVar | None = None
    params: tuple[Node, ...] = ()
    concurrent: bool = False
    skipData: bool = False  # noqa: N815 - PostgreSQL's own name


def _where(statement: Statement) -> dict[str, Any]:
    return {"statement": statement, "at": statement.start}


_CATALOGUES_WORDS = """
    pg_aggregate pg_am pg_attrdef pg_attribute pg_auth_members pg_authid pg_cast pg_class
    pg_collation pg_constraint pg_database pg_db_role_setting pg_default_acl pg_depend
    pg_description pg_enum pg_event_trigger pg_extension pg_foreign_server pg_foreign_table pg_index
    pg_inherits pg_init_privs pg_language pg_namespace pg_opclass pg_operator pg_partitioned_table
    pg_policy pg_proc pg_publication pg_publication_rel pg_range pg_rewrite pg_roles pg_sequence
    pg_settings pg_shadow pg_statistic pg_tablespace pg_trigger pg_type pg_user_mapping
"""
_CATALOGUES = frozenset(_CATALOGUES_WORDS.split())
"""Tables that hold the schema itself (PostgreSQL manual, chapter 53)."""


def _is_catalogue(relation: RangeVar) -> bool:
    return relation.schemaname in {"", "pg_catalog"} and relation.relname in _CATALOGUES


def write(statement: Statement) -> Iterator[Operation]:
    """Read INSERT, UPDATE, DELETE, MERGE and COPY, and the writes inside a WITH."""
    written = statement.read(_Write)
    verb = statement.kind.removesuffix("Stmt").upper()
    if written.cte:
        yield from written_in(statement, written.cte)
    if written.relation is None and set(written.query or {}) - {"SelectStmt"}:
        yield op.Unread(
            **_where(statement),
            what="COPY of what a write returns cannot be read",
            remedy="write the statements out",
        )
        return
    if written.relation and _is_catalogue(written.relation):
        yield op.Unread(
            **_where(statement),
            what=f"this {verb} changes the schema in {written.relation.relname} itself",
            remedy="say it by ALTER: nobody can tell from here what the catalogue then holds",
        )
        return
    if written.relation is None or (verb == "COPY" and not written.is_from):
        yield op.Harmless(**_where(statement))
        return
    merged = tuple(_merged(statement, written)) if written.clauses else ()
    if (
        merged
        and {each.verb for each in merged} == {"DELETE"}
        and len(merged) == len(_acting(written))
    ):
        yield from merged
        return
    yield op.WriteRows(
        **_where(statement),
        table=of_relation(written.relation),
        verb=verb,
        guarded=verb not in {"UPDATE", "DELETE"} or _COLUMN in bytes(written.condition),
        columns=_columns(written.targets),
        reads=read_by(bytes(written.rows)) if written.rows else (),
    )
    yield from merged
    if written.conflict and (columns := _columns(written.conflict.targets)):
        where = {**_where(statement), "table": of_relation(written.relation)}
        yield op.WriteRows(**where, verb="UPDATE", columns=columns)


_FROM = b'"fromClause"'


def read_by(query: bytes) -> tuple[Name, ...]:
    """Return the tables and views that a query, as JSON, takes its rows from; of VALUES none."""
    if _FROM not in query:
        return ()
    select = msgspec.json.decode(query).get("SelectStmt", {})
    return tuple(
        of_relation(msgspec.convert(each, RangeVar))
        for part in _parts(select)
        for each in nodes(part.get("fromClause", []), "RangeVar")
    )


def _parts(select: Json) -> Iterator[Json]:
    """Yield the queries of a UNION and the like, or the query itself."""
    sides = [select[side] for side in ("larg", "rarg") if side in select]
    for side in sides:
        yield from _parts(side)
    if not sides:
        yield select


def _columns(targets: tuple[_Target, ...]) -> tuple[str, ...]:
    return tuple([each.column.name for each in targets])


def _acting(written: _Write) -> list[Json]:
    """Return the clauses of a MERGE that do something."""
    clauses = [each.get("MergeWhenClause", {}) for each in written.clauses]
    nothing = {"", "CMD_NOTHING"}
    return [each for each in clauses if each.get("commandType", "") not in nothing]


def _merged(statement: Statement, written: _Write) -> Iterator[op.WriteRows]:
    """Yield what a MERGE deletes and updates of what was there, which is what its join matches."""
    for does in _acting(written):
        targets = msgspec.convert(does.get("targetList", ()), tuple[_Target, ...])
        verb = str(does.get("commandType", "")).removeprefix("CMD_")
        if verb in {"UPDATE", "DELETE"} and written.relation:
            yield op.WriteRows(
                **_where(statement),
                table=of_relation(written.relation),
                verb=verb,
                columns=_columns(targets),
            )


def written_in(statement: Statement, cte: Json | None) -> Iterator[Operation]:
    """Yield the writes in a WITH clause."""
    for each in (cte or {}).get("ctes", []):
        query: Json = each.get("CommonTableExpr", {}).get("ctequery", {})
        for kind, node in query.items():
            verb = kind.removesuffix("Stmt").upper()
            if verb in {"INSERT", "UPDATE", "DELETE", "MERGE"}:
                yield from written_in(statement, node.get("withClause"))
                relation = msgspec.convert(node.get("relation", {}), RangeVar)
                yield op.WriteRows(
                    **_where(statement),
                    table=of_relation(relation),
                    verb=verb,
                    guarded=verb not in {"UPDATE", "DELETE"}
                    or _COLUMN in msgspec.json.encode(node.get("whereClause")),
                )


def truncate(statement: Statement) -> Iterator[Operation]:
    """Read TRUNCATE."""
    for node in statement.read(_Truncate).relations:
        if node.relation:
            yield op.Truncate(**_where(statement), table=of_relation(node.relation))


def lock(statement: Statement) -> Iterator[Operation]:
    """Read LOCK TABLE."""
    locked = statement.read(_Lock)
    for node in locked.relations:
        if node.relation:
            yield op.LockTable(
                **_where(statement),
                table=of_relation(node.relation),
                lock=_LOCKS.get(locked.mode, "ACCESS EXCLUSIVE"),
            )


def setting(statement: Statement) -> Iterator[Operation]:
    """Read SET and RESET; an unknown value counts as none."""
    given = statement.read(_Set)
    value = ",".join(literal(each) or "" for each in given.args)
    name = "all" if given.kind == "VAR_RESET_ALL" else given.name.lower()
    yield op.SetVariable(**_where(statement), name=name, value=value, local=given.is_local)


def transaction(statement: Statement) -> Iterator[Operation]:
    """Read BEGIN, COMMIT and ROLLBACK, and savepoints."""
    done = statement.read(_Transaction)
    kind = done.kind.removeprefix("TRANS_STMT_")
    if kind in {"BEGIN", "START"}:
        yield op.Transaction(**_where(statement), opens=True)
    elif kind in {"COMMIT", "ROLLBACK", "PREPARE"}:
        yield op.Transaction(**_where(statement), opens=False, undone=kind == "ROLLBACK")
    elif kind in _SAVEPOINTS:
        yield Savepoint(**_where(statement), action=_SAVEPOINTS[kind], name=done.savepoint_name)
    elif kind == "COMMIT_PREPARED":
        yield op.Unread(
            **_where(statement),
            what="COMMIT PREPARED does what was prepared elsewhere",
            remedy="write the statements out",
        )
    else:
        yield op.Harmless(**_where(statement))


def vacuum(statement: Statement) -> Iterator[Operation]:
    """Read VACUUM and ANALYZE; VACUUM FULL copies the table."""
    cleaned = statement.read(_Vacuum)
    if not cleaned.is_vacuumcmd:
        yield op.Harmless(**_where(statement))
        return
    yield op.Standalone(**_where(statement), action="VACUUM")
    if option_given(cleaned.options, "full"):
        relations = [node.vacuumed or {} for node in cleaned.rels] or [{}]
        for each in relations:
            relation = msgspec.convert(each.get("relation", {}), RangeVar)
            yield op.RewriteTable(
                **_where(statement), table=of_relation(relation), action="VACUUM FULL"
            )


def cluster(statement: Statement) -> Iterator[Operation]:
    """Read CLUSTER."""
    relation = statement.read(_OnRelation).relation or RangeVar()
    yield op.RewriteTable(**_where(statement), table=of_relation(relation), action="CLUSTER")


def reindex(statement: Statement) -> Iterator[Operation]:
    """Read REINDEX."""
    done = statement.read(_OnRelation)
    named = of_relation(done.relation) if done.relation else Name("", done.name)
    yield op.Reindex(
        **_where(statement),
        kind=done.kind.removeprefix("REINDEX_OBJECT_").lower(),
        name=named,
        concurrently=option_given(done.params, "concurrently"),
    )


class _Explain(Struct, frozen=True):
    options: tuple[Node, ...] = ()


def explain(statement: Statement) -> Iterator[Operation]:
    """Read EXPLAIN, which runs nothing but with ANALYZE."""
    if not option_given(statement.read(_Explain).options, "analyze"):
        yield op.Harmless(**_where(statement))
        return
    yield op.Unread(
        **_where(statement),
        what="EXPLAIN ANALYZE runs what it explains, which is not read",
        remedy="leave it out, or write the statement itself",
    )


def refresh(statement: Statement) -> Iterator[Operation]:
    """Read REFRESH MATERIALIZED VIEW."""
    done = statement.read(_OnRelation)
    yield op.Refresh(
        **_where(statement),
        view=of_relation(done.relation or RangeVar()),
        concurrently=done.concurrent,
        empties=done.skipData,
    )


def standalone(statement: Statement) -> Iterator[Operation]:
    """Read what no transaction may hold and what breaks nobody."""
    words = statement.source.split(None, 2)[:2]
    yield op.Standalone(**_where(statement), action=" ".join(words).upper())
