"""Many migrations of one change, read ahead in other processes: what is found is the same."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from cdkit.core.doors.hands import ForkedHands
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.world import Hands, OwnHands
from cdkit.migrations.catalogue import dispatch
from cdkit.migrations.find import read
from cdkit.migrations.lint import Linted, Request, lint
from cdkit.migrations.reader import LARGE
from cdkit.migrations.server import server_of
from cdkit.migrations.source import Migration

_STRANGE = {
    100: b"CREATE TABEL a;\nALTER TABLE t0 DROP COLUMN a;\n",
    200: b"ALTER TABLE t1 ADD COLUMN c int;\nSELECT '" + b"x" * LARGE + b"';\n",
    300: b"",
    400: b"ALTER TABLE t2 ALTER COLUMN a TYPE bigint;\n",
    401: b"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t3';\nSELECT f();\n",
    410: b"CREATE TABLE e (y int) PARTITION BY LIST (y);\n"
    b"CREATE TABLE e_rest PARTITION OF e DEFAULT;\n",
    411: b"CREATE INDEX i ON ONLY e (y);\nCREATE INDEX u ON ONLY nobody (y);\n",
    412: b"BEGIN;\nALTER TABLE e DETACH PARTITION e_rest;\nCREATE TABLE e_1 (LIKE e);\n"
    b"WITH m AS (DELETE FROM e_rest WHERE y = 1 RETURNING *) INSERT INTO e_1 SELECT * FROM m;\n"
    b"ALTER TABLE e ATTACH PARTITION e_1 FOR VALUES IN (1);\n"
    b"ALTER TABLE e ATTACH PARTITION e_rest DEFAULT;\nCOMMIT;\n",
    413: b"DO $$ BEGIN IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 't5'::regclass "
    b"AND attname = 'b') THEN ALTER TABLE t5 DROP COLUMN b; END IF; END $$;\n",
    414: b"DO $$ BEGIN ALTER TABLE t5 DROP COLUMN a; RAISE EXCEPTION 'no'; "
    b"EXCEPTION WHEN others THEN NULL; END $$;\n",
    599: b"DROP TABLE t4;\n",
}


def changed() -> list[Migration]:
    """Six hundred migrations: most make a table, some are what a reader stumbles over."""
    made: list[Migration] = []
    for number in range(600):
        data = _STRANGE.get(number, b"CREATE TABLE t%d (a int);\n" % number)
        made += read(f"m/{number:04}_x.sql", data)
    return made


def linted(hands: Hands | None, *, apart: bool, old: int = 0) -> Linted:
    migrations = changed()
    return lint(
        Request(
            migrations=migrations,
            change=frozenset(one.name for one in migrations[old:]),
            released={},
            apart=apart,
            server=server_of("postgres:16"),
            today=datetime(2026, 11, 1, tzinfo=UTC).date(),
            rules=dispatch(frozenset(), "both", "postgres"),
            hands=hands,
        ),
        SystemProcesses(),
    )


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
@pytest.mark.parametrize("apart", [True, False], ids=["apart", "together"])
def test_what_is_read_ahead_is_judged_as_what_is_read_here(*, apart: bool) -> None:
    alone = linted(None, apart=apart)
    assert linted(OwnHands(), apart=apart) == alone
    assert linted(ForkedHands(2), apart=apart) == alone
    rules = {one.path: {x.rule for x in one.findings} for one in alone.judged}
    assert "syntax-error" in rules["m/0100_x.sql"]
    assert len(rules) == 600
    assert ("dropped-table" in rules["m/0599_x.sql"]) is apart
    assert ("dropped-column" in rules["m/0100_x.sql"]) is apart


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_a_change_behind_a_history_is_read_ahead_too() -> None:
    alone = linted(None, apart=False, old=90)
    assert linted(ForkedHands(2), apart=False, old=90) == alone
    assert len(alone.judged) == 510
