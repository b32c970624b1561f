"""Names and types as Liquibase writes them for an engine.

Held against Liquibase 4.28 (`update-sql` with an offline database) for PostgreSQL and MySQL.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from cdkit.migrations.liquibase.node import Node

_UPPER_OR_LOWER = re.compile(r"[A-Z0-9_$]+|[a-z0-9_$]+")
_JDBC = re.compile(r"java\.sql\.Types\.", re.IGNORECASE)
_TYPE = re.compile(
    r"\s*([A-Za-z][\w ]*?)\s*(\(.*\))?\s*((?:unsigned|zerofill|array|\[\]).*)?", re.DOTALL
)
_NOW = re.compile(r"(current_timestamp|current_datetime|now)(\(\))?", re.IGNORECASE)

_POSTGRES = {
    "datetime": "timestamp", "timestamp": "timestamp", "clob": "text", "longtext": "text",
    "longvarchar": "text", "mediumtext": "text", "nclob": "text", "blob": "oid",
    "longblob": "bytea", "binary": "bytea", "varbinary": "bytea", "longvarbinary": "bytea",
    "tinyint": "smallint", "mediumint": "integer", "int": "integer", "number": "numeric",
    "nvarchar": "varchar", "nchar": "char", "varchar2": "varchar", "nvarchar2": "varchar",
    "double": "double precision", "currency": "decimal", "bit": "boolean", "datetime2": "timestamp",
    "uniqueidentifier": "uuid", "string": "varchar",
}  # fmt: skip
_MYSQL = {
    "clob": "longtext", "nclob": "longtext", "longvarchar": "longtext", "number": "numeric",
    "boolean": "tinyint", "bit": "bit", "uuid": "char(36)", "currency": "decimal",
    "varchar2": "varchar", "timestamptz": "timestamp", "longvarbinary": "longblob",
}  # fmt: skip
_TYPES = {"postgres": _POSTGRES, "mysql": _MYSQL, "mariadb": _MYSQL}
_SIZELESS = frozenset(
    {"text", "longtext", "oid", "bytea", "longblob", "boolean", "integer", "smallint"}
)
_SERIALS = {"serial": "int", "bigserial": "bigint", "serial4": "int", "serial8": "bigint"}


class Words(Struct, frozen=True, kw_only=True):
    """How an engine spells things; `quote_all` where a changelog asks for every name in quotes."""

    engine: str
    quote_all: bool = False

    @property
    def is_mysql(self) -> bool:
        """Whether the engine speaks MySQL's SQL."""
        return self.engine in {"mysql", "mariadb"}

    @property
    def is_postgres(self) -> bool:
        """Whether the engine is PostgreSQL."""
        return self.engine == "postgres"

    def name(self, written: str) -> str:
        """Return a name in quotes, meaning what Liquibase's would mean.

        Liquibase quotes what has both cases, and leaves the rest to the server, which makes it
        small on PostgreSQL (documentation, "objectQuotingStrategy": LEGACY).
        """
        plain = written.strip()
        if self.is_mysql:
            return "`" + plain.replace("`", "``") + "`"
        if self.is_postgres and not self.quote_all and _UPPER_OR_LOWER.fullmatch(plain):
            plain = plain.lower()
        return '"' + plain.strip('"').replace('"', '""') + '"'

    def names(self, written: str | Iterable[str]) -> str:
        """Return several names, from a text with commas or one by one."""
        each = written.split(",") if isinstance(written, str) else written
        return ", ".join(self.name(one) for one in each)

    def table(self, node: Node, prefix: str = "", what: str = "TableName") -> str:
        """Return the table of a change, with its schema where it says one."""
        key = prefix + what if prefix else what[0].lower() + what[1:]
        schema = node.get(f"{prefix}SchemaName" if prefix else "schemaName")
        name = self.name(node.get(key))
        return f"{self.name(schema)}.{name}" if schema else name

    def type(self, written: str) -> str:
        """Return a type as the engine calls it; what nobody here knows stays."""
        found = _TYPE.fullmatch(_JDBC.sub("", written))
        if found is None:
            return written
        base, size, rest = found[1].lower(), found[2] or "", found[3] or ""
        if self.is_mysql and base == "uuid":
            return "char(36)"
        known = _TYPES.get(self.engine, {}).get(base, found[1])
        size = "" if known in _SIZELESS else size
        return " ".join(filter(None, (known + size, rest)))


def text(value: str) -> str:
    """Return a string of SQL."""
    return "'" + value.replace("'", "''") + "'"


def computed(value: str) -> str:
    """Return a computed value; the time of now as Liquibase writes it."""
    return "NOW()" if _NOW.fullmatch(value.strip()) else value


def is_serial(kind: str) -> str:
    """Return the plain type of a serial one, nothing for others."""
    return _SERIALS.get(kind.strip().lower(), "")


def truth(value: str) -> bool:
    """Whether an attribute says yes."""
    return value.strip().lower() in {"true", "1", "yes", "t", "y"}


def value_of(node: Node, prefix: str, words: Words) -> str:
    """Return what `value…` or `defaultValue…` attributes give, as SQL; nothing for none."""
    if plain := node.get(f"{prefix}Computed"):
        return computed(plain)
    if number := node.get(f"{prefix}Numeric"):
        return number
    if said := node.get(f"{prefix}Boolean"):
        return str(int(truth(said))) if words.is_mysql else str(truth(said)).upper()
    if date := node.get(f"{prefix}Date"):
        return text(date) if date[:1].isdigit() else computed(date)
    for kind, function in (("SequenceNext", "nextval"), ("SequenceCurrent", "currval")):
        if sequence := node.get(prefix + kind):
            return f"{function}({text(sequence)})"
    there = prefix in node.attributes or any(node.all(prefix))
    return text(node.get(prefix)) if there else ""
