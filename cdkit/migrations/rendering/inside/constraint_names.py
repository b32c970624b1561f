"""Runs in the project's own Python: the constraints that the SQL rendered so far has made.

Django asks the database for the names of constraints that it must drop; without one, they are those
of the statements that made them. PostgreSQL's own names for unnamed ones: its documentation, CREATE
TABLE (`table_column_key`, `table_pkey`, `table_column_check`); MySQL names a unique one as its
column.
"""

from __future__ import annotations

import re
from typing import Any

LONGEST_NAME = 63


class AsksDatabase(Exception):
    """Django wants to know what only a database knows."""


WORD = r'(?:"((?:[^"]|"")+)"|`([^`]+)`|(\w+))'
CREATE_TABLE = re.compile(r"CREATE TABLE " + WORD + r" \((.*)\)", re.DOTALL)
INDEX = re.compile(
    r"CREATE (UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?" + WORD + r" ON " + WORD,
    re.DOTALL,
)
ALTER = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?" + WORD + r" (.*)", re.DOTALL)
NAMED = re.compile(r"CONSTRAINT " + WORD + r"\s+(.*)", re.DOTALL)
KINDS = {"PRIMARY": "primary_key", "UNIQUE": "unique", "FOREIGN": "foreign_key",
         "REFERENCES": "foreign_key", "CHECK": "check"}  # fmt: skip


class Names:
    """The constraints and indexes that the SQL so far has made, by table."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self.tables: Any = {}
        self.unsure: Any = set()

    def asked(self) -> Any:
        """Return what stands in for `_constraint_names` of a schema editor."""

        def constraint_names(model: Any, column_names: Any = None, **wanted: Any) -> Any:
            table = model._meta.db_table.strip('"')
            if table not in self.tables or table in self.unsure:
                raise AsksDatabase("it asks the database for the constraints of " + table)
            exclude = wanted.pop("exclude", None) or ()
            return [
                name
                for name, known in self.tables[table].items()
                if name not in exclude
                and (column_names is None or list(column_names) == known["columns"])
                and all(fits(known, kind, value) for kind, value in wanted.items())
            ]

        return constraint_names

    def follow(self, sql: str) -> None:
        """Learn from a statement what it makes, renames and drops."""
        for statement in sql.split(";\n"):
            self._follow(statement.strip().rstrip(";"))

    def _follow(self, sql: str) -> None:
        if found := CREATE_TABLE.match(sql):
            table = word(found.groups()[:3])
            self.tables[table] = {}
            for part in parts(found[4]):
                self._made(table, part)
        elif found := INDEX.match(sql):
            name, table = word(found.groups()[1:4]), word(found.groups()[4:7])
            columns = columns_of(sql[found.end() :])
            self._add(table, name, columns, "unique" if found[1] else "", index=True)
        elif found := ALTER.match(sql):
            for part in parts(found[4]):
                self._alter(word(found.groups()[:3]), part)
        elif found := re.match(r"DROP TABLE (?:IF EXISTS )?" + WORD, sql):
            self.tables.pop(word(found.groups()), None)
        elif found := re.match(r"DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?" + WORD, sql):
            self._drop(word(found.groups()))
        elif found := re.match(r"ALTER INDEX " + WORD + r" RENAME TO " + WORD, sql):
            self._rename(word(found.groups()[:3]), word(found.groups()[3:]))

    def _alter(self, table: str, part: str) -> None:
        known = self.tables.setdefault(table, {})
        if found := re.match(r"RENAME TO " + WORD, part):
            self.tables[word(found.groups())] = self.tables.pop(table)
        elif found := re.match(r"RENAME CONSTRAINT " + WORD + " TO " + WORD, part):
            self._rename(word(found.groups()[:3]), word(found.groups()[3:]))
        elif found := re.match(r"RENAME (?:COLUMN )?" + WORD + " TO " + WORD, part):
            old, new = word(found.groups()[:3]), word(found.groups()[3:])
            for each in known.values():
                each["columns"] = [new if column == old else column for column in each["columns"]]
        elif found := re.match(r"DROP CONSTRAINT (?:IF EXISTS )?" + WORD, part):
            known.pop(word(found.groups()), None)
        elif found := re.match(r"DROP (?:COLUMN )?(?:IF EXISTS )?" + WORD, part):
            gone = word(found.groups())
            for name in [n for n, each in known.items() if gone in each["columns"]]:
                del known[name]
        elif found := re.match(r"ADD (?:COLUMN )?(?:IF NOT EXISTS )?", part):
            self._made(table, part[found.end() :])

    def _made(self, table: str, part: str) -> None:
        """Learn from a column or a constraint of a table."""
        if found := NAMED.match(part):
            name, rest = word(found.groups()[:3]), found[4]
            kind = KINDS.get(rest.split()[0].split("(")[0].upper(), "")
            self._add(table, name, columns_of(rest), kind, index=kind == "unique")
            return
        found = re.match(WORD, part)
        if found is None:
            self.unsure.add(table)
            return
        column = word(found.groups())
        rest = part[found.end() :]
        if inner := re.search(r"CONSTRAINT " + WORD + r"\s+REFERENCES", rest):
            self._add(table, word(inner.groups()), [column], "foreign_key", index=False)
        if " PRIMARY KEY" in rest:
            name = "PRIMARY" if self.vendor == "mysql" else table + "_pkey"
            self._add(table, name, [column], "primary_key", index=True)
            if len(table.encode()) > LONGEST_NAME - len("_pkey"):
                self.unsure.add(table)
        if re.search(r" UNIQUE\b", rest):
            self._own(table, column, "key", "unique", index=True)
        if re.search(r" CHECK \(", rest):
            self._own(table, column, "check", "check", index=False)

    def _add(self, table: str, name: str, columns: Any, kind: str, *, index: bool) -> None:
        # PostgreSQL cuts a longer name off (its documentation, "Identifiers and Key Words").
        name = name.encode()[:LONGEST_NAME].decode("utf-8", "ignore")
        known = self.tables.setdefault(table, {})
        known[name] = {"columns": columns, "kind": kind, "index": index}

    def _own(self, table: str, column: str, what: str, kind: str, *, index: bool) -> None:
        """Learn of a constraint that gets its name from the server."""
        name = column if self.vendor == "mysql" else f"{table}_{column}_{what}"
        if len(name.encode()) > LONGEST_NAME:
            self.unsure.add(table)
        self._add(table, name, [column], kind, index=index)

    def _drop(self, name: str) -> None:
        for known in self.tables.values():
            known.pop(name, None)

    def _rename(self, old: str, new: str) -> None:
        for known in self.tables.values():
            if old in known:
                known[new] = known.pop(old)


def fits(known: Any, kind: str, value: Any) -> bool:
    """Whether a constraint is of a kind, as Django's introspection calls it."""
    if value is None:
        return True
    if kind == "type_":
        return True
    if kind == "index":
        return bool(known["index"]) is value
    if kind == "unique":
        return (known["kind"] in {"unique", "primary_key"}) is value
    if kind == "foreign_key":
        return bool(known["kind"] == kind)
    return (known["kind"] == kind) is value


def word(groups: Any) -> str:
    """Return the identifier that WORD found."""
    quoted, ticked, bare = groups
    return (quoted or "").replace('""', '"') or ticked or bare or ""


def columns_of(text: str) -> Any:
    """Return the columns of the first bracket of a text, as far as they are plain names."""
    start = text.find("(")
    if start < 0:
        return []
    inner = text[start + 1 : closing(text, start)]
    found = [re.match(r"\s*" + WORD, part) for part in parts(inner)]
    return [word(each.groups()) for each in found if each]


def closing(text: str, start: int) -> int:
    """Return where the bracket that opens at `start` closes."""
    depth = 0
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


def parts(text: str) -> Any:
    """Return what stands between commas outside of brackets and quotes."""
    found, depth, start, quote = [], 0, 0, ""
    for position, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and depth == 0:
            found.append(text[start:position].strip())
            start = position + 1
    return [*found, text[start:].strip()]
