"""A changeset as a migration: its changes as SQL, each statement at its line, and the way back."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from cdkit.core.errors import CdkitError
from cdkit.migrations.liquibase.changelog import resolved
from cdkit.migrations.liquibase.changes import TYPES, unknown_of
from cdkit.migrations.liquibase.changeset import ChangeSet, filled, runs_on, unfilled
from cdkit.migrations.liquibase.names import Words, truth
from cdkit.migrations.liquibase.node import Node
from cdkit.migrations.look import Look
from cdkit.migrations.source import Down, Migration, Script
from cdkit.migrations.text import Rendered, Spot, Text
from cdkit.migrations.trouble import Trouble

NAME = "liquibase"
_SQL = frozenset({"sql", "createProcedure"})
_SQL_ATTRIBUTES = frozenset(
    {
        *("sql", "stripComments", "splitStatements", "endDelimiter", "dbms", "procedureText"),
        *("catalogName", "schemaName", "procedureName", "replaceIfExists", "comment"),
    }
)
_FILE_ATTRIBUTES = _SQL_ATTRIBUTES | {"path", "encoding", "relativeToChangelogFile"}
_LOOK = "have somebody look at it and say so with `cdkit: allow unread-code (reason)`"
_ASK = "let `liquibase update-sql` render it, and give the SQL"


class Piece(Struct, frozen=True, kw_only=True):
    """SQL, and where it comes from: a line, or the lines from it on where it stands as it is."""

    sql: str
    line: int
    plain: bool = False
    path: str = ""


class Woven(Struct, kw_only=True):
    """What the changes of a changeset make: SQL, what is none, and the files that it is from."""

    pieces: list[Piece] = []
    troubles: list[Trouble] = []
    files: list[str] = []


class Weaver(Struct, frozen=True, kw_only=True):
    """What is the same for all changes of a changeset."""

    words: Words
    path: str
    properties: Mapping[str, str]
    look: Look

    def weave(self, changes: Iterable[Node]) -> Woven:
        """Return what changes run."""
        woven = Woven()
        for node in changes:
            change = _filled(node, self.properties)
            if runs_on(change.get("dbms"), self.words.engine):
                self._change(change, woven)
        return woven

    def _change(self, node: Node, woven: Woven) -> None:
        if node.name in _SQL and not node.get("path"):
            self._unknown(node, (x for x in node.attributes if x not in _SQL_ATTRIBUTES), woven)
            body = _body(node)
            woven.pieces.append(
                Piece(sql=_ended(body.text, node.get("endDelimiter")), line=body.line, plain=True)
            )
        elif node.name in {"sqlFile", "createProcedure"}:
            self._unknown(node, (x for x in node.attributes if x not in _FILE_ATTRIBUTES), woven)
            self._file(node, woven)
        elif kind := TYPES.get(node.name):
            self._unknown(node, unknown_of(node, kind), woven)
            for sql in kind.render(node, self.words):
                woven.pieces.append(Piece(sql=sql, line=node.line))
        else:
            what = f"{node.name[:60] or 'a change without a name'} is rendered by Liquibase alone"
            woven.troubles.append(_trouble(what, node.line, _LOOK))

    def _unknown(self, node: Node, names: Iterable[str], woven: Woven) -> None:
        for name in names:
            what = f"what {name[:60]!r} makes of {node.name} is not known here"
            woven.troubles.append(_trouble(what, node.line, _ASK))

    def _file(self, node: Node, woven: Woven) -> None:
        relative = truth(node.get("relativeToChangelogFile"))
        path = resolved(node.get("path"), self.path, self.look, relative=relative)
        try:
            sql = self.look.read(path).decode("utf-8") if path else ""
        except (CdkitError, UnicodeDecodeError) as fault:
            woven.troubles.append(_trouble(f"{path} cannot be read: {fault}", node.line, "mend it"))
            return
        if not path:
            what = f"the SQL of {node.get('path')[:200]!r} is not there"
            woven.troubles.append(_trouble(what, node.line, "add the file"))
            return
        woven.files.append(path)
        text = _ended(filled(sql, self.properties), node.get("endDelimiter"))
        woven.pieces.append(Piece(sql=text, line=1, plain=True, path=path))


def migration_of(changeset: ChangeSet, number: int, engine: str, look: Look) -> Migration:
    """Return the migration that a changeset is."""
    options = changeset.options
    words = Words(engine=engine, quote_all=options.quote_all)
    weaver = Weaver(words=words, path=changeset.path, properties=changeset.properties, look=look)
    woven = _up(changeset, weaver)
    text = _text(changeset.path, woven.pieces, changeset.line)
    for piece in woven.pieces:
        if name := unfilled(piece.sql):
            what = f"the property {name[:60]!r} is defined nowhere here"
            remedy = "define it in the changelog, or in liquibase.properties as `parameter.NAME`"
            woven.troubles.append(_trouble(what, piece.line, remedy))
    said = Text(changeset.path, look.read(changeset.path))
    alone = _alone(woven, look)
    return Migration(
        text=alone or text,
        script=Script(
            sql=(alone or text).data,
            in_transaction=options.run_in_transaction,
            down=_down(changeset, weaver),
        ),
        source=NAME,
        order=((number, 0, ""),),
        key=options.key,
        repeats=options.repeats,
        written=alone or said,
        also=(changeset.path, *woven.files),
        troubles=tuple(woven.troubles),
        maybe=options.maybe,
        no_sql=not woven.troubles and not any(piece.sql.strip() for piece in woven.pieces),
    )


def _alone(woven: Woven, look: Look) -> Text | None:
    """Return the one SQL file that a changeset runs as it is, None for any other changeset."""
    if len(woven.pieces) != 1 or woven.troubles or not woven.pieces[0].path:
        return None
    (piece,) = woven.pieces
    data = look.read(piece.path)
    return Text(piece.path, data) if data == piece.sql.encode() else None


def _up(changeset: ChangeSet, weaver: Weaver) -> Woven:
    if changeset.sql is None:
        return weaver.weave(changeset.changes)
    sql = filled(changeset.sql.decode("utf-8", "surrogateescape"), changeset.properties)
    return Woven(pieces=[_own(changeset, _ended(sql, changeset.options.end_delimiter))])


def _own(changeset: ChangeSet, sql: str) -> Piece:
    return Piece(sql=sql, line=changeset.line, plain=True)


def _down(changeset: ChangeSet, weaver: Weaver) -> Down | None:
    """Return the way back: the changeset's own, else Liquibase's, None where there is none."""
    woven = _way_back(changeset, weaver)
    if woven is None or woven.troubles or any(unfilled(each.sql) for each in woven.pieces):
        return None
    text = _text(changeset.path, woven.pieces, changeset.line)
    return Down(text=text, sql=text.data, in_transaction=changeset.options.run_in_transaction)


def _way_back(changeset: ChangeSet, weaver: Weaver) -> Woven | None:
    if changeset.sql is not None:
        if changeset.down is None:
            return None
        sql = filled(changeset.down.decode("utf-8", "surrogateescape"), changeset.properties)
        return Woven(pieces=[_own(changeset, sql)])
    if changeset.rollback is not None:
        if any(node.get("changeSetId") for node in changeset.rollback):
            return None
        return weaver.weave(each for node in changeset.rollback for each in _changes_of(node))
    woven = Woven()
    for node in reversed(changeset.changes):
        kind = TYPES.get(node.name)
        if kind is None or kind.back is None:
            return None
        change = _filled(node, changeset.properties)
        woven.pieces += (Piece(sql=sql, line=node.line) for sql in kind.back(change, weaver.words))
    return woven


def _changes_of(rollback: Node) -> Iterator[Node]:
    """Yield the changes of a rollback; text in it is SQL."""
    if rollback.text.strip():
        yield Node(name="sql", text=rollback.text, line=rollback.line)
    for node in rollback.children:
        if node.name == "":
            yield Node(name="sql", text=node.text, line=node.line)
        elif node.name == "changes":
            yield from node.children
        else:
            yield node


def _filled(node: Node, properties: Mapping[str, str]) -> Node:
    return structs.replace(
        node,
        attributes={name: filled(value, properties) for name, value in node.attributes.items()},
        children=tuple(_filled(child, properties) for child in node.children),
        text=filled(node.text, properties),
    )


def _body(node: Node) -> Node:
    """Return the SQL of a change, with the line that it begins in."""
    for name in ("sql", "procedureText"):
        if name in node.attributes:
            return Node(name=name, text=node.attributes[name], line=node.line)
        for child in node.all(name):
            return child
    return node


def _ended(sql: str, delimiter: str) -> str:
    """Return SQL with `;` for its own delimiter, at the ends of lines."""
    plain = delimiter.replace("\\n", "").replace("\\s*", "").replace("$", "").strip()
    if not plain or plain == ";":
        return sql
    return re.sub(rf"(?mi){re.escape(plain)}[ \t]*$", ";", sql)


def _text(path: str, pieces: Sequence[Piece], line: int) -> Rendered:
    data = bytearray()
    spots = [Spot(0, line)]
    for piece in pieces:
        lines = piece.sql.encode("utf-8", "surrogateescape").split(b"\n")
        for number, each in enumerate(lines):
            at = piece.line + number if piece.plain else piece.line
            spots.append(Spot(len(data), at, 0, piece.path))
            data += each + b"\n"
        if not data.rstrip().endswith(b";"):
            data += b";\n" if data.strip() else b""
    return Rendered(path, bytes(data), spots)


def _trouble(what: str, line: int, remedy: str) -> Trouble:
    return Trouble(rule="unread-code", what=what, line=line, remedy=remedy)
