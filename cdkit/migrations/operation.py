"""What a migration does, in words of our own: the nouns that rules and the model speak.

A reader (`postgres/`) turns a grammar's trees into these, so that a rule never sees a tree.
"""

from msgspec import Struct

from cdkit.migrations.statement import Statement


class Name(Struct, frozen=True, order=True):
    """The name of a thing in a database: schema (empty: the search path's first) and name."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return it as people say it: the schema `public` goes without saying."""
        return self.name if self.schema in {"", "public"} else f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The name as SQL, quoted where it must be."""
        inside = quoted(self.name)
        return inside if self.schema in {"", "public"} else f"{quoted(self.schema)}.{inside}"


def quoted(name: str) -> str:
    """Return an identifier as SQL (PostgreSQL manual, 4.1.1)."""
    plain = name.isascii() and name.isidentifier() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'


class Type(Struct, frozen=True):
    """A column's type: its name (`int4`, `varchar`, `audit.money`), modifiers, whether an array.

    A modifier that is no whole number is None: nobody can compare it.
    """

    name: str
    modifiers: tuple[int | None, ...] = ()
    array: bool = False

    def __str__(self) -> str:
        """Return the type as SQL says it."""
        size = f"({', '.join('?' if m is None else str(m) for m in self.modifiers)})"
        return f"{self.name}{size if self.modifiers else ''}{'[]' if self.array else ''}"


class Default(Struct, frozen=True, kw_only=True):
    """A default: the functions that it calls, whether it is a constant, whether that is NULL."""

    calls: tuple[str, ...] = ()
    constant: bool = False
    null: bool = False


class Constraint(Struct, frozen=True, kw_only=True):
    """A constraint. `kind`: check, foreign key, unique, primary key, exclusion, not null.

    `index` names the existing index that it is made from (USING INDEX); `proves` the column that
    a CHECK (… IS NOT NULL) is about; `wants_value` says that a CHECK asks for one not to be null;
    `sql` is how it was written.
    """

    kind: str
    name: str = ""
    columns: tuple[str, ...] = ()
    references: Name | None = None
    valid: bool = True
    enforced: bool = True
    index: str = ""
    proves: str = ""
    wants_value: bool = False
    sql: str = ""
    at: int = 0


class Column(Struct, frozen=True, kw_only=True):
    """A column as it is written. `generated`: stored, virtual or empty; `serial` has a sequence."""

    name: str
    type: Type
    not_null: bool = False
    default: Default | None = None
    identity: bool = False
    generated: str = ""
    serial: bool = False
    constraints: tuple[Constraint, ...] = ()


class Operation(Struct, frozen=True, kw_only=True):
    """One thing that a statement does; `at` is the byte of its clause in the file."""

    statement: Statement
    at: int


class OnTable(Operation, frozen=True, kw_only=True):
    """Something that is done to a table that exists."""

    table: Name


class CreateTable(Operation, frozen=True, kw_only=True):
    """CREATE TABLE. Without `columns_known` the columns come from elsewhere (AS, LIKE)."""

    table: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False
    parents: tuple[Name, ...] = ()
    partition: bool = False
    columns_known: bool = True


class AddColumn(OnTable, frozen=True, kw_only=True):
    """ADD COLUMN."""

    column: Column
    if_not_exists: bool = False


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
    """DROP CONSTRAINT."""

    constraint: str
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
    """CREATE, DROP, ENABLE or DISABLE TRIGGER; CREATE RULE. `function` is what it calls."""

    action: str
    name: str
    function: Name | None = None


class CreateIndex(OnTable, frozen=True, kw_only=True):
    """CREATE INDEX; `columns` holds an empty text for an expression."""

    name: str
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    columns: tuple[str, ...] = ()


class DropObject(Operation, frozen=True, kw_only=True):
    """DROP of anything that has a name of its own; `kind` is its SQL word: table, index, view."""

    kind: str
    name: Name
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False


class CreateObject(Operation, frozen=True, kw_only=True):
    """CREATE of a view, function, type, sequence, schema, extension …; `replace` is OR REPLACE.

    `body` is a function's source.
    """

    kind: str
    name: Name
    replace: bool = False
    body: str = ""


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
