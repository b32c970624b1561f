"""What a way back does to data: what the new version wrote, and what was there before it."""

from collections.abc import Iterator

from msgspec import Struct

from cdkit.core.finding import Confidence, Severity
from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Column, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema


class Loss(Struct, frozen=True, kw_only=True):
    """What happens to which data.

    `loses` says that values are gone once it has run, `empties` that they are not brought back.
    """

    what: str
    about: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    loses: bool = True
    empties: bool = False


def losses_of(
    operation: Operation, start: Schema, after: Schema, there: Schema, *, narrows: bool
) -> Iterator[Loss]:
    """Yield what an operation of a way back does to data; a schema goes with its tables.

    `start` is the schema before the migration, `after` after it (where what it made is new),
    `there` as the way back has made it so far (where what that made is new); `narrows`: the rules
    say that a change of type is no widening.
    """
    match operation:
        case op.AddColumn(table=table, column=column):
            found = _brought_back(table, column, start, after)
        case op.CreateTable(table=table):
            found = _made_again(table, start, after)
        case op.DropObject(kind="schema", name=schema):
            inside = (name for name in there.tables if name.schema == schema.name)
            yield from filter(None, (_dropped_table(name, after, there) for name in inside))
            return
        case _:
            found = _taken(operation, after, there)
            found = found or _refused(operation, after, there, narrows=narrows)
    if found:
        yield found


def _taken(operation: Operation, after: Schema, there: Schema) -> Loss | None:
    """Return which values an operation takes away."""
    match operation:
        case op.DropColumn(table=table, column=column):
            return _dropped_column(table, column, after, there)
        case op.DropObject(kind="table", name=name):
            return _dropped_table(name, after, there)
        case op.Truncate(table=table) | op.WriteRows(table=table):
            return _rows(operation, table, after, there)
        case _:
            return None


def _refused(operation: Operation, after: Schema, there: Schema, *, narrows: bool) -> Loss | None:
    """Return which values of the new version an operation cannot live with."""
    match operation:
        case op.ChangeType(table=table, column=column, type=new) if narrows:
            old = there.column(table, column)
            what = f"turns {table}.{column} back{f' from {old.type}' if old else ''} to {new}"
            return _refusing(f"{what}: what the new version wrote may not fit", table, column)
        case op.SetNotNull(table=table, column=column) if _is_null_now(table, column, there):
            what = f"makes {table}.{column} NOT NULL again: it fails where the new version wrote"
            return _refusing(f"{what} null", table, column)
        case op.AddConstraint(table=table, constraint=made):
            if _is_new(table, after, there) or made.kind == "not null" or not made.valid:
                return None
            what = f"puts a {made.kind} constraint on {table} again: it fails where the new"
            return _refusing(f"{what} version wrote against it", table, made.name)
        case _:
            return None


def _made_again(name: Name, start: Schema, after: Schema) -> Loss | None:
    if not start.table(name) or after.table(name):
        return None
    what = f"brings back the table {name} without its rows"
    return Loss(what=what, about=str(name), severity=Severity.LOW, loses=False, empties=True)


def _refusing(what: str, table: Name, name: str) -> Loss:
    about = f"{table}.{name}" if name else str(table)
    return Loss(what=what, about=about, severity=Severity.LOW, loses=False)


def _is_new(table: Name, after: Schema, there: Schema) -> bool:
    """Whether the migration, or its way back, made a table."""
    return there.is_new_table(table) or after.is_new_table(table)


def _dropped_column(table: Name, column: str, after: Schema, there: Schema) -> Loss | None:
    found, about = there.column(table, column), f"{table}.{column}"
    if there.is_new_column(table, column) or (found and found.generated):
        return None
    if after.is_new_column(table, column):
        what = f"drops {about}: what the new version wrote there is lost"
        return Loss(what=what, about=about, severity=Severity.INFO)
    return _from_before(f"drops {about}, which was there before the migration", about, there, table)


def _dropped_table(name: Name, after: Schema, there: Schema) -> Loss | None:
    about = str(name)
    if there.is_new_table(name):
        return None
    if after.is_new_table(name):
        what = f"drops the table {name}: what the new version wrote there is lost"
        return Loss(what=what, about=about, severity=Severity.INFO)
    what = f"drops the table {name}, which was there before the migration"
    return _from_before(what, about, there, name)


def _from_before(what: str, about: str, there: Schema, table: Name) -> Loss:
    sure = there.table(table) is not None
    return Loss(
        what=f"{what}: its data is lost for good",
        about=about,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
    )


def _rows(
    operation: op.Truncate | op.WriteRows, table: Name, after: Schema, there: Schema
) -> Loss | None:
    if _is_new(table, after, there):
        return None
    if isinstance(operation, op.WriteRows):
        if operation.verb == "UPDATE":
            what = f"writes over rows of {table}: what the new version wrote there is lost"
            return Loss(what=what, about=str(table), severity=Severity.INFO)
        if operation.verb != "DELETE":
            return None
        if operation.guarded:
            what = f"deletes rows of {table}, those that the new version wrote among them"
            return Loss(what=what, about=str(table), severity=Severity.LOW)
    what = f"empties {table}, which was there before the migration"
    return _from_before(what, str(table), there, table)


def _brought_back(table: Name, column: Column, start: Schema, after: Schema) -> Loss | None:
    if not start.column(table, column.name) or after.column(table, column.name):
        return None
    about = f"{table}.{column.name}"
    filled = column.default or column.identity or column.serial or column.generated
    if column.not_null and not filled:
        what = f"brings back {about} as NOT NULL without a default: it fails where there are rows"
        return Loss(what=what, about=about, severity=Severity.MEDIUM, loses=False, empties=True)
    what = f"brings back {about} without the values that it held"
    return Loss(what=what, about=about, severity=Severity.LOW, loses=False, empties=True)


def _is_null_now(table: Name, column: str, there: Schema) -> bool:
    found = there.column(table, column)
    return found is None or not found.not_null
