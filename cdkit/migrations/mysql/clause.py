"""The ALTER TABLE that is being read, as its clauses see it."""

from collections.abc import Iterator
from typing import Any

from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import Cursor
from cdkit.migrations.statement import Statement

Clauses = Iterator[Operation]


class Alter:
    """The ALTER TABLE that is being read: its table, and what it asks the server for."""

    def __init__(self, statement: Statement, cursor: Cursor, table: Name) -> None:
        self.statement = statement
        self.cursor = cursor
        self.table = table
        self.algorithm = ""
        self.lock = ""

    def where(self, at: int) -> dict[str, Any]:
        """Return what every operation of it has."""
        return {"statement": self.statement, "at": at, "table": self.table}

    def index(self, name: str) -> Name:
        """Return the name of an index as the model keeps it."""
        return Name(self.table.schema, f"{self.table.name}.{name.lower()}")
