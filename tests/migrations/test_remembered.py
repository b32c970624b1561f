"""The memory of long histories: what comes from it is what reading anew would give, or unused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from cdkit.core.context import BuildContext
from cdkit.core.doors.files import DiskFiles
from cdkit.core.world import Processes
from cdkit.migrations import remembered
from cdkit.migrations.catalogue import asked, dispatch
from cdkit.migrations.find import read
from cdkit.migrations.history import history
from cdkit.migrations.lint import Linted, Request, lint
from cdkit.migrations.reader import Reader
from cdkit.migrations.remembered import LEAST, Memory, memory
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import engines, server_of
from cdkit.migrations.source import Migration
from tests.migrations.judging import TODAY
from tests.worlds import NoProcesses, world

FIRST = """
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('good');
ALTER TYPE mood ADD VALUE 'bad';
CREATE TABLE orders (id bigserial PRIMARY KEY, note varchar(20), CHECK (id > 0));
CREATE TABLE lines (id int REFERENCES orders, total int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE parts (id int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE UNIQUE INDEX by_note ON orders (lower(note)) WHERE note IS NOT NULL;
CREATE VIEW shown AS SELECT id, note FROM orders;
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a * 2';
CREATE ROLE web;
GRANT SELECT ON orders TO web;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO web;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders TO web USING (true);
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touched();
"""
NEW = """\
ALTER TABLE orders ALTER COLUMN note TYPE varchar(40);
ALTER TABLE lines DROP COLUMN total;
"""
PLACES = [
    ("changed-result-type", "0999.sql:1"),
    ("changed-result-type", "0999.sql:2"),
    ("dropped-column", "0999.sql:2"),
]


def migrations(count: int = LEAST) -> list[Migration]:
    texts = [FIRST, *(f"CREATE TABLE t{number} (a int);" for number in range(1, count))]
    return [
        one
        for number, text in enumerate(texts, start=1)
        for one in read(f"{number:04}.sql", text.encode())
    ]


def judged(old: Sequence[Migration], kept: Memory | None, *, engine: str = "postgres") -> Linted:
    (new,) = read("0999.sql", NEW.encode())
    request = Request(
        migrations=[*old, new],
        change=frozenset({"0999.sql"}),
        released={},
        apart=False,
        server=server_of(engine),
        today=TODAY,
        rules=dispatch(frozenset(), "both", engine),
        asked=asked(frozenset(), "both", engine),
        memory=kept,
    )
    return lint(request, NoProcesses())


def places(linted: Linted) -> list[tuple[str, str]]:
    (one,) = linted.judged
    wanted = {rule for rule, _ in PLACES}
    return [(x.rule, x.where.rpartition(":")[0]) for x in one.findings if x.rule in wanted]


class Counted:
    """A dialect's parser that counts what it is asked to parse."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.dialect = engines()["postgres"].dialect()

    def reader(self) -> Reader:
        def parse(text, sql, server, processes: Processes):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as the dialect's
            self.paths.append(text.path)
            return self.dialect.parse(text, sql, server, processes)

        dialect = structs.replace(self.dialect, parse=parse)
        return Reader(server_of("postgres"), dialect, NoProcesses())


@pytest.fixture
def kept(tmp_path: Path) -> Memory:
    return Memory(folder=str(tmp_path / "models"), files=DiskFiles())


def entries(kept: Memory) -> list[Path]:
    return sorted(Path(kept.folder).iterdir())


def test_a_remembered_history_gives_the_same_answer_as_one_that_is_read(kept: Memory) -> None:
    old = migrations()
    anew = judged(old, None)
    assert places(anew) == PLACES
    assert judged(old, kept) == anew
    assert judged(old, kept) == anew


def test_whatever_a_schema_holds_is_kept_or_known_to_be_no_part_of_it() -> None:
    assert {*vars(Schema())} == remembered.PARTS | remembered.ELSEWHERE


@pytest.mark.parametrize("part", sorted(remembered.PARTS))
def test_each_part_of_a_schema_comes_back_as_it_was(kept: Memory, part: str) -> None:
    made, again = Schema("public"), Schema("public")
    history(migrations(), (), made, Counted().reader(), kept)
    history(migrations(), (), again, Counted().reader(), kept)
    mine, other = getattr(made, part), getattr(again, part)
    assert getattr(mine, "parts", mine) == getattr(other, "parts", other)


def test_a_history_that_is_remembered_is_not_parsed_again(kept: Memory) -> None:
    history(migrations(), (), Schema("public"), Counted().reader(), kept)
    counted = Counted()
    assert history(migrations(), (), Schema("public"), counted.reader(), kept) == (LEAST, 0)
    assert counted.paths == []


def test_only_what_came_since_is_parsed(kept: Memory) -> None:
    history(migrations(), (), Schema("public"), Counted().reader(), kept)
    counted = Counted()
    history(migrations(LEAST + 2), (), Schema("public"), counted.reader(), kept)
    assert counted.paths == ["0101.sql", "0102.sql"]


def test_an_old_migration_that_reads_otherwise_now_makes_another_history(kept: Memory) -> None:
    old = migrations()
    judged(old, kept)
    (other,) = read("0001.sql", FIRST.replace("varchar(20)", "varchar(60)").encode())
    changed = [other, *old[1:]]
    assert judged(changed, kept) == judged(changed, None)
    assert len(entries(kept)) == 2


def test_a_dump_is_part_of_what_is_remembered(kept: Memory) -> None:
    (dump,) = read("dump.sql", b"CREATE TABLE dumped (a int);")
    history(migrations(), (dump,), Schema("public"), Counted().reader(), kept)
    counted = Counted()
    history(migrations(), (), Schema("public"), counted.reader(), kept)
    assert len(counted.paths) == LEAST


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:0],
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: b"x" * len(data),
    ],
    ids=["cut off", "empty", "a bit flipped", "its seal flipped", "something else"],
)
def test_what_is_not_whole_is_read_anew_and_written_anew(kept: Memory, spoil) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - data to data
    old = migrations()
    anew = judged(old, kept)
    (entry,) = entries(kept)
    whole = entry.read_bytes()
    entry.write_bytes(spoil(whole))
    assert judged(old, kept) == anew
    assert entry.read_bytes() == whole


def test_a_model_under_the_name_of_another_history_does_not_count(kept: Memory) -> None:
    judged(migrations(), kept)
    (entry,) = entries(kept)
    bare = [*read("0001.sql", b"SELECT 1;"), *migrations()[1:]]
    judged(bare, kept)
    (other,) = set(entries(kept)) - {entry}
    other.write_bytes(entry.read_bytes())
    assert judged(bare, kept) == judged(bare, None)


def test_a_folder_that_cannot_be_written_changes_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = Memory(folder=str(tmp_path / "file" / "models"), files=DiskFiles())
    assert judged(migrations(), kept) == judged(migrations(), None)


def test_a_short_history_is_not_worth_a_file(kept: Memory) -> None:
    judged(migrations(LEAST - 1), kept)
    assert not Path(kept.folder).exists()


def test_at_most_so_many_models_are_kept(kept: Memory) -> None:
    Path(kept.folder).mkdir()
    for number in range(40):
        (Path(kept.folder) / f"{number:064}").write_bytes(b"old")
    judged(migrations(), kept)
    assert len(entries(kept)) == 32
    assert judged(migrations(), kept) == judged(migrations(), None)


@pytest.mark.parametrize(
    ("given", "environ", "system", "folder"),
    [
        ("", {"HOME": "/home/me"}, "terminal", "/home/me/.cache/cdkit/models"),
        ("", {"HOME": "/home/me", "XDG_CACHE_HOME": "/c"}, "terminal", "/c/cdkit/models"),
        ("", {"HOME": "/me", "XDG_CACHE_HOME": "c"}, "terminal", "/me/.cache/cdkit/models"),
        ("", {"HOME": "/home/me"}, "github", None),
        ("", {}, "terminal", None),
        ("none", {"HOME": "/home/me"}, "terminal", None),
        ("there", {}, "github", "there"),
    ],
)
def test_models_are_kept_where_only_the_user_writes(
    tmp_path: Path, given: str, environ: dict[str, str], system: str, folder: str | None
) -> None:
    here = world(tmp_path, environ=environ, context=BuildContext(system=system))
    kept = memory(given, here)
    assert (kept.folder if kept else None) == folder


def test_names_without_case_are_not_kept() -> None:
    assert {"postgres"} == remembered.ENGINES


ALLOWED = "-- cdkit: allow dropped-column (unused) until 2026-11-30\n"


def releases(count: int = LEAST, **texts: str) -> list[Migration]:
    made = migrations(count - 1)
    made += read("0998.sql", b"ALTER TABLE t2 DROP COLUMN a;")
    return [
        one
        for old in made
        for one in read(old.path, texts.get(f"m{old.path[:4]}", old.text.data.decode()).encode())
    ]


def each(old: Sequence[Migration], kept: Memory | None, *, today: date = TODAY) -> Linted:
    request = Request(
        migrations=old,
        change=frozenset(one.name for one in old),
        released={},
        apart=True,
        server=server_of("postgres"),
        today=today,
        rules=dispatch(frozenset(), "both", "postgres"),
        asked=asked(frozenset(), "both", "postgres"),
        memory=kept,
    )
    return lint(request, NoProcesses())


def dropped(linted: Linted) -> list[tuple[str, bool]]:
    return [
        (x.where, x.suppressed is not None)
        for one in linted.judged
        for x in one.findings
        if x.rule == "dropped-column"
    ]


def test_releases_that_were_judged_are_judged_the_same_from_memory(kept: Memory) -> None:
    old = releases()
    anew = each(old, None)
    assert dropped(anew) == [("0998.sql:1:16", False)]
    assert each(old, kept) == anew
    assert each(old, kept) == anew
    assert len(entries(kept)) == 1


def test_a_release_that_comes_after_is_judged_by_what_is_remembered(kept: Memory) -> None:
    old = releases()
    each(old, kept)
    more = [*old, *read("0999.sql", b"ALTER TABLE t3 DROP COLUMN a;")]
    assert each(more, kept) == each(more, None)
    assert dropped(each(more, kept)) == [("0998.sql:1:16", False), ("0999.sql:1:16", False)]


def test_a_release_that_is_edited_is_judged_anew_and_all_after_it(kept: Memory) -> None:
    each(releases(), kept)
    edited = releases(m0003="SELECT 1;")
    assert each(edited, kept) == each(edited, None)
    assert each(edited, kept) != each(releases(), None)


def test_an_allowance_that_expires_is_not_remembered_past_its_day(kept: Memory) -> None:
    old = releases(m0998=f"{ALLOWED}ALTER TABLE t2 DROP COLUMN a;")
    assert dropped(each(old, kept)) == [("0998.sql:2:16", True)]
    assert dropped(each(old, kept, today=date(2026, 12, 1))) == [("0998.sql:2:16", False)]


def test_findings_of_another_number_than_the_model_has_migrations_do_not_count(
    kept: Memory,
) -> None:
    old = releases()
    anew = each(old, kept)
    (entry,) = entries(kept)
    schema = Schema("public")
    remembered.keep(kept, entry.name, schema, 0, b"\x90")
    assert each(old, kept) == anew
