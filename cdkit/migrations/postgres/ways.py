"""Safe ways in PostgreSQL, as SQL that can be pasted: in batches, by triggers, behind views.

Names go into comments nowhere, since a name may hold a line end. Sources: PostgreSQL manual, CREATE
TRIGGER (since 11 EXECUTE FUNCTION), CREATE VIEW (security_invoker, since 15; updatable views),
"Transaction Management" of PL/pgSQL (COMMIT in a DO block outside a transaction), 4.1.2.4 on
dollar quotes.
"""

from cdkit.migrations.engine import Server
from cdkit.migrations.lexer import tokens
from cdkit.migrations.nouns import Name, Type, quoted
from cdkit.migrations.operation import AddColumn, ChangeType, Operation
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import RELEASE, what_goes_along

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
    if key := key_of(table, schema):
        return by_key(change, table, key, where=where)
    if not where:
        return ""
    tag = _tag(change + where)
    return (
        f"DO {tag}\nBEGIN\n  LOOP\n    {change}\n      WHERE ctid = ANY (ARRAY(\n"
        f"        SELECT ctid FROM {table.sql} WHERE {where} LIMIT {_BATCH}));\n"
        f"    EXIT WHEN NOT FOUND;\n    COMMIT;\n  END LOOP;\nEND {tag};"
    )


def by_key(change: str, table: Name, key: str, *, where: str = "") -> str:
    """Return a change of rows in batches by a key of whole numbers."""
    tag, named = _tag(change + where), quoted(key)
    more = f" AND {where}" if where else ""
    return (
        f"DO {tag}\nDECLARE\n  low bigint;\n  high bigint;\nBEGIN\n"
        f"  SELECT min({named}), max({named}) INTO low, high FROM {table.sql};\n"
        "  WHILE low <= high LOOP\n"
        f"    {change}\n      WHERE {named} >= low AND {named} < low + {_BATCH}{more};\n"
        f"    COMMIT;\n    low := low + {_BATCH};\n  END LOOP;\nEND {tag};"
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
    computes the new value from the old row. A type that nobody here knows is the old column's. An
    empty text where the new type cannot be written, or its values not be compared.
    """
    before, after = map(type_sql, types)
    if (types[1].name and not after) or types[1].name in _INCOMPARABLE:
        return ""
    cast = f"::{after}" if after else ""
    back = f"::{before}" if before else ""
    function = Name(table.schema, f"{table.name}_{old}_{new}_sync").sql
    trigger = quoted(f"{table.name}_{old}_{new}_sync")
    first, second = quoted(old), quoted(new)
    forth = f"(SELECT {using} FROM (SELECT NEW.*) AS held)" if using else f"NEW.{first}{cast}"
    fill = using or f"{first}{cast}"
    body = (
        f"BEGIN\n  IF TG_OP = 'INSERT' AND NEW.{second} IS NOT NULL THEN\n"
        f"    NEW.{first} := NEW.{second}{back};\n"
        f"  ELSIF TG_OP = 'UPDATE' AND NEW.{second} IS DISTINCT FROM OLD.{second}\n"
        f"      AND NEW.{second} IS DISTINCT FROM {forth} THEN\n"
        f"    NEW.{first} := NEW.{second}{back};\n  ELSE\n    NEW.{second} := {forth};\n"
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
        f"{_another(table, old, new, after)}\n"
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {tag}\n{body} {tag};\n"
        f"CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table.sql}\n"
        f"  FOR EACH ROW EXECUTE FUNCTION {function}();\n"
        f"-- by itself, outside a transaction: the rows that are there\n{filled}\n"
        f"{RELEASE} 2: a version that uses the new column alone, running everywhere\n"
        f"{RELEASE} 3: the old one goes; each statement by itself, outside a transaction\n"
        f"{_kept(table, old, new, schema)}"
        f"DROP TRIGGER {trigger} ON {table.sql};\nDROP FUNCTION {function}();\n"
        f"ALTER TABLE {table.sql} DROP COLUMN {first};"
    )


def _kept(table: Name, old: str, new: str, schema: Schema) -> str:
    """Return what gives the new column the default and NOT NULL of the old one."""
    column = schema.column(table, old)
    if column is None:
        return ""
    lines, given = "", column.default
    if given and not given.null:
        value = given.sql or (text(given.value) if given.constant and given.value else "")
        said = f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(new)} SET DEFAULT {value};\n"
        lines = said if value else "-- first, on the new one: the default that the old one has\n"
    lines += what_goes_along(table, old, schema)
    return f"{lines}{not_null(table, new)}\n" if column.not_null else lines


def _another(table: Name, old: str, new: str, kind: str) -> str:
    """Return what adds a column of a type, or of the type that another column has."""
    if kind:
        return f"ALTER TABLE {table.sql} ADD COLUMN {quoted(new)} {kind};"
    added = text(f"ALTER TABLE {table.sql} ADD COLUMN {quoted(new)} ".replace("%", "%%") + "%s")
    body = (
        f"BEGIN\n  EXECUTE format({added},\n"
        "    (SELECT format_type(atttypid, atttypmod) FROM pg_attribute\n"
        f"     WHERE attrelid = {text(table.sql)}::regclass AND attname = {text(old)}));\nEND"
    )
    tag = _tag(body)
    return f"DO {tag}\n{body} {tag};"


def retyped(operation: ChangeType, schema: Schema) -> str:
    """Return how a column gets another type, known or not what it has now."""
    old = schema.column(operation.table, operation.column)
    using = operation.using[5:].strip() if operation.using else ""
    column, new = operation.column, f"{operation.column}_new"
    before = old.type if old else Type("")
    return moved_over(operation.table, column, new, (before, operation.type), schema, using=using)


def behind_view(table: Name, to: Name, server: Server) -> str:
    """Return how a table gets another name: a view has it first, with the same rights."""
    moved = (
        f"ALTER TABLE {table.sql} RENAME TO {quoted(to.name)};"
        if table.schema == to.schema
        else f"ALTER TABLE {table.sql} SET SCHEMA {quoted(to.schema)};"
    )
    return (
        f"{RELEASE} 1: a view has the new name, and whoever may use the table may use it\n"
        f"CREATE VIEW {to.sql}{_invoker(server)} AS SELECT * FROM {table.sql};\n"
        f"{_same_rights(table, to)}\n"
        f"{RELEASE} 2: a version that uses the new name alone, running everywhere\n"
        f"{RELEASE} 3: in one transaction\n"
        f"BEGIN;\nDROP VIEW {to.sql};\n{moved}\nCOMMIT;"
    )


def view_beside(view: Name, made: str, *, last: str = "") -> str:
    """Return how a view gets other columns: another one beside it, which `made` makes.

    `last` is what release 3 does where it does not just drop the old one.
    """
    beside = another(view)
    return (
        f"{RELEASE} 1: a view beside it has the new columns, and whoever may use it the same\n"
        f"{made}\n{_same_rights(view, beside)}\n"
        f"{RELEASE} 2: a version that uses that one alone, running everywhere\n"
        f"{RELEASE} 3: the old one goes\n{last or f'DROP VIEW {view.sql};'}"
    )


def another(view: Name) -> Name:
    """Return the name of a view that stands beside another for a time."""
    return Name(view.schema, f"{view.name}_2")


def renamed_in_view(view: Name, column: str, to: str, server: Server) -> str:
    """Return how a column of a view gets another name, whatever else the view shows."""
    made = f"CREATE VIEW {another(view).sql}{_invoker(server)} AS SELECT *, "
    last = (
        f"BEGIN;\nDROP VIEW {another(view).sql};\n"
        f"ALTER VIEW {view.sql} RENAME COLUMN {quoted(column)} TO {quoted(to)};\n"
        f"ALTER VIEW {view.sql} RENAME TO {quoted(another(view).name)};\nCOMMIT;"
    )
    made += f"{quoted(column)} AS {quoted(to)} FROM {view.sql};"
    return view_beside(view, made, last=last)


def _invoker(server: Server) -> str:
    return "" if server.before(15) else " WITH (security_invoker = true)"


def _same_rights(old: Name, new: Name) -> str:
    """Return what gives whoever may use one relation the same rights on another."""
    schema = f"{text(old.schema)}" if old.schema else "current_schema()"
    body = (
        "DECLARE\n  held record;\nBEGIN\n  FOR held IN\n"
        "    SELECT grantee, privilege_type FROM information_schema.role_table_grants\n"
        f"    WHERE table_schema = {schema} AND table_name = {text(old.name)}\n"
        "      AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')\n  LOOP\n"
        f"    EXECUTE format({text('GRANT %s ON ' + new.sql.replace('%', '%%') + ' TO %s')},\n"
        "      held.privilege_type, CASE held.grantee WHEN 'PUBLIC' THEN 'PUBLIC'\n"
        "        ELSE quote_ident(held.grantee) END);\n  END LOOP;\nEND"
    )
    tag = _tag(body)
    return f"DO {tag}\n{body} {tag};"


def computed(operation: AddColumn, schema: Schema) -> str:
    """Return how a column is kept computed by a trigger, for which no row is written anew.

    An empty text where its type or expression cannot be said again.
    """
    table, column = operation.table, operation.column
    kind, expression = type_sql(column.type), _expression(operation)
    if not kind or not expression:
        return ""
    name, named = quoted(column.name), f"{table.name}_{column.name}"
    function, trigger = Name(table.schema, named).sql, quoted(named)
    body = (
        f"BEGIN\n  NEW.{name} := (SELECT {expression} FROM (SELECT NEW.*) AS held);\n"
        "  RETURN NEW;\nEND"
    )
    tag = _tag(body)
    change, where = f"UPDATE {table.sql} SET {name} = {expression}", f"{name} IS NULL"
    filled = in_batches(change, table, schema, where=f"{where} AND ({expression}) IS NOT NULL")
    return (
        f"ALTER TABLE {table.sql} ADD COLUMN {name} {kind};\n"
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {tag}\n{body} {tag};\n"
        f"CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table.sql}\n"
        f"  FOR EACH ROW EXECUTE FUNCTION {function}();\n"
        f"-- by itself, outside a transaction: the rows that are there\n{filled}"
    )


def _expression(operation: Operation) -> str:
    """Return what stands in parentheses behind GENERATED ALWAYS AS; empty for nothing."""
    statement, begun, depth, start = operation.statement, False, 0, -1
    data = statement.text.data
    for token in tokens(data, operation.at, statement.end):
        if begun and token.text == b"(":
            start, depth = (token.start if depth == 0 else start), depth + 1
        elif begun and token.text == b")":
            depth -= 1
            if depth == 0:
                return data[start : token.end].decode("utf-8", "replace")
        begun = begun or token.text.upper() == b"AS"
    return ""


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
