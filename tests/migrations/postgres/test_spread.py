"""Reading many files in several processes: what comes back is what reading here would give."""

from __future__ import annotations

import pytest

from cdkit.core.doors.hands import ForkedHands
from cdkit.core.doors.pg_query import SAFE_LENGTH
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.world import Hands, OwnHands
from cdkit.migrations.catalogue import rules
from cdkit.migrations.history import history
from cdkit.migrations.operation import Harmless, Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.postgres.spread import parse_each
from cdkit.migrations.reader import Reader
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import engines, server_of
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.wire import received, sent
from tests.migrations.test_remembered import migrations

EXAMPLES = sorted(
    {
        each.text
        for rule in rules().values()
        for each in (*rule.bad, *rule.good)
        if not each.text.startswith("-- server")
    }
)


def read_here(text: Text) -> Parsed:
    parsed = parse(text, SystemProcesses(), data=text.data)
    for each in parsed.statements:
        each.does = operations(each) if each.does is None else each.does
    return parsed


def fields(operation: Operation) -> dict[str, object]:
    names = [name for name in operation.__struct_fields__ if name != "statement"]
    return {name: getattr(operation, name) for name in names}


def shown(parsed: Parsed) -> list[object]:
    return [
        (
            (one.text.path, one.kind, one.start, one.end, one.base),
            [
                (type(x), fields(x), x.statement is one, x.statement.start, x.statement.base)
                for x in one.does or ()
            ],
        )
        for one in parsed.statements
    ] + list(parsed.troubles)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_sent_is_received(example: str) -> None:
    text = Text("m.sql", example.encode())
    parsed = read_here(text)
    assert shown(received(sent(parsed), text)) == shown(parsed)


def test_operations_of_several_statements_keep_each_its_own() -> None:
    text = Text("m.sql", b"SELECT 1; SELECT 2;")
    one, other = (
        Statement(text=text, kind="SelectStmt", node=b"", start=at, end=at + 8) for at in (0, 10)
    )
    order = (one, other, one, one, other, other)
    one.does = tuple(Harmless(statement=each, at=at) for at, each in enumerate(order))
    other.does = (Harmless(statement=one, at=0), Harmless(statement=other, at=1))
    again, another = received(sent(Parsed(statements=(one, other))), text).statements
    assert [x.statement for x in again.does or ()] == [
        {one: again, other: another}[each] for each in order
    ]
    assert [x.statement for x in another.does or ()] == [again, another]


@pytest.mark.parametrize("hands", [OwnHands(), ForkedHands(2)], ids=["alone", "forked"])
def test_many_texts_are_read_in_order_wherever_each_is_read(hands: Hands) -> None:
    written = [f"CREATE TABLE t{number} (a int);\n".encode() for number in range(300)]
    written[7] = b"CREATE TABEL a;\n"
    written[11] = b"SELECT '" + b"x" * SAFE_LENGTH + b"';\n"
    written[12] = b"SELECT " + b"+".join([b"a"] * 60_000) + b";\n"
    texts = [Text(f"{number}.sql", data) for number, data in enumerate(written)]
    found = parse_each([(text, text.data) for text in texts], SystemProcesses(), hands)
    for text, parsed in zip(texts, found, strict=True):
        for each in parsed.statements:
            each.does = operations(each) if each.does is None else each.does
        assert shown(parsed) == shown(read_here(text))


def test_a_history_that_is_shared_out_makes_the_same_schema() -> None:
    made: list[Schema] = []
    for hands in (None, ForkedHands(2)):
        schema = Schema("public")
        dialect = engines()["postgres"].dialect()
        reader = Reader(server_of("postgres"), dialect, SystemProcesses(), hands)
        assert history(migrations(600), (), schema, reader, None) == (600, 0)
        made.append(schema)
    alone, forked = made
    assert forked.tables == alone.tables
    assert dict(forked.indexes) == dict(alone.indexes)
    assert forked.things == alone.things
    assert forked.grants.parts == alone.grants.parts
