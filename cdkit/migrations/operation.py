"""What a migration does, in words of our own: the nouns that rules and the model speak.

A reader (`postgres/`) turns a grammar's trees into these, so that a rule never sees a tree.
"""

from msgspec import Struct

from cdkit.migrations.nouns import Column, Constraint, Default, Name, Type
from cdkit.migrations.statement import Statement


class Operation(Struct, frozen=True, kw_only=True):
    """One thing that a statement does; `at` is the byte of its clause in the file."""

    statement: Statement
    at: int


class OnTable(Operation, frozen=True, kw_only=True):
    """Something that is done to a table that exists."""

    table: Name


class CreateTable(Operation, frozen=True, kw_only=True):
    """CREATE TABLE. Without `columns_known` the columns come from elsewhere (AS, LIKE).

    `indexes` are those written inside it, `options` what stands behind it (MySQL: engine, charset).
    """

    table: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False
    parents: tuple[Name, ...] = ()
    partition: bool = False
    columns_known: bool = True
    indexes: tuple["CreateIndex", ...] = ()
    options: dict[str, str] = {}


class AddColumn(OnTable, frozen=True, kw_only=True):
    """ADD COLUMN. `place` is `FIRST`, or the column that it comes after; empty: the last."""

    column: Column
    if_not_exists: bool = False
    place: str = ""


class DropColumn(OnTable, frozen=True, kw_only=True):
    """DROP COLUMN."""

    column: str
    if_exists: bool = False


class RenameColumn(OnTable, frozen=True, kw_only=True):
    """RENAME COLUMN."""

    column: str
    to: str


class ChangeType(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN TYPE. `using` is the expression that makes the new value, as SQL."""

    column: str
    type: Type
    using: str = ""
    collation: str = ""


class ChangeColumn(OnTable, frozen=True, kw_only=True):
    """MySQL's MODIFY and CHANGE: a column is defined anew, and what is not said again is gone.

    `old` is the column as the model has it; None where it is unknown.
    """

    column: str
    new: Column
    old: Column | None = None
    place: str = ""


class AlterTable(OnTable, frozen=True, kw_only=True):
    """A whole ALTER TABLE (or CREATE or DROP INDEX) of MySQL, whose parts follow by themselves.

    `algorithm` and `lock` are as asked for, empty where nothing is; `waits` says that it gives up
    waiting (MariaDB's WAIT and NOWAIT).
    """

    parts: tuple[Operation, ...]
    algorithm: str = ""
    lock: str = ""
    waits: bool = False


class ChangeOption(OnTable, frozen=True, kw_only=True):
    """A change of a table that is neither a column nor an index: `ROW_FORMAT`, `FORCE`, ….

    `option` is MySQL's word for it in capitals, `value` what it becomes.
    """

    option: str
    value: str = ""


class RebuildTable(OnTable, frozen=True, kw_only=True):
    """SQLite's rebuild: a table made anew, filled from the old one, under its name.

    `copied` are new columns by what fills them: an old column, or an empty text for an expression;
    `whole` where every row is copied; `recreated` the indexes and triggers that are made again.
    `aside` says that the old table was renamed first, so that what refers to it went along. On the
    schema that is there, `kept` are the old columns, `lost` the triggers that are not made again.
    """

    made: CreateTable
    copied: dict[str, str]
    whole: bool
    recreated: frozenset[str] = frozenset()
    aside: bool = False
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class SetNotNull(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN SET NOT NULL."""

    column: str


class DropNotNull(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN DROP NOT NULL."""

    column: str


class SetDefault(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN SET DEFAULT."""

    column: str
    default: Default


class DropDefault(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN DROP DEFAULT."""

    column: str


class ChangeIdentity(OnTable, frozen=True, kw_only=True):
    """ADD, SET or DROP of an identity or a generation expression; `action` is how SQL says it."""

    column: str
    action: str


class AddConstraint(OnTable, frozen=True, kw_only=True):
    """ADD CONSTRAINT."""

    constraint: Constraint


class DropConstraint(OnTable, frozen=True, kw_only=True):
    """DROP CONSTRAINT. `kind` is what it is where the statement says so: `foreign key`."""

    constraint: str
    kind: str = ""
    if_exists: bool = False


class ValidateConstraint(OnTable, frozen=True, kw_only=True):
    """VALIDATE CONSTRAINT."""

    constraint: str


class RenameTable(OnTable, frozen=True, kw_only=True):
    """RENAME TO, of a table."""

    to: str


class MovePartition(OnTable, frozen=True, kw_only=True):
    """ATTACH or DETACH PARTITION, INHERIT or NO INHERIT; `action` is which."""

    action: str
    other: Name
    concurrently: bool = False


class ChangeRowSecurity(OnTable, frozen=True, kw_only=True):
    """ENABLE, DISABLE or FORCE ROW LEVEL SECURITY; CREATE, ALTER or DROP POLICY."""

    action: str


class RewriteTable(OnTable, frozen=True, kw_only=True):
    """What copies a whole table: VACUUM FULL, CLUSTER, SET LOGGED, SET TABLESPACE and the like."""

    action: str


class ChangeTable(OnTable, frozen=True, kw_only=True):
    """A change of a table that breaks nobody, under a lock: storage, statistics, options."""

    action: str
    lock: str


class ChangeTrigger(OnTable, frozen=True, kw_only=True):
    """CREATE, DROP, ENABLE or DISABLE TRIGGER; CREATE RULE.

    `function` is what it calls; where it has code of its own, `body` is that.
    """

    action: str
    name: str
    function: Name | None = None
    body: str = ""


class CreateIndex(OnTable, frozen=True, kw_only=True):
    """CREATE INDEX; `columns` holds an empty text for an expression.

    `form` is `fulltext`, `spatial` or empty; `unseen` says that the optimizer does not look at it.
    """

    name: str
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    columns: tuple[str, ...] = ()
    form: str = ""
    unseen: bool = False


class DropObject(Operation, frozen=True, kw_only=True):
    """DROP of anything that has a name of its own; `kind` is its SQL word: table, index, view."""

    kind: str
    name: Name
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False


class CreateObject(Operation, frozen=True, kw_only=True):
    """CREATE of a view, function, type, sequence, schema, extension …; `replace` is OR REPLACE.

    `body` is a function's source. `other_rows` says that a view shows others than the one that it
    replaces.
    """

    kind: str
    name: Name
    replace: bool = False
    body: str = ""
    other_rows: bool = False


class RenameObject(Operation, frozen=True, kw_only=True):
    """RENAME TO or SET SCHEMA of anything but a table's own name; `table` for what is in one."""

    kind: str
    name: Name
    to: str
    table: Name | None = None
    moved: bool = False


class AddEnumValue(Operation, frozen=True, kw_only=True):
    """ALTER TYPE ADD VALUE."""

    type: Name
    value: str


class RenameEnumValue(Operation, frozen=True, kw_only=True):
    """ALTER TYPE RENAME VALUE."""

    type: Name
    value: str
    to: str


class ChangeSequence(Operation, frozen=True, kw_only=True):
    """ALTER SEQUENCE: `options` are what it changes."""

    sequence: Name
    options: tuple[str, ...]


class RestrictDomain(Operation, frozen=True, kw_only=True):
    """ALTER DOMAIN ADD CONSTRAINT or SET NOT NULL; `action` is which."""

    domain: Name
    action: str
    valid: bool = True


class Truncate(OnTable, frozen=True, kw_only=True):
    """TRUNCATE, one for each table that it names."""


class WriteRows(OnTable, frozen=True, kw_only=True):
    """INSERT, UPDATE, DELETE, MERGE or COPY; `guarded` where only some rows are meant."""

    verb: str
    guarded: bool = True


class Revoke(Operation, frozen=True, kw_only=True):
    """REVOKE, or a change of owner; `objects` of `kind` are what it is about."""

    action: str
    kind: str
    objects: tuple[Name, ...] = ()
    grantees: tuple[str, ...] = ()


class ChangeRole(Operation, frozen=True, kw_only=True):
    """ALTER or DROP ROLE, ALTER DATABASE or SYSTEM SET: what every later session gets."""

    role: str
    action: str


class SetVariable(Operation, frozen=True, kw_only=True):
    """SET, or set_config(); an empty value is RESET."""

    name: str
    value: str
    local: bool = False


class Transaction(Operation, frozen=True, kw_only=True):
    """BEGIN (`opens`), COMMIT or ROLLBACK."""

    opens: bool
    undone: bool = False


class Reindex(Operation, frozen=True, kw_only=True):
    """REINDEX, of a table, an index or more."""

    kind: str
    name: Name
    concurrently: bool = False


class Refresh(Operation, frozen=True, kw_only=True):
    """REFRESH MATERIALIZED VIEW."""

    view: Name
    concurrently: bool = False


class LockTable(OnTable, frozen=True, kw_only=True):
    """LOCK TABLE."""

    lock: str


class Call(Operation, frozen=True, kw_only=True):
    """A SELECT or a CALL, by the functions that it calls (their last names)."""

    functions: tuple[str, ...] = ()
    procedure: bool = False


class Standalone(Operation, frozen=True, kw_only=True):
    """A command that no transaction may hold and that breaks nobody: VACUUM, CREATE DATABASE."""

    action: str


class Harmless(Operation, frozen=True, kw_only=True):
    """What neither breaks nor blocks anybody: COMMENT, GRANT, ANALYZE."""


class Unread(Operation, frozen=True, kw_only=True):
    """What we cannot judge: code that makes its SQL as it runs, a statement unknown to us."""

    what: str
    remedy: str
