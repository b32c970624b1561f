"""Reading columns and constraints as SQLite's CREATE TABLE writes them.

Sources: SQLite, "CREATE TABLE", "Datatypes In SQLite" (affinities, section 3.1).
"""

from collections.abc import Sequence

from msgspec import structs

from cdkit.migrations.fares import TypeChange
from cdkit.migrations.nouns import Column, Constraint, Default, Type
from cdkit.migrations.reading.bounds import bounds
from cdkit.migrations.reading.cursor import Cursor, pieces, said
from cdkit.migrations.reading.names import Anycase, unquoted
from cdkit.migrations.reading.scan import Token
from cdkit.migrations.sqlite.cursor import table

_ENDS_WORDS = """
    CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS , )
"""
_ENDS = frozenset(_ENDS_WORDS.split())
_NOT_CONSTANT = frozenset({"CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"})


def affinity(kind: Type) -> str:
    """Return the affinity of a declared type, in the order of the manual's rules."""
    name = kind.name.upper()
    for parts, found in (
        (("INT",), "integer"),
        (("CHAR", "CLOB", "TEXT"), "text"),
        (("BLOB",), "blob"),
        (("REAL", "FLOA", "DOUB"), "real"),
    ):
        if any(part in name for part in parts):
            return found
    return "numeric" if name else "blob"


def change(old: Type, new: Type) -> TypeChange:
    """Return how the old code fares: what it writes is kept as the affinity has it."""
    if affinity(old) == affinity(new):
        return TypeChange(True, "same")
    return TypeChange(True, "other")


def column(cursor: Cursor) -> Column:
    """Read a column."""
    name = cursor.identifier()
    words = []
    while not cursor.done and cursor.peek().kind in {"word", "name", "string"}:
        if cursor.peek().up in _ENDS:
            break
        words.append(unquoted(cursor.next().text).lower())
    sizes = cursor.inside() if words and cursor.sees("(") else []
    numbers = tuple(
        int(piece[-1].text) if piece[-1].text.isdigit() else None for piece in pieces(sizes)
    )
    made = Column(name=name, type=Type(" ".join(words), numbers))
    while not cursor.done and cursor.peek().up not in {",", ")"}:
        made = _attribute(cursor, made)
    return made


def _attribute(cursor: Cursor, made: Column) -> Column:
    at, name = cursor.at, ""
    if cursor.take("CONSTRAINT"):
        name = cursor.identifier()
    if cursor.take("NOT", "NULL"):
        made = structs.replace(made, not_null=True)
    elif cursor.take("DEFAULT"):
        made = structs.replace(made, default=default(cursor))
    elif cursor.take("COLLATE"):
        kind = structs.replace(made.type, collation=cursor.identifier().lower())
        made = structs.replace(made, type=kind)
    elif cursor.take("GENERATED", "ALWAYS", "AS") or cursor.take("AS"):
        written = said(cursor.inside())
        stored = cursor.any_of("STORED", "VIRTUAL") == "STORED"
        made = structs.replace(
            made, generated="stored" if stored else "virtual", expression=written
        )
    elif constraint := _constraint(cursor, name, at, made.name):
        made = structs.replace(made, constraints=(*made.constraints, constraint))
        made = _keyed(cursor, made, constraint)
    elif not cursor.take("NULL"):
        raise cursor.unexpected("something that a column can have")
    _conflict(cursor)
    return made


def _keyed(cursor: Cursor, made: Column, constraint: Constraint) -> Column:
    """A primary key that is an INTEGER is the row's number, which the server fills in."""
    if constraint.kind != "primary key":
        return made
    descending = cursor.any_of("ASC", "DESC") == "DESC"
    _conflict(cursor)
    counts = AUTOINCREMENT if cursor.take(AUTOINCREMENT) else ""
    kept = (*made.constraints[:-1], structs.replace(constraint, expression=counts))
    serial = made.type.name == "integer" and not descending
    return structs.replace(made, serial=serial, constraints=kept)


AUTOINCREMENT = "AUTOINCREMENT"
"""The `expression` of a primary key that gives no number a second time."""


def _conflict(cursor: Cursor) -> None:
    if cursor.take("ON", "CONFLICT"):
        cursor.next()


def default(cursor: Cursor) -> Default:
    """Read what stands behind DEFAULT."""
    if cursor.take("NULL"):
        return Default(null=True, constant=True, sql="NULL")
    if cursor.sees("("):
        inside = cursor.inside()
        if _is_literal(inside):
            plain = "".join(token.text for token in inside)
            return Default(sql=plain, text=plain, constant=True)
        sql = f"({said(inside)})"
        return Default(sql=sql, text=sql, null=said(inside).upper() == "NULL")
    sign = cursor.any_of("+", "-")
    token = cursor.next()
    sql = sign + token.text
    return Default(sql=sql, text=sql, constant=token.up not in _NOT_CONSTANT)


def _is_literal(tokens: Sequence[Token]) -> bool:
    """Whether an expression is one constant, which is the same with parentheses or without."""
    rest = tokens[1:] if tokens and tokens[0].text in {"+", "-"} else tokens
    return len(rest) == 1 and (
        rest[0].kind == "number" or (rest is tokens and rest[0].kind == "string")
    )


def table_constraint(cursor: Cursor) -> Constraint | None:
    """Read a constraint of the table, or nothing where a column comes."""
    at, name = cursor.at, ""
    if cursor.take("CONSTRAINT"):
        name = cursor.identifier()
    found = _constraint(cursor, name, at, "")
    if found:
        _conflict(cursor)
    return found


def _constraint(cursor: Cursor, name: str, at: int, column: str) -> Constraint | None:
    if cursor.take("PRIMARY", "KEY"):
        return Constraint(kind="primary key", name=name, columns=_over(cursor, column), at=at)
    if cursor.take("UNIQUE"):
        return Constraint(kind="unique", name=name, columns=_over(cursor, column), at=at)
    if cursor.take("CHECK"):
        return _check(cursor, name, at)
    if cursor.take("FOREIGN", "KEY"):
        columns = _over(cursor, "")
        cursor.expect("REFERENCES")
        return _references(cursor, name, columns, at)
    if column and cursor.take("REFERENCES"):
        return _references(cursor, name, (column,), at)
    return None


def _check(cursor: Cursor, name: str, at: int) -> Constraint:
    inside = cursor.inside()
    words = " ".join(token.up for token in inside)
    return Constraint(
        kind="check",
        name=name,
        columns=tuple(Anycase(unquoted(x.text)) for x in inside if x.kind in {"word", "name"}),
        wants_value="IS NOT NULL" in words or "NOT NULL" in words,
        sql=f"CHECK ({said(inside)})",
        expression=said(inside),
        bounds=bounds(said(inside)),
        at=at,
    )


def _over(cursor: Cursor, column: str) -> tuple[str, ...]:
    if not cursor.sees("("):
        return (column,) if column else ()
    return tuple(Anycase(unquoted(piece[0].text)) for piece in pieces(cursor.inside()))


def _references(cursor: Cursor, name: str, columns: tuple[str, ...], at: int) -> Constraint:
    """Read what stands behind REFERENCES; `sql` keeps what happens ON DELETE."""
    other = table(cursor)
    refers = [part[0].text for part in pieces(cursor.inside())] if cursor.sees("(") else []
    begin = cursor.position
    while not cursor.done:
        if cursor.any_of("ON", "MATCH"):
            cursor.next()
            if cursor.any_of("SET", "NO"):
                cursor.next()
            else:
                cursor.any_of("CASCADE", "RESTRICT")
        elif cursor.sees("NOT", "DEFERRABLE") or cursor.sees("DEFERRABLE"):
            cursor.take("NOT")
            cursor.next()
            if cursor.take("INITIALLY"):
                cursor.next()
        else:
            break
    actions = said(cursor.tokens[begin : cursor.position]).upper()
    return Constraint(
        kind="foreign key",
        name=name,
        columns=columns,
        references=other,
        refers=tuple(Anycase(unquoted(each)) for each in refers),
        keeps=not any(f"ON DELETE {word}" in actions for word in ("CASCADE", "SET")),
        pins=not any(f"ON UPDATE {word}" in actions for word in ("CASCADE", "SET")),
        deletes=_deletes(actions),
        sql=actions,
        at=at,
    )


def _deletes(actions: str) -> str:
    """Return what happens ON DELETE as a letter, as PostgreSQL's catalogue has it."""
    letters = {"CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
    return next((x for word, x in letters.items() if f"ON DELETE {word}" in actions), "a")
