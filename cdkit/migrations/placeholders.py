"""Placeholders in SQL: known values are put in, of an unknown one its name stands in its place.

Read as a name, `ALTER TABLE ${table} ADD COLUMN a int` is still judged; where a placeholder stands
for more than a name, a type or a value, the grammar refuses the statement, and nobody can tell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import tokens
from cdkit.migrations.text import Filled, Text

_RESERVED = frozenset(
    b"""
    action add all alter analyse analyze and any array as asc asymmetric authorization before
    begin binary both by cascade case cast check collate collation column columns commit
    concurrently constraint create cross current data database default deferrable definition desc
    distinct do drop else enable end except exclude exists extension false fetch filter first for
    foreign from full function grant group having if ilike in include index initially inner insert
    intersect into is isnull join key last lateral leading left like limit natural no not notnull
    null offset on only options or order outer over overlaps owner partition placing policy primary
    privileges references rename replace restrict returning revoke right role row rows rule schema
    select sequence session set similar some storage symmetric table tablespace temp temporary then
    to trailing trigger true truncate type union unique unlogged update user using valid validate
    value values variadic verbose view virtual volatile when where window with without work
    """.split()
)
"""Words that would be read as more than a name (PostgreSQL manual, Appendix C, and clauses)."""


class Slot(Struct, frozen=True, kw_only=True):
    """A placeholder: where it starts and ends, what it is called, its value where it is known.

    `instead` is what stands in its place where it is not, if that is not just its name.
    """

    start: int
    end: int
    name: bytes
    value: bytes | None = None
    instead: bytes = b""


def fill(text: Text, slots: Iterable[Slot]) -> Text:
    """Return a text with its placeholders filled; the text itself where it has none."""
    pieces: list[bytes] = []
    cuts: list[tuple[int, int, int, int]] = []
    assumed: list[tuple[int, str]] = []
    position = length = 0
    for slot in sorted(slots, key=lambda one: one.start):
        if slot.start < position:
            continue
        known = slot.value is not None
        put = slot.value if slot.value is not None else slot.instead or _name_of(text.data, slot)
        pieces += (text.data[position : slot.start], put)
        length += slot.start - position
        if not known:
            assumed.append((length, text.data[slot.start : slot.end].decode("utf-8", "replace")))
        cuts.append((length, length + len(put), slot.start, slot.end))
        length += len(put)
        position = slot.end
    if not cuts:
        return text
    return Filled(text, b"".join((*pieces, text.data[position:])), cuts, assumed)


def _name_of(data: bytes, slot: Slot) -> bytes:
    """Return a name for a value that nobody knows: no word of SQL, and apart from what is beside.

    Glued to other letters it is a part of their name: `${env}_orders`.
    """
    name = re.sub(rb"\W+", b"_", slot.name).strip(b"_").lower() or b"placeholder"
    before, after = data[slot.start - 1 : slot.start], data[slot.end : slot.end + 1]
    if re.match(rb"\w", before) or re.match(rb"\w", after):
        return name
    if name[:1].isdigit():
        name = b"p" + name
    return name + b"_" if name in _RESERVED else name


def braces(
    data: bytes, values: Mapping[str, str], *, opening: str = "${", closing: str = "}"
) -> Iterator[Slot]:
    """Yield the placeholders that stand between two marks, wherever they stand."""
    inside = re.escape(closing[0].encode())
    pattern = re.escape(opening.encode()) + rb"([^\s" + inside + rb"]{1,128})"
    for found in re.finditer(pattern + re.escape(closing.encode()), data):
        value = values.get(found[1].decode("utf-8", "replace"))
        known = None if value is None else value.encode("utf-8", "replace")
        yield Slot(start=found.start(), end=found.end(), name=found[1], value=known)


def environment(data: bytes, start: int, end: int) -> Iterator[Slot]:
    """Yield the variables of a shell's kind in a part of a text; a default counts as the value.

    Only `${NAME}`, `${NAME:-default}` and `$NAME`; `$1` and `$body$` are SQL.
    """
    pattern = rb"\$\{([A-Za-z_]\w*)(?::?-([^}\n]{0,1000}))?\}|\$([A-Za-z_]\w*)\b(?!\$)"
    for found in re.compile(pattern).finditer(data, start, end):
        name = found[1] or found[3]
        yield Slot(start=found.start(), end=found.end(), name=name, value=found[2])


_DECIDING = frozenset({b"else", b"end", b"break", b"continue"})


def templates(data: bytes) -> Iterator[Slot]:
    """Yield the names that a template puts in: `{{ name }}`, `{{ .Name }}`, `<%= name %>`.

    What decides or loops (`{% if %}`, `<% if %>`, `{{ end }}`) is no name: it stays, and the
    grammar refuses it.
    """
    pattern = rb"\{\{-?\s*\.?([A-Za-z_][\w.]*)\s*-?\}\}|<%=\s*([A-Za-z_@][\w.]*)\s*-?%>"
    for found in re.finditer(pattern, data):
        if (name := found[1] or found[2]) not in _DECIDING:
            yield Slot(start=found.start(), end=found.end(), name=name)


_SET = pattern(
    rb"^\\set[ \t]{1,100}(\w{1,100})[ \t]{1,100}'?([^'\n\r]{0,1000}?)'?[ \t]{0,100}\r?$",
    re.MULTILINE,
)
_VARIABLE = pattern(rb":(?:([A-Za-z_]\w*)|'(\w+)'|\"(\w+)\")(?!:)")
_BEFORE_VARIABLE = frozenset(b" \t\r\n(,=.<>+*/-")
"""What may stand before a variable; elsewhere a colon is a cast, a slice or an assignment."""


def psql_variables(data: bytes, values: Mapping[str, str]) -> Iterator[Slot]:
    r"""Yield psql's variables: `:name`, `:'name'` (a literal), `:"name"` (an identifier).

    A `\set` of the file counts where nothing else gives a value. Source: PostgreSQL manual,
    "psql", section "SQL Interpolation".
    """
    if b":" not in data:
        return
    known = {found[1]: found[2] for found in _SET().finditer(data)} if b"\\set" in data else {}
    known |= {name.encode(): value.encode("utf-8", "replace") for name, value in values.items()}
    for found in _VARIABLE().finditer(data):
        if found.start() and data[found.start() - 1] not in _BEFORE_VARIABLE:
            continue
        name = found[1] or found[2] or found[3]
        value = known.get(name)
        quote = b"'" if found[2] else b'"' if found[3] else b""
        if value is not None:
            value = quote + (value.replace(quote, quote * 2) if quote else value) + quote
        yield Slot(
            start=found.start(),
            end=found.end(),
            name=name,
            value=value,
            instead=quote + name + quote if quote else b"",
        )


def outside_quotes(data: bytes, slots: Iterable[Slot]) -> Iterator[Slot]:
    """Yield those that stand in code: within quotes the text is SQL as it is."""
    waiting = list(slots)
    if not waiting:
        return
    quoted = [(x.start, x.end) for x in tokens(data) if x.kind == "string" or x.text[:1] == b'"']
    comments = [(x.start(), x.end()) for x in re.finditer(rb"--[^\n]*", data)]
    covered = sorted((*quoted, *comments))
    position = 0
    for slot in sorted(waiting, key=lambda one: one.start):
        while position < len(covered) and covered[position][1] <= slot.start:
            position += 1
        if position == len(covered) or covered[position][0] >= slot.start:
            yield slot
