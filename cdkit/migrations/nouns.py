"""What a migration speaks of: names, types, columns and constraints of a database."""

from msgspec import Struct

# PostgreSQL manual, Appendix C, "reserved" and "reserved (can be function or type)", 12 to 18.
_RESERVED_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign freeze from full grant group having ilike
    in initially inner intersect into is isnull join lateral leading left like limit localtime
    localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
    references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window
    with
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


TEMPORARY = "pg_temp"
"""The schema of temporary tables, by PostgreSQL's name for it: nobody else's, and before others."""


class Name(Struct, frozen=True, order=True, array_like=True):
    """The name of a thing in a database: schema (empty: the search path's first) and name."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return it as people say it: the schema `public` goes without saying."""
        # As a plain text: a reader's own kind of it, of any case, is nothing for a report.
        return f"{self.name}" if self.schema in {"", "public"} else f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The name as SQL, quoted where it must be."""
        inside = quoted(self.name)
        return inside if self.schema in {"", "public"} else f"{quoted(self.schema)}.{inside}"


def quoted(name: str) -> str:
    """Return an identifier as SQL (PostgreSQL manual, 4.1.1)."""
    plain = name.isascii() and name.isidentifier() and name == name.lower()
    return f"{name}" if plain and name not in _RESERVED else '"' + name.replace('"', '""') + '"'


class Type(Struct, frozen=True, array_like=True):
    """A column's type: its name (`int4`, `varchar`, `audit.money`), modifiers, whether an array.

    A modifier that is no whole number is None: nobody can compare it. `values` are those of a
    MySQL enum or set, as they are quoted; `charset` and `collation` are as said, or empty.
    """

    name: str
    modifiers: tuple[int | None, ...] = ()
    array: bool = False
    unsigned: bool = False
    values: tuple[str, ...] = ()
    charset: str = ""
    collation: str = ""

    def __str__(self) -> str:
        """Return the type as SQL says it."""
        inside = self.values or tuple("?" if m is None else str(m) for m in self.modifiers)
        size = f"({', '.join(inside)})" if inside else ""
        sign = " unsigned" if self.unsigned else ""
        return f"{self.name}{size}{sign}{'[]' if self.array else ''}"


class Default(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A default: the functions that it calls, whether it is a constant, whether that is NULL.

    `sequence` is the one that it draws from; `text` a fingerprint of the expression, `value` a
    constant as text; `sql` is how it was written, where the reader keeps that.
    """

    calls: tuple[str, ...] = ()
    constant: bool = False
    null: bool = False
    sequence: str = ""
    text: str = ""
    value: str = ""
    sql: str = ""


class Constraint(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A constraint. `kind`: check, foreign key, unique, primary key, exclusion, not null.

    `references` is the table that a foreign key leads to, `refers` the columns there (none: its
    primary key); `index` names the existing index that it is made from (USING INDEX); `proves` the
    column that a CHECK (… IS NOT NULL) is about; `wants_value` says that a CHECK asks for one not
    to be null;
    `sql` is how it was written; `expression` a fingerprint of what a CHECK asks; `keeps` says
    that a foreign key refuses to let a row go that others refer to, `pins` that it refuses another
    key for it, `deletes` what happens to them as a letter (empty where no reader tells); `always`
    that a CHECK holds whatever is written; `deferrable` that it may be looked at only at the end of
    a transaction, `deferred` that it is.
    """

    kind: str
    name: str = ""
    columns: tuple[str, ...] = ()
    references: Name | None = None
    refers: tuple[str, ...] = ()
    valid: bool = True
    enforced: bool = True
    index: str = ""
    proves: str = ""
    wants_value: bool = False
    sql: str = ""
    expression: str = ""
    keeps: bool = False
    pins: bool = False
    deletes: str = ""
    always: bool = False
    bounds: tuple[str, str, str] = ("", "", "")
    deferrable: bool = False
    deferred: bool = False
    at: int = 0


NULLS_ALIKE = "NULLS NOT DISTINCT"
"""The `expression` of a unique constraint to which two nulls are the same."""


_SUFFIXES = {
    "primary key": "pkey", "unique": "key", "foreign key": "fkey", "check": "check",
    "exclusion": "excl", "not null": "not_null",
}  # fmt: skip


def automatic_name(table: str, constraint: Constraint) -> str:
    """Return the name that the server gives (PostgreSQL's ChooseConstraintName), unshortened."""
    suffix = _SUFFIXES[constraint.kind]
    columns = () if constraint.kind == "primary key" else constraint.columns
    if constraint.kind == "check" and len(columns) > 1:
        columns = ()
    return "_".join((table, *columns, suffix))


class Column(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column as it is written. `generated`: stored, virtual or empty; `serial` has a sequence.

    `fragile` says what in a generation expression can fail for some values, `null_by` are the
    columns by which its value can be null (`*`: whatever they hold). A MySQL column that is
    AUTO_INCREMENT is `serial`; `always` says that an identity refuses a value of one's own;
    `on_update`, `comment` and `expression` (of a generated one) are as
    written (a fingerprint for PostgreSQL), `invisible` is not in a `SELECT *`. `collation` is
    PostgreSQL's; what MySQL says is part of the type.
    """

    name: str
    type: Type
    not_null: bool = False
    default: Default | None = None
    identity: bool = False
    always: bool = False
    generated: str = ""
    serial: bool = False
    fragile: str = ""
    null_by: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    expression: str = ""
    on_update: str = ""
    comment: str = ""
    invisible: bool = False
    collation: str = ""


class Argument(Struct, frozen=True):
    """An argument of a function: its name (may be empty), type, its default as a fingerprint."""

    name: str
    type: Type
    default: str = ""

    @property
    def optional(self) -> bool:
        """Whether a call may leave it out."""
        return bool(self.default)


STEADY = frozenset({"stable", "immutable"})
"""Options of a function that gives the same for the same: VOLATILE goes without saying."""


class Function(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function or procedure as it is declared.

    `returns` is its result's type as SQL says it; `gives` the columns of a result that has some;
    `definer` says that it runs with its owner's rights; `options` are its other clauses, `parsed`
    a fingerprint of a body that is SQL itself, and no text (RETURN, BEGIN ATOMIC).
    """

    arguments: tuple[Argument, ...] = ()
    returns: str = ""
    gives: tuple[str, ...] = ()
    language: str = ""
    definer: bool = False
    options: tuple[str, ...] = ()
    parsed: str = ""

    @property
    def takes(self) -> tuple[Type, ...]:
        """The types of its arguments: what tells it from its namesakes."""
        return tuple(each.type for each in self.arguments)


class Query(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a view shows: its columns in order, `*` for all of a source's.

    `expressions`, `rest` and `filters` are fingerprints: of each column, of all but the columns,
    and of what of that only ever leaves rows out; `order` is one of what it sorts by, and no part
    of the rest where that says nothing of which rows there are; `sources` are the tables and views
    that it reads, whose schemas stand here and not in the rest; `plain` says that it is one
    source's rows as they are, so that it can be written through; `empty` that it is made WITH NO
    DATA, `checks` that it takes only rows that it shows.
    """

    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    rest: str = ""
    filters: str = ""
    sources: tuple[Name, ...] = ()
    plain: bool = False
    empty: bool = False
    checks: bool = False
    order: str = ""


class Policy(Struct, frozen=True, kw_only=True):
    """A policy of row security; `all_rows` says that it lets see and write every row.

    `roles` are those that it is for, where it is not for all; `parts` fingerprints of its command,
    roles, USING, WITH CHECK and whether it is permissive, empty for what ALTER POLICY leaves alone.
    """

    name: str
    roles: tuple[str, ...] = ()
    permissive: bool = True
    all_rows: bool = False
    parts: tuple[str, ...] = ()

    def altered(self, by: "Policy") -> "Policy":
        """Return what ALTER POLICY makes of it."""
        _, roles, *quals, _ = by.parts
        return Policy(
            name=self.name,
            roles=by.roles if roles else self.roles,
            permissive=self.permissive,
            all_rows=self.all_rows and not any(quals),
            parts=tuple(new or old for old, new in zip(self.parts, by.parts, strict=True)),
        )


class Trigger(Struct, frozen=True, kw_only=True):
    """A trigger: the function that it calls, when it fires, a fingerprint of all of it.

    `writes` is false for one that fires on TRUNCATE alone. `rows` are the events for each row of
    which it fires: `INSERT`, `UPDATE`, `UPDATE OF a`; `only` is the column that its WHEN asks to be
    null and no more. With any other WHEN there are none.
    """

    function: Name
    before: bool = False
    definition: str = ""
    writes: bool = True
    rows: frozenset[str] = frozenset()
    only: str = ""
