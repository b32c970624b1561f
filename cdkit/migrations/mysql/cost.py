"""Which kinds of change (the keys of `ways.FACTS`) the parts of an ALTER TABLE are."""

from collections.abc import Iterator

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn, ChangeOption
from cdkit.migrations.engine import Server
from cdkit.migrations.mysql.refine import effective
from cdkit.migrations.mysql.types import change, collated, extends, wider_store
from cdkit.migrations.mysql.ways import ALGORITHMS, LOCKS, Way, is_structural, worst
from cdkit.migrations.nouns import Column, Type
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Table

_OFF = frozenset({"0", "off", "false"})
_OPTIONS = {
    "ENGINE": "rebuilds the table",
    "FORCE": "rebuilds the table",
    "ROW_FORMAT": "changes how rows are kept",
    "KEY_BLOCK_SIZE": "changes how rows are kept",
    "PAGE_COMPRESSED": "changes how rows are kept",
    "ENCRYPTION": "changes the engine",
    "ENCRYPTED": "changes how rows are kept",
    "COMPRESSION": "changes a setting of the table",
    "TABLESPACE": "changes how rows are kept",
    "ORDER BY": "orders the rows",
    "CONVERT TO CHARACTER SET": "converts the character set",
    "CHARACTER SET": "sets the character set of columns to come",
    "COLLATE": "sets the character set of columns to come",
    "ADD SYSTEM VERSIONING": "adds or drops system versioning",
    "DROP SYSTEM VERSIONING": "adds or drops system versioning",
    "ALTER INDEX": "hides or shows an index",
    "COLUMN VISIBLE": "hides or shows a column",
    "COLUMN INVISIBLE": "hides or shows a column",
    "DISABLE KEYS": "switches keys off or on",
    "ENABLE KEYS": "switches keys off or on",
    "DISCARD TABLESPACE": "swaps the table's file",
    "IMPORT TABLESPACE": "swaps the table's file",
    "PARTITION BY": "partitions the table",
    "REMOVE PARTITIONING": "partitions the table",
    "ADD PARTITION": "adds a partition",
    "DROP PARTITION": "drops a partition",
    "TRUNCATE PARTITION": "drops a partition",
    "EXCHANGE PARTITION": "drops a partition",
    "ANALYZE PARTITION": "changes nothing that is stored",
    "CHECK PARTITION": "changes nothing that is stored",
}


_PLAIN: dict[type[Operation], str] = {
    op.RenameColumn: "renames a column",
    op.SetDefault: "changes nothing that is stored",
    op.DropDefault: "changes nothing that is stored",
    op.DropObject: "drops an index",
    op.RenameTable: "renames the table",
    op.RenameObject: "renames the table",
}


def kinds_of(whole: AlterTable, schema: Schema) -> tuple[str, ...] | None:
    """Return which kinds of change an ALTER TABLE is; None where a part of it is not read."""
    table = schema.table(whole.table)
    found: list[str] = []
    for part in whole.parts:
        if isinstance(part, op.Unread):
            return None
        found += _kinds(part, whole, table, schema)
    if "drops the primary key" in found and "adds a primary key" in found:
        found = ["replaces the primary key" if "primary key" in x else x for x in found]
    return tuple(dict.fromkeys(found))


def way(whole: AlterTable, schema: Schema, server: Server) -> Way | None:
    """Return how the server does an ALTER TABLE at best; None where that is not known."""
    kinds = kinds_of(whole, schema)
    if kinds is None:
        return None
    table, best = schema.table(whole.table), worst(kinds, server)
    options = table.options if table else {}
    if options.get("ENGINE", "").lower() in _COPYING and not _UNCOPIED.issuperset(kinds):
        return Way("COPY", "SHARED", True)
    compressed = options.get("ROW_FORMAT", "").upper() == "COMPRESSED"
    if compressed and best.algorithm in {"INSTANT", "NOCOPY"} and any(map(is_structural, kinds)):
        return Way("INPLACE", best.lock, True)
    return best


_COPYING = frozenset({"myisam", "aria", "memory", "heap", "csv", "archive", "merge", "mrg_myisam"})
"""Engines that do nothing in place but what a table's definition says alone."""
_UNCOPIED = frozenset(
    {"changes nothing that is stored", "changes a setting of the table", "renames a column"}
    | {"renames an index", "renames the table", "appends to an enum or set"}
    | {"switches keys off or on", "hides or shows an index", "hides or shows a column"}
)


def asked(whole: AlterTable, best: Way) -> Way:
    """Return how an ALTER TABLE is done when it asks for a slower way than it needs."""
    slower = whole.algorithm in ALGORITHMS and whole.algorithm == "COPY" != best.algorithm
    done = Way("COPY", "SHARED", True) if slower else best
    stronger = whole.lock in LOCKS and LOCKS.index(whole.lock) > LOCKS.index(done.lock)
    return Way(done.algorithm, whole.lock, done.rebuilds) if stronger else done


def _kinds(
    part: Operation, whole: AlterTable, table: Table | None, schema: Schema
) -> Iterator[str]:
    match part:
        case op.AddColumn():
            yield from _added(part, table, schema)
        case op.DropColumn():
            yield _dropped(part, table, schema)
        case ChangeColumn():
            yield from _changed(part, table, schema)
        case op.AddConstraint():
            yield _constraint(part.constraint.kind, part.constraint.enforced, schema)
        case op.DropConstraint():
            yield _unconstrained(part.kind)
        case op.CreateIndex():
            yield _index(part, whole, schema)
        case ChangeOption():
            yield _option(part, table, schema)
        case _ if type(part) in _PLAIN:
            index = isinstance(part, op.RenameObject) and part.kind == "index"
            yield "renames an index" if index else _PLAIN[type(part)]
        case _:
            pass


def _unconstrained(kind: str) -> str:
    known = {"primary key": "drops the primary key", "foreign key": "drops a foreign key"}
    return known.get(kind, "drops a CHECK or a constraint")


def _constraint(kind: str, enforced: bool, schema: Schema) -> str:  # noqa: FBT001 - as it is read
    if kind == "primary key":
        return "adds a primary key"
    if kind == "check":
        return "adds a CHECK" if enforced else "changes nothing that is stored"
    unchecked = schema.settings.get("foreign_key_checks", "").lower() in _OFF
    return "adds a foreign key unchecked" if unchecked else "adds a foreign key"


def _index(part: op.CreateIndex, whole: AlterTable, schema: Schema) -> str:
    if part.form == "spatial":
        return "adds a spatial index"
    if part.form != "fulltext":
        return "adds an index"
    first = next((x for x in whole.parts if isinstance(x, op.CreateIndex) and x.form), part)
    known = _has_fulltext(part, schema) or first is not part
    return "adds a fulltext index" if known else "adds the first fulltext index"


def _has_fulltext(part: op.OnTable, schema: Schema) -> bool:
    full = schema.full(part.table)
    return any(each.table == full and each.form == "fulltext" for each in schema.indexes.values())


def _generated(table: Table | None) -> bool:
    return table is not None and any(column.generated for column in table.columns.values())


def _added(part: op.AddColumn, table: Table | None, schema: Schema) -> Iterator[str]:
    yield _new_column(part, table, schema)
    yield from _with_column(part.column, schema)


def _with_column(column: Column, schema: Schema) -> Iterator[str]:
    for constraint in column.constraints:
        if constraint.kind == "unique":
            yield "adds an index"
        elif constraint.kind == "check":
            yield "adds a CHECK with its column"
        else:
            yield _constraint(constraint.kind, constraint.enforced, schema)


def _new_column(part: op.AddColumn, table: Table | None, schema: Schema) -> str:
    column, given = part.column, part.column.default
    if column.generated:
        stored = column.generated == "stored"
        return "adds a stored generated column" if stored else "adds a virtual column"
    if column.serial:
        return "adds an AUTO_INCREMENT column"
    if given and not given.constant:
        return (
            f"adds a column with a {'computed default' if given.calls else 'constant expression'}"
        )
    if _has_fulltext(part, schema):
        return "rebuilds a table with a fulltext index"
    if part.place:
        beside = _generated(table)
        last = "before others beside generated ones" if beside else "that is not the last"
        return f"adds a column {last}"
    return "adds a column at the end"


def _dropped(part: op.DropColumn, table: Table | None, schema: Schema) -> str:
    full, column = schema.full(part.table), schema.column(part.table, part.column)
    if column and column.generated:
        stored = column.generated == "stored"
        return "drops a stored generated column" if stored else "drops a virtual column"
    indexes = (each for each in schema.indexes.values() if each.table == full)
    keyed = table is not None and any(part.column in index.columns for index in indexes)
    return "drops a column that is in an index" if keyed else "drops a column"


def _changed(part: ChangeColumn, table: Table | None, schema: Schema) -> Iterator[str]:
    old, new = schema.column(part.table, part.column), part.new
    if part.column != new.name:
        yield "renames a column"
    if part.place:
        yield "moves a column"
    yield from _with_column(new, schema)
    if old is None:
        # Nobody here knows what it was: the name alone may change, or everything.
        yield "changes a type"
        return
    yield from _retyped(part, old, schema)
    if old.generated != new.generated or old.expression != new.expression:
        yield "changes a generated column"
    if new.serial and not old.serial:
        yield "changes a column's AUTO_INCREMENT"
    if old.not_null and not new.not_null and not (table and table.has_key_of(part.column)):
        yield "makes a column nullable"
    if new.not_null and not old.not_null:
        beside = " beside generated ones" if _generated(table) else ""
        yield f"makes a column NOT NULL{beside}"
    if effective(old) != effective(new) or old.comment != new.comment:
        yield "changes nothing that is stored"
    if old.invisible != new.invisible:
        yield "hides or shows a column"


def _retyped(part: ChangeColumn, old: Column, schema: Schema) -> Iterator[str]:
    before, after = old.type, part.new.type
    if before.name in {"enum", "set"} and after.name == before.name:
        if before.values != after.values:
            kept = after.values[: len(before.values)] == before.values
            appended = kept and not wider_store(before, after)
            what = "appends to an enum or set"
            yield what if appended else "changes the values of an enum or set"
    elif change(before, after).rewrites:
        yield "changes a type"
        return
    elif change(before, after).fares == "same" and before.modifiers != after.modifiers:
        yield extends(before, after, charset_of(part, schema))
    yield from _recoded(part, before, after, schema)


def charset_of(part: op.OnTable, schema: Schema) -> str:
    """Return the character set of a table's columns that say none; utf8mb4 where nobody says."""
    table = schema.table(part.table)
    return (table.options.get("CHARACTER SET", "") if table else "") or "utf8mb4"


def _recoded(part: ChangeColumn, before: Type, after: Type, schema: Schema) -> Iterator[str]:
    usual, table = charset_of(part, schema), schema.table(part.table)
    options = table.options if table else {}
    (old, was), (new, now) = (collated(kind, options) for kind in (before, after))
    old, new = old or usual, new or usual
    if old in {"utf8", "utf8mb3"} and new == "utf8mb4":
        yield "changes utf8mb3 to utf8mb4"
    elif old != new and {old, new} != {"utf8", "utf8mb3"}:
        yield "changes a character set"
    elif was != now:
        full = schema.full(part.table)
        indexes = (each for each in schema.indexes.values() if each.table == full)
        keyed = any(part.column in index.columns for index in indexes)
        yield f"changes a collation{' of an index' if keyed else ''}"


def _option(part: ChangeOption, table: Table | None, schema: Schema) -> str:
    option = part.option
    if option == "ENGINE":
        before = table.options.get("ENGINE", "") if table else ""
        if part.value.lower() != (before or "innodb").lower():
            return "changes the engine"
    if option in {"ENGINE", "FORCE"} and _has_fulltext(part, schema):
        return "rebuilds a table with a fulltext index"
    if option == "ADD PARTITION" and table and _spreads(table.options.get("PARTITION BY", "")):
        return "reorganizes partitions"
    if option.endswith(" PARTITION") and option not in _OPTIONS:
        return "reorganizes partitions"
    return _OPTIONS.get(option, "changes a setting of the table")


def _spreads(partitioned: str) -> bool:
    """Whether rows are spread over all partitions there are: another one gets some of each."""
    words = partitioned.upper().replace("(", " ").split()[:3]
    return not {"HASH", "KEY"}.isdisjoint(words)
