"""Safe ways in PostgreSQL, as SQL that can be pasted: in batches, by triggers, behind views.

Names go into comments nowhere, since a name may hold a line end. Sources: PostgreSQL manual, CREATE
TRIGGER (since 11 EXECUTE FUNCTION), CREATE VIEW (security_invoker, since 15; updatable views),
"Transaction Management" of PL/pgSQL (COMMIT in a DO block outside a transaction), 4.1.2.4 on
dollar quotes.
"""

from cdkit.migrations.engine import Server
from cdkit.migrations.lexer import tokens
from cdkit.migrations.nouns import Name, Type, quoted
from cdkit.migrations.operation import ChangeType, Operation
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import RELEASE

_BATCH = 10_000
_KEYS = frozenset({"int2", "int4", "int8"})
_INCOMPARABLE = frozenset({"json", "xml", "point", "polygon", "line"})
"""Types without equality: a trigger cannot see that one has changed."""
_AFTER_DEFAULT = frozenset(
    {b"NOT", b"NULL", b"CONSTRAINT", b"CHECK", b"UNIQUE", b"PRIMARY", b"REFERENCES", b"GENERATED"}
)


def text(value: str) -> str:
    """Return a text as an SQL literal, whatever `standard_conforming_strings` says."""
    inner = value.replace("'", "''")
    return f"E'{inner.replace(chr(92), chr(92) * 2)}'" if "\\" in value else f"'{inner}'"


def type_sql(of: Type) -> str:
    """Return a type as SQL; an empty text where its modifiers are not known as numbers."""
    if not of.name or None in of.modifiers or (of.name == "interval" and of.modifiers):
        return ""
    name = ".".join(quoted(part) for part in of.name.split("."))
    size = f"({', '.join(map(str, of.modifiers))})" if of.modifiers else ""
    return f"{name}{size}{'[]' if of.array else ''}"


def key_of(table: Name, schema: Schema) -> str:
    """Return the one integer column that is the primary key; an empty text where there is none."""
    found = schema.table(table)
    for each in found.constraints.values() if found else ():
        if found and each.kind == "primary key" and len(each.columns) == 1:
            column = found.columns.get(each.columns[0])
            return column.name if column and column.type.name in _KEYS else ""
    return ""


def in_batches(change: str, table: Name, schema: Schema, *, where: str = "") -> str:
    """Return a change of rows (`UPDATE … SET …`, its WHERE apart) as batches by key.

    Where the model knows no key of whole numbers, the batches go by place, which needs a `where`
    that is false for what is done; without one an empty text.
    """
    key = quoted(key_of(table, schema))
    tag = _tag(change + where)
    if key_of(table, schema):
        more = f" AND {where}" if where else ""
        return (
            f"DO {tag}\nDECLARE\n  low bigint;\n  high bigint;\nBEGIN\n"
            f"  SELECT min({key}), max({key}) INTO low, high FROM {table.sql};\n"
            "  WHILE low <= high LOOP\n"
            f"    {change}\n      WHERE {key} >= low AND {key} < low + {_BATCH}{more};\n"
            f"    COMMIT;\n    low := low + {_BATCH};\n  END LOOP;\nEND {tag};"
        )
    if not where:
        return ""
    return (
        f"DO {tag}\nBEGIN\n  LOOP\n    {change}\n      WHERE ctid = ANY (ARRAY(\n"
        f"        SELECT ctid FROM {table.sql} WHERE {where} LIMIT {_BATCH}));\n"
        f"    EXIT WHEN NOT FOUND;\n    COMMIT;\n  END LOOP;\nEND {tag};"
    )


def proof(table: Name, column: str) -> tuple[str, str, str]:
    """Return what adds a CHECK that a column holds no null, validates it, and drops it.

    It is not called `…_not_null`: since 18 that is the server's own name for what is wanted.
    """
    name = quoted(f"{table.name}_{column}_is_set")
    check = f"CHECK ({quoted(column)} IS NOT NULL)"
    return (
        f"ALTER TABLE {table.sql} ADD CONSTRAINT {name} {check} NOT VALID;",
        f"ALTER TABLE {table.sql} VALIDATE CONSTRAINT {name};",
        f"ALTER TABLE {table.sql} DROP CONSTRAINT {name};",
    )


def not_null(table: Name, column: str) -> str:
    """Return how a column is made NOT NULL without a long lock, each statement by itself."""
    added, proved, dropped = proof(table, column)
    wanted = f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(column)} SET NOT NULL;"
    return f"{added}\n{proved}\n{wanted}\n{dropped}"


def moved_over(
    table: Name, old: str, new: str, types: tuple[Type, Type], schema: Schema, *, using: str = ""
) -> str:
    """Return how a column moves to another name or type in three releases.

    Both are kept the same by a trigger as long as versions run that know only one of them; `using`
    computes the new value from the old row. An empty text where a type cannot be written.
    """
    before, after = map(type_sql, types)
    if not before or not after or {types[0].name, types[1].name} & _INCOMPARABLE:
        return ""
    function = Name(table.schema, f"{table.name}_{old}_{new}_sync").sql
    trigger = quoted(f"{table.name}_{old}_{new}_sync")
    first, second = quoted(old), quoted(new)
    forth = f"(SELECT {using} FROM (SELECT NEW.*) AS held)" if using else f"NEW.{first}::{after}"
    fill = using or f"{first}::{after}"
    body = (
        f"BEGIN\n  IF TG_OP = 'INSERT' AND NEW.{second} IS NOT NULL THEN\n"
        f"    NEW.{first} := NEW.{second}::{before};\n"
        f"  ELSIF TG_OP = 'UPDATE' AND NEW.{second} IS DISTINCT FROM OLD.{second}\n"
        f"      AND NEW.{second} IS DISTINCT FROM {forth} THEN\n"
        f"    NEW.{first} := NEW.{second}::{before};\n  ELSE\n    NEW.{second} := {forth};\n"
        "  END IF;\n  RETURN NEW;\nEND"
    )
    tag = _tag(body)
    filled = in_batches(
        f"UPDATE {table.sql} SET {second} = {fill}",
        table,
        schema,
        where=f"{second} IS NULL AND ({fill}) IS NOT NULL",
    )
    return (
        f"{RELEASE} 1: both columns are there, a trigger keeps them the same\n"
        f"ALTER TABLE {table.sql} ADD COLUMN {second} {after};\n"
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {tag}\n{body} {tag};\n"
        f"CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table.sql}\n"
        f"  FOR EACH ROW EXECUTE FUNCTION {function}();\n"
        f"-- by itself, outside a transaction: the rows that are there\n{filled}\n"
        f"{RELEASE} 2: a version that uses the new column alone, running everywhere\n"
        f"{RELEASE} 3: the old one goes\n"
        f"DROP TRIGGER {trigger} ON {table.sql};\nDROP FUNCTION {function}();\n"
        f"ALTER TABLE {table.sql} DROP COLUMN {first};"
    )


def retyped(operation: ChangeType, schema: Schema) -> str:
    """Return how a column gets another type; empty where the model does not know the old one."""
    old = schema.column(operation.table, operation.column)
    if old is None:
        return ""
    using = operation.using[5:].strip() if operation.using else ""
    column, new = operation.column, f"{operation.column}_new"
    return moved_over(operation.table, column, new, (old.type, operation.type), schema, using=using)


def behind_view(table: Name, to: Name, server: Server) -> str:
    """Return how a table gets another name: a view has it first, with the same rights."""
    invoker = "" if server.before(15) else " WITH (security_invoker = true)"
    schema = f"{text(table.schema)}" if table.schema else "current_schema()"
    body = (
        "DECLARE\n  held record;\nBEGIN\n  FOR held IN\n"
        "    SELECT grantee, privilege_type FROM information_schema.role_table_grants\n"
        f"    WHERE table_schema = {schema} AND table_name = {text(table.name)}\n"
        "      AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')\n  LOOP\n"
        f"    EXECUTE format({text('GRANT %s ON ' + to.sql.replace('%', '%%') + ' TO %s')},\n"
        "      held.privilege_type, CASE held.grantee WHEN 'PUBLIC' THEN 'PUBLIC'\n"
        "        ELSE quote_ident(held.grantee) END);\n  END LOOP;\nEND"
    )
    tag = _tag(body)
    moved = (
        f"ALTER TABLE {table.sql} RENAME TO {quoted(to.name)};"
        if table.schema == to.schema
        else f"ALTER TABLE {table.sql} SET SCHEMA {quoted(to.schema)};"
    )
    return (
        f"{RELEASE} 1: a view has the new name, and whoever may use the table may use it\n"
        f"CREATE VIEW {to.sql}{invoker} AS SELECT * FROM {table.sql};\nDO {tag}\n{body} {tag};\n"
        f"{RELEASE} 2: a version that uses the new name alone, running everywhere\n"
        f"{RELEASE} 3: in one transaction\n"
        f"BEGIN;\nDROP VIEW {to.sql};\n{moved}\nCOMMIT;"
    )


def default_of(operation: Operation) -> str:
    """Return the expression behind DEFAULT in the clause of an operation; empty for none."""
    statement = operation.statement
    data, depth, start, end = statement.text.data, 0, -1, -1
    begun = False
    for token in tokens(data, operation.at, statement.end):
        word = token.text.upper() if token.kind == "name" else token.text
        if begun and start >= 0 and depth == 0 and (word in _AFTER_DEFAULT or word == b","):
            break
        if begun:
            start = token.start if start < 0 else start
            end = token.end
        begun = begun or (depth == 0 and word == b"DEFAULT")
        depth += (token.text in b"([") - (token.text in b")]") if token.kind == "mark" else 0
    return data[start:end].decode("utf-8", "replace") if start >= 0 else ""


def _tag(body: str) -> str:
    """Return a dollar quote that the body does not hold."""
    tag = "$way$"
    while tag in body:
        tag = f"$w{tag[1:]}"
    return tag
