"""Reading columns, constraints and keys as CREATE TABLE and ALTER TABLE write them.

Source: MySQL manual, "CREATE TABLE Statement"; MariaDB, "CREATE TABLE" (PERSISTENT, INVISIBLE,
expressions as defaults without parentheses).
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct, structs

from cdkit.migrations.mysql.fragile import fragile
from cdkit.migrations.mysql.types import ALIASES, INTEGERS
from cdkit.migrations.nouns import Column, Constraint, Default, Name, Type
from cdkit.migrations.reading.bounds import bounds
from cdkit.migrations.reading.cursor import Cursor, pieces, said
from cdkit.migrations.reading.names import Anycase, unquoted
from cdkit.migrations.reading.scan import Token

_CONSTANT_WORDS = frozenset({"TRUE", "FALSE"})
_NOW = frozenset({"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"})
_ENDS_DEFAULT_WORDS = """
    NOT NULL AUTO_INCREMENT UNIQUE PRIMARY KEY COMMENT COLLATE COLUMN_FORMAT STORAGE ON CHECK
    REFERENCES FIRST AFTER GENERATED AS VISIBLE INVISIBLE CONSTRAINT , )
"""
_ENDS_DEFAULT = frozenset(_ENDS_DEFAULT_WORDS.split())
_REFERENCE_ENDS = _ENDS_DEFAULT - {"ON", "NOT", "NULL"}


class Key(Struct, frozen=True, kw_only=True):
    """A key of a table: its name, what it is over (empty texts for expressions), its kind.

    `expressions` are those parts that are not a whole column, as they are written.
    """

    name: str
    columns: tuple[str, ...]
    expressions: tuple[str, ...] = ()
    unique: bool = False
    form: str = ""
    unseen: bool = False


def column_type(cursor: Cursor) -> Type:
    """Read a type: name, size, sign, character set, collation."""
    name = cursor.identifier().lower()
    if name == "double":
        cursor.take("PRECISION")
    if name == "national":
        name = cursor.identifier().lower()
    if name in {"char", "character", "nchar"} and cursor.take("VARYING"):
        name = "varchar"
    if name == "long":
        name = "mediumtext" if cursor.any_of("VARCHAR") or not cursor.take("VARBINARY") else "blob"
    inside = cursor.inside() if cursor.sees("(") else []
    name = ALIASES.get(name, name)
    kind = _sized(name, inside)
    return _described(kind, cursor)


def _sized(name: str, inside: Sequence[Token]) -> Type:
    parts = pieces(inside)
    if name in {"enum", "set"}:
        return Type(name, values=tuple(said(part) for part in parts))
    sizes = tuple(int(x[0].text) if x[0].text.isdigit() else None for x in parts)
    if name == "decimal":
        sizes = (sizes or (10,)) + (0,) * (2 - len(sizes or (10,)))
    return Type(name, () if name in INTEGERS else sizes)


def _described(kind: Type, cursor: Cursor) -> Type:
    while True:
        if cursor.any_of("UNSIGNED", "ZEROFILL"):
            kind = structs.replace(kind, unsigned=True)
        elif cursor.any_of("SIGNED", "BYTE"):
            continue
        elif charset := character_set(cursor):
            kind = structs.replace(kind, charset=charset)
        elif cursor.take("COLLATE"):
            kind = structs.replace(kind, collation=cursor.identifier().lower())
        elif cursor.take("ASCII"):
            kind = structs.replace(kind, charset="latin1")
        elif cursor.take("UNICODE"):
            kind = structs.replace(kind, charset="ucs2")
        elif cursor.take("BINARY"):
            kind = structs.replace(kind, collation="binary")
        else:
            return kind


def character_set(cursor: Cursor) -> str:
    """Read `CHARACTER SET x` if it comes next, and return x in small letters; else nothing."""
    if cursor.take("CHARACTER", "SET") or cursor.take("CHAR", "SET") or cursor.take("CHARSET"):
        cursor.take("=")
        return cursor.identifier().lower()
    return ""


def column(cursor: Cursor, name: str | None = None) -> Column:
    """Read a column: its name (unless it is given), its type and what follows."""
    at = cursor.at
    name = cursor.identifier() if name is None else name
    serial = cursor.sees("SERIAL")
    made = Column(name=name, type=column_type(cursor))
    if serial:
        unique = Constraint(kind="unique", columns=(name,), at=at)
        made = structs.replace(
            made,
            type=structs.replace(made.type, unsigned=True),
            not_null=True,
            serial=True,
            constraints=(unique,),
        )
    while not cursor.done and cursor.peek().up not in {",", ")", "FIRST", "AFTER"}:
        made = _attribute(cursor, made)
    return made


def _attribute(cursor: Cursor, made: Column) -> Column:  # noqa: C901, PLR0911, PLR0912 - one word a line
    at = cursor.at
    if cursor.take("NOT", "NULL"):
        return structs.replace(made, not_null=True)
    if cursor.take("NULL") or cursor.any_of("VISIBLE", "VIRTUAL"):
        return made
    if cursor.take("DEFAULT"):
        return structs.replace(made, default=default(cursor))
    if cursor.take("ON", "UPDATE"):
        return structs.replace(made, on_update=said(_expression(cursor)).lower())
    if cursor.take("AUTO_INCREMENT"):
        return structs.replace(made, serial=True, not_null=True)
    if cursor.take("COMMENT"):
        return structs.replace(made, comment=unquoted(cursor.next().text))
    if cursor.take("COLLATE"):
        kind = structs.replace(made.type, collation=cursor.identifier().lower())
        return structs.replace(made, type=kind)
    if charset := character_set(cursor):
        return structs.replace(made, type=structs.replace(made.type, charset=charset))
    if cursor.take("INVISIBLE"):
        return structs.replace(made, invisible=True)
    if cursor.any_of("STORED", "PERSISTENT"):
        return structs.replace(made, generated="stored", fragile=fragile(made.expression))
    if cursor.take("GENERATED", "ALWAYS", "AS") or cursor.take("AS"):
        if word := cursor.any_of("ROW") and cursor.any_of("START", "END"):
            # Since or until when a row is so, which the server writes (MariaDB, "System-Versioned
            # Tables").
            return structs.replace(made, generated="stored", expression=f"row {word.lower()}")
        written = said(cursor.inside())
        return structs.replace(made, generated="virtual", expression=written)
    if cursor.sees("PRIMARY") or cursor.sees("KEY"):
        cursor.take("PRIMARY")
        cursor.expect("KEY")
        return _with(made, Constraint(kind="primary key", columns=(made.name,), at=at))
    if cursor.take("UNIQUE"):
        cursor.take("KEY")
        return _with(made, Constraint(kind="unique", columns=(made.name,), at=at))
    if cursor.sees("CHECK") or cursor.sees("CONSTRAINT"):
        found = _check(cursor)
        return _with(made, structs.replace(found, columns=(made.name, *found.columns)))
    if cursor.take("REFERENCES"):
        return _with(made, references(cursor, Constraint(kind="foreign key", at=at)))
    return _ignored(cursor, made)


_WITH_VALUE = frozenset(
    [
        "COLUMN_FORMAT",
        "STORAGE",
        "ENGINE_ATTRIBUTE",
        "SECONDARY_ENGINE_ATTRIBUTE",
        "SRID",
        "REF_SYSTEM_ID",
    ]
)


def _ignored(cursor: Cursor, made: Column) -> Column:
    """Read what changes nothing that anybody here asks for. Raises UnexpectedError for the rest."""
    if cursor.any_of(*_WITH_VALUE):
        cursor.take("=")
        cursor.next()
    elif cursor.any_of("WITH", "WITHOUT"):
        cursor.expect("SYSTEM", "VERSIONING")
    elif cursor.take("COMPRESSED"):
        cursor.take("=")
        cursor.any_of("ZLIB")
    elif not cursor.take("NOT", "SECONDARY"):
        raise cursor.unexpected("something that a column can have")
    return made


def _with(made: Column, constraint: Constraint) -> Column:
    null = made.not_null or constraint.kind == "primary key"
    return structs.replace(made, constraints=(*made.constraints, constraint), not_null=null)


def default(cursor: Cursor) -> Default:
    """Read what stands behind DEFAULT."""
    token = cursor.peek()
    if cursor.take("NULL"):
        return Default(null=True, constant=True, sql="NULL")
    written = _expression(cursor)
    if not written:
        raise cursor.unexpected("a default")
    sql = said(written)
    literal = len(written) <= 2 and written[-1].kind in {"string", "number"}
    if literal or token.up in _CONSTANT_WORDS or written[0].text.startswith("_"):
        return Default(constant=True, sql=sql, text=sql)
    if token.up in _NOW:
        return Default(constant=True, calls=("now",), sql="now", text="now")
    calls = tuple(
        one.text.lower()
        for one, after in pairwise(written)
        if after.up == "(" and one.kind == "word"
    )
    return Default(calls=calls, constant=not calls and token.up != "(", sql=sql, text=sql)


def _expression(cursor: Cursor) -> list[Token]:
    """Return the tokens of a default or an ON UPDATE: one value, or one call."""
    begin = cursor.position
    if cursor.sees("("):
        cursor.inside()
    else:
        cursor.take("-") or cursor.take("+")
        token = cursor.next()
        if token.kind == "word" and token.text.startswith("_") and cursor.peek().kind == "string":
            cursor.next()
        while cursor.sees("(") or cursor.sees("."):
            cursor.inside() if cursor.sees("(") else cursor.next()
    return list(cursor.tokens[begin : cursor.position])


def _check(cursor: Cursor) -> Constraint:
    at, name = cursor.at, ""
    if cursor.take("CONSTRAINT") and not cursor.sees("CHECK"):
        name = cursor.identifier()
    cursor.expect("CHECK")
    return check(cursor, name, at)


def check(cursor: Cursor, name: str, at: int) -> Constraint:
    """Read a CHECK from its parenthesis on."""
    inside = cursor.inside()
    words = [token.up for token in inside]
    enforced = not cursor.take("NOT", "ENFORCED")
    cursor.take("ENFORCED")
    return Constraint(
        kind="check",
        name=name,
        columns=tuple(Anycase(unquoted(x.text)) for x in inside if x.kind in {"word", "name"}),
        enforced=enforced,
        wants_value="IS NOT NULL" in " ".join(words),
        sql=f"CHECK ({said(inside)})",
        expression=said(inside),
        bounds=bounds(said(inside)),
        at=at,
    )


def references(cursor: Cursor, constraint: Constraint) -> Constraint:
    """Read what stands behind REFERENCES."""
    table = cursor.table()
    refers = key_columns(cursor) if cursor.sees("(") else ()
    does = {"DELETE": "a", "UPDATE": "a"}
    while not cursor.done and cursor.peek().up not in _REFERENCE_ENDS:
        if not cursor.any_of("ON", "MATCH"):
            break
        when = cursor.next().up
        word = cursor.any_of("SET", "NO", "CASCADE", "RESTRICT")
        if word in {"SET", "NO"}:
            word += cursor.next().up
        does[when] = _ACTIONS.get(word, "a")
    return structs.replace(
        constraint,
        references=table,
        refers=refers,
        keeps=does["DELETE"] == "a",
        deletes=does["DELETE"],
        pins=does["UPDATE"] == "a",
    )


_ACTIONS = {"CASCADE": "c", "SETNULL": "n", "SETDEFAULT": "d"}
"""What a foreign key does, as PostgreSQL's catalogue has it; RESTRICT and NO ACTION refuse."""


def key_columns(cursor: Cursor) -> tuple[str, ...]:
    """Read the parts of a key: column names, an empty text for an expression."""
    return _parts_of(cursor)[0]


def _parts_of(cursor: Cursor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of a key, and those of its parts that are no whole column."""
    found, others = [], []
    for part in pieces(cursor.inside()):
        plain = part[0].kind in {"word", "name"} and (len(part) < 2 or part[1].up != ".")
        prefix = plain and len(part) > 1 and part[1].up == "("
        call = prefix and not (len(part) > 2 and part[2].kind == "number")
        found.append(Anycase(unquoted(part[0].text)) if plain and not call else "")
        if prefix or not plain:
            others.append(said(part))
    return tuple(found), tuple(others)


def key(cursor: Cursor, *, unique: bool, form: str, name: str = "") -> Key:
    """Read a key behind INDEX or KEY: its name if it has one, its columns and options."""
    if not cursor.sees("(") and not cursor.sees("USING") and not cursor.sees("TYPE"):
        cursor.take("IF", "NOT", "EXISTS")
        name = cursor.identifier() if not cursor.sees("(") else name
    _key_options(cursor)
    columns, others = _parts_of(cursor)
    unseen = _key_options(cursor)
    automatic = Anycase(next(iter(columns), "") or "functional_index")
    return Key(
        name=name or automatic,
        columns=columns,
        expressions=others,
        unique=unique,
        form=form,
        unseen=unseen,
    )


_KEY_OPTIONS = frozenset(["KEY_BLOCK_SIZE", "COMMENT", "CLUSTERING", "ENGINE_ATTRIBUTE"])


def _key_options(cursor: Cursor) -> bool:
    """Go past the options of a key; say whether the optimizer does not see it."""
    unseen = False
    while True:
        if cursor.any_of("USING", "TYPE") or cursor.take("WITH", "PARSER"):
            cursor.next()
        elif cursor.any_of(*_KEY_OPTIONS):
            cursor.take("=")
            cursor.next()
        elif cursor.any_of("INVISIBLE", "IGNORED"):
            unseen = True
        elif not (cursor.take("VISIBLE") or cursor.take("NOT", "IGNORED")):
            return unseen


def automatic_name(table: Name, kind: str, taken: Sequence[str], columns: tuple[str, ...]) -> str:
    """Return the name that the server gives a constraint (MySQL manual, "CREATE TABLE")."""
    if kind == "primary key":
        return Anycase("PRIMARY")
    if kind == "unique":
        return Anycase(next(iter(columns), ""))
    middle = "ibfk" if kind == "foreign key" else "chk"
    number = 1
    while f"{table.name}_{middle}_{number}".lower() in {each.lower() for each in taken}:
        number += 1
    return Anycase(f"{table.name}_{middle}_{number}")
