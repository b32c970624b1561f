"""What a migration does, in words of our own: the nouns that rules and the model speak.

A reader (`postgres/`) turns a grammar's trees into these, so that a rule never sees a tree.
"""

from msgspec import Struct

from cdkit.migrations.nouns import (
    Column,
    Constraint,
    Default,
    Function,
    Name,
    Policy,
    Query,
    Trigger,
    Type,
)
from cdkit.migrations.statement import Statement


class Operation(Struct, frozen=True, kw_only=True, tag_field="does", tag=True, omit_defaults=True):
    """One thing that a statement does; `at` is the byte of its clause in the file.

    Its tag says which it is where operations pass from one process to another.
    """

    statement: Statement
    at: int


class OnTable(Operation, frozen=True, kw_only=True):
    """Something that is done to a table that exists."""

    table: Name


class CreateTable(Operation, frozen=True, kw_only=True):
    """CREATE TABLE. Without `columns_known` the columns come from elsewhere (AS, LIKE).

    `like` is the table that all columns are copied from, `takes` what goes along (`defaults`, …);
    `indexes` stand inside it, `options` behind it (MySQL: engine, charset). `bound` says which rows
    a partition takes (a fingerprint, or `DEFAULT`), `keyed` by which columns it is partitioned,
    `reads` the tables that it is filled from (AS).
    """

    table: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False
    parents: tuple[Name, ...] = ()
    partition: bool = False
    partitioned: bool = False
    bound: str = ""
    keyed: tuple[str, ...] = ()
    columns_known: bool = True
    like: Name | None = None
    takes: frozenset[str] = frozenset(
        {"defaults", "indexes", "constraints", "identity", "generated"}
    )
    reads: tuple[Name, ...] = ()
    indexes: tuple["CreateIndex", ...] = ()
    options: dict[str, str] = {}


class AddColumn(OnTable, frozen=True, kw_only=True):
    """ADD COLUMN; or ADD ATTRIBUTE, of a composite type (`attribute`).

    `place` is `FIRST`, or the column that it comes after; empty: the last.
    """

    column: Column
    if_not_exists: bool = False
    attribute: bool = False
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
    """ALTER COLUMN TYPE. `using` makes the new value, as SQL; `by_text` by way of text."""

    column: str
    type: Type
    using: str = ""
    by_text: bool = False
    collation: str = ""


class SetNotNull(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN SET NOT NULL."""

    column: str


class DropNotNull(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN DROP NOT NULL."""

    column: str


class SetDefault(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN SET DEFAULT; `view` where it says itself that it is a view's column."""

    column: str
    default: Default
    view: bool = False


class DropDefault(OnTable, frozen=True, kw_only=True):
    """ALTER COLUMN DROP DEFAULT."""

    column: str


class ChangeIdentity(OnTable, frozen=True, kw_only=True):
    """ADD, SET or DROP of an identity or a generation expression; `action` is how SQL says it.

    `always` says that it refuses a value of one's own, `starts` that it says where it begins.
    """

    column: str
    action: str
    always: bool = False
    starts: bool = False


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
    bound: str = ""
    concurrently: bool = False


class ChangeRowSecurity(OnTable, frozen=True, kw_only=True):
    """ENABLE, DISABLE or FORCE ROW LEVEL SECURITY; CREATE, ALTER or DROP POLICY."""

    action: str
    policy: Policy | None = None


class RewriteTable(OnTable, frozen=True, kw_only=True):
    """What copies a whole table: VACUUM FULL, CLUSTER, SET LOGGED, SET TABLESPACE and the like."""

    action: str


class ChangeTable(OnTable, frozen=True, kw_only=True):
    """A change of a table that breaks nobody, under a lock: storage, statistics, options.

    `options` are those that are switched on, `cleared` those that are off or reset.
    """

    action: str
    lock: str
    options: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()


class ChangeTrigger(OnTable, frozen=True, kw_only=True):
    """CREATE, DROP, ENABLE or DISABLE TRIGGER; CREATE RULE.

    `function` is what it calls, `body` code of its own; `event` the verb that a rule rewrites,
    `definition` a fingerprint of all that a rule is.
    """

    action: str
    name: str
    function: Name | None = None
    trigger: Trigger | None = None
    instead: bool = False
    event: str = ""
    body: str = ""
    definition: str = ""


class CreateIndex(OnTable, frozen=True, kw_only=True):
    """CREATE INDEX; `columns` holds an empty text for an expression.

    `where` and `expressions` are fingerprints; `only` the column that a WHERE asks to be true or
    not null; `fragile` says what in an expression can fail for some values. `form` is `fulltext`,
    `spatial` or empty; `unseen` says that the optimizer does not look at it.
    """

    name: str
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    where: str = ""
    only: str = ""
    fragile: str = ""
    form: str = ""
    unseen: bool = False


class DropObject(Operation, frozen=True, kw_only=True):
    """DROP of anything that has a name of its own; `kind` is its SQL word: table, index, view.

    `takes` are the types of a function's arguments; None where it has no namesake.
    """

    kind: str
    name: Name
    takes: tuple[Type, ...] | None = None
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False


class CreateObject(Operation, frozen=True, kw_only=True):
    """CREATE of a view, function, type, sequence, schema, extension …; `replace` is OR REPLACE.

    `body` is a function's source, `function` its declaration, `query` what a view shows, `options`
    what ALTER FUNCTION changes, `other_rows` that a view shows other ones, `labels` an enum's,
    `constraints` a domain's.
    """

    kind: str
    name: Name
    replace: bool = False
    body: str = ""
    function: Function | None = None
    query: Query | None = None
    options: tuple[str, ...] = ()
    other_rows: bool = False
    labels: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()


class RenameObject(Operation, frozen=True, kw_only=True):
    """RENAME TO or SET SCHEMA of anything but a table's own name; `table` for what is in one."""

    kind: str
    name: Name
    to: str
    table: Name | None = None
    moved: bool = False


class AddEnumValue(Operation, frozen=True, kw_only=True):
    """ALTER TYPE ADD VALUE; `place` is `BEFORE` or `AFTER` and a value."""

    type: Name
    value: str
    place: str = ""


class RenameEnumValue(Operation, frozen=True, kw_only=True):
    """ALTER TYPE RENAME VALUE."""

    type: Name
    value: str
    to: str


class ChangeSequence(Operation, frozen=True, kw_only=True):
    """ALTER SEQUENCE: `options` are what it changes."""

    sequence: Name
    options: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()


class Truncate(OnTable, frozen=True, kw_only=True):
    """TRUNCATE, one for each table that it names."""


class WriteRows(OnTable, frozen=True, kw_only=True):
    """INSERT, UPDATE, DELETE, MERGE or COPY; `guarded` where only some rows are meant.

    `columns` are those that an UPDATE sets, `reads` the tables that an INSERT takes its rows from.
    """

    verb: str
    guarded: bool = True
    columns: tuple[str, ...] = ()
    reads: tuple[Name, ...] = ()


class ChangeRole(Operation, frozen=True, kw_only=True):
    """ALTER or DROP ROLE, ALTER DATABASE or SYSTEM SET: what every later session gets.

    `values` are what a setting is set to.
    """

    role: str
    action: str
    values: tuple[str, ...] = ()


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
    """REFRESH MATERIALIZED VIEW; `empties` it, WITH NO DATA."""

    view: Name
    concurrently: bool = False
    empties: bool = False


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


class End(Operation, frozen=True, kw_only=True):
    """The end of a migration, which no statement is: `statement` is its last one."""


def columns_of(operation: CreateTable | AddColumn) -> tuple[Column, ...]:
    """Return the columns that an operation makes."""
    return operation.columns if isinstance(operation, CreateTable) else (operation.column,)
