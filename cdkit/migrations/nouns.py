"""What a migration speaks of: names, types, columns and constraints of a database."""

from msgspec import Struct


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


class Default(Struct, frozen=True, kw_only=True):
    """A default: the functions that it calls, whether it is a constant, whether that is NULL.

    `sql` is how it was written, where the reader keeps that.
    """

    calls: tuple[str, ...] = ()
    constant: bool = False
    null: bool = False
    sql: str = ""


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
    """A column as it is written. `generated`: stored, virtual or empty; `serial` has a sequence.

    A MySQL column that is AUTO_INCREMENT is `serial`; `on_update`, `comment` and
    `expression` (of a generated one) are as written, `invisible` is not in a `SELECT *`.
    """

    name: str
    type: Type
    not_null: bool = False
    default: Default | None = None
    identity: bool = False
    generated: str = ""
    serial: bool = False
    constraints: tuple[Constraint, ...] = ()
    expression: str = ""
    on_update: str = ""
    comment: str = ""
    invisible: bool = False
