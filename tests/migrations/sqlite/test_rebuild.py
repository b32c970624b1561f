"""Rebuilds as tools write them, and what of the old table is compared with the new."""

from __future__ import annotations

import pytest

from tests.migrations.judging import judged, places

BEFORE = (
    "-- server sqlite\n"
    "CREATE TABLE o (id integer PRIMARY KEY, a int, b text NOT NULL DEFAULT '');\n-- released\n"
)
WAYS = {
    "Django": 'CREATE TABLE "new__o" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, {});\n'
    'INSERT INTO "new__o" ("id", {}) SELECT "id", {} FROM "o";\n'
    'DROP TABLE "o";\nALTER TABLE "new__o" RENAME TO "o";',
    "Alembic": "CREATE TABLE _alembic_tmp_o (id INTEGER NOT NULL, {}, PRIMARY KEY (id));\n"
    "INSERT INTO _alembic_tmp_o (id, {}) SELECT o.id, {} FROM o;\n"
    "DROP TABLE o;\nALTER TABLE _alembic_tmp_o RENAME TO o;",
    "Prisma": 'PRAGMA foreign_keys=OFF;\nCREATE TABLE "new_o" ("id" INTEGER PRIMARY KEY, {});\n'
    'INSERT INTO "new_o" ("id", {}) SELECT "id", {} FROM "o";\nDROP TABLE "o";\n'
    'ALTER TABLE "new_o" RENAME TO "o";\nPRAGMA foreign_keys=ON;',
    "Drizzle": "PRAGMA foreign_keys=OFF;\nCREATE TABLE `__new_o` (`id` integer PRIMARY KEY, {});\n"
    'INSERT INTO `__new_o`("id", {}) SELECT "id", {} FROM `o`;\nDROP TABLE `o`;\n'
    "ALTER TABLE `__new_o` RENAME TO `o`;\nPRAGMA foreign_keys=ON;",
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_rebuild_that_keeps_all_is_nothing(way: str) -> None:
    sql = way.format("a int, b text NOT NULL DEFAULT ''", "a, b", "a, b")
    found = judged(BEFORE + sql, disabled=("bare-rebuild",))
    assert places(found.findings) == []


def test_an_index_that_is_made_again_otherwise_is_another() -> None:
    before = BEFORE.replace("-- released", "CREATE UNIQUE INDEX u ON o (a);\n-- released")
    sql = WAYS["Django"].format("a int, b text NOT NULL DEFAULT ''", "a, b", "a, b")
    same = judged(f"{before}{sql}\nCREATE UNIQUE INDEX u ON o (a);", disabled=("bare-rebuild",))
    assert places(same.findings) == []
    part = judged(
        f"{before}{sql}\nCREATE UNIQUE INDEX u ON o (a) WHERE a > 0;",
        disabled=("bare-rebuild", "mixed-phases"),
        question="compatible",
    )
    assert ("dropped-uniqueness", 5) in places(part.findings)


def test_a_column_that_is_filled_from_another_has_lost_its_values() -> None:
    before = BEFORE.replace("b text NOT NULL DEFAULT ''", "b int")
    sql = WAYS["Django"].format("a int, b int", "a, b", "b, a")
    found = judged(before + sql, disabled=("bare-rebuild", "mixed-phases"))
    assert places(found.findings) == [("lost-in-rebuild", 4), ("lost-in-rebuild", 4)]


def test_a_part_of_a_rebuild_is_no_statement_to_put_off() -> None:
    sql = WAYS["Django"].format("b text NOT NULL DEFAULT ''", "b", "b")
    found = judged(BEFORE + sql, disabled=("bare-rebuild", "mixed-phases"))
    fixes = [each.fix.replacement for each in found.findings if each.fix]
    assert (places(found.findings), fixes) == ([("dropped-column", 4)], [""])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_rebuild_is_told_by_what_it_changes(way: str) -> None:
    sql = way.format("b text NOT NULL DEFAULT '', c int NOT NULL", "b, c", "b, 0")
    found = judged(BEFORE + sql, disabled=("bare-rebuild",))
    rules = {rule for rule, _ in places(found.findings)}
    assert rules == {"changed-column-count", "dropped-column", "required-column"}


def test_a_rebuild_of_what_nobody_knows_is_cannot_tell() -> None:
    sql = WAYS["Django"].format("a int", "a", "a")
    found = judged(f"-- server sqlite\n{sql}", disabled=("bare-rebuild",))
    assert ("unread-code", 2) in places(found.findings)


def test_a_rebuilt_table_is_what_it_became() -> None:
    sql = WAYS["Prisma"].format("a int, b text NOT NULL DEFAULT ''", "a, b", "a, b")
    found = judged(f"{BEFORE}{sql}\nALTER TABLE o DROP COLUMN a;", disabled=("bare-rebuild",))
    assert [rule for rule, _ in places(found.findings)] == ["dropped-column"]


def test_a_table_that_was_unknown_is_known_once_it_is_rebuilt() -> None:
    sql = WAYS["Django"].format("a int", "a", "a")
    text = f"-- server sqlite\n{sql}\n-- released\n{sql.replace('a int', 'a text')}"
    rules = {rule for rule, _ in places(judged(text, disabled=("bare-rebuild",)).findings)}
    assert rules == {"changed-column-type"}


def test_a_rebuild_from_a_query_is_cannot_tell() -> None:
    sql = "CREATE TABLE n AS SELECT * FROM o;\nDROP TABLE o;\nALTER TABLE n RENAME TO o;"
    found = judged(BEFORE + sql, disabled=("bare-rebuild", "lost-in-rebuild"))
    assert places(found.findings) == [("unread-code", 4)]


def test_a_drop_without_a_rename_is_no_rebuild() -> None:
    sql = "CREATE TABLE n (a int);\nINSERT INTO n SELECT a FROM o;\nDROP TABLE o;"
    assert ("dropped-table", 6) in places(judged(BEFORE + sql).findings)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'a;\nDROP TABLE b;",
        "/* a;\nDROP TABLE b;",
        "CREATE TRIGGER t AFTER INSERT ON o BEGIN DELETE FROM p;\nDROP TABLE b;",
        ".read other.sql",
        "ATTACH 'a.db' AS a;",
        "SELECT load_extension('a');",
        "PRAGMA writable_schema = ON;",
        "ALTER TABLE o ALTER COLUMN a SET NOT NULL;",
    ],
)
def test_what_cannot_be_read_is_never_passed_over(sql: str) -> None:
    found = judged(f"-- server sqlite\n{sql}").findings
    assert {each.severity.value for each in found} == {"unknown"}


@pytest.mark.parametrize("options", ["", " WITHOUT ROWID"])
def test_a_primary_key_that_stays_one_is_no_column_that_may_be_null_now(options: str) -> None:
    table = f"(k text PRIMARY KEY, v text){options};"
    found = judged(
        f"-- server sqlite:3.40\nCREATE TABLE o {table}\n-- released\nBEGIN;\n"  # noqa: S608 - judged
        f"CREATE TABLE n {table}\nINSERT INTO n SELECT k, v FROM o;\nDROP TABLE o;\n"
        "ALTER TABLE n RENAME TO o;\nCOMMIT;"
    )
    assert not places(found.findings)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("x IS NOT NULL", []),
        ("x NOTNULL", []),
        ("a IS NOT NULL", [("constraint-on-existing-table", 5)]),
        ("x IS NOT NULL OR a > 0", [("constraint-on-existing-table", 5)]),
        ("x IS NULL", [("constraint-on-existing-table", 5)]),
    ],
)
def test_a_unique_index_of_rows_that_only_the_new_version_writes_refuses_no_other(
    asked: str, told: list[tuple[str, int]]
) -> None:
    found = judged(
        f"{BEFORE}ALTER TABLE o ADD COLUMN x int;\nCREATE UNIQUE INDEX i ON o (a) WHERE {asked};",
        disabled=("changed-column-count", "mixed-phases"),
    )
    assert places(found.findings) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("b text", "b text AS (a)", ["changed-identity"]),
        ("b text AS (a)", "b text", ["changed-identity"]),
        ("b text AS (a)", "b text AS (a || 'x')", ["changed-identity"]),
        ("b text AS (a)", "b text AS (a) STORED", []),
        ("b int DEFAULT (0)", "b int DEFAULT 0", []),
        ("b int DEFAULT -1", "b int DEFAULT (-1)", []),
        ("b text DEFAULT ('x')", "b text DEFAULT 'x'", []),
        ("b text DEFAULT ('x')", "b text DEFAULT ('y')", ["changed-default"]),
    ],
)
def test_a_rebuilt_column_is_compared_by_what_fills_it(old: str, new: str, told: list[str]) -> None:
    all_ = "AS" not in old + new
    copy = "INSERT INTO n SELECT * FROM o;" if all_ else "INSERT INTO n (a) SELECT a FROM o;"
    found = judged(
        f"-- server sqlite:3.40\nCREATE TABLE o (a text, {old});\n-- released\nBEGIN;\n"
        f"CREATE TABLE n (a text, {new});\n{copy}\nDROP TABLE o;\n"
        "ALTER TABLE n RENAME TO o;\nCOMMIT;"
    )
    rules = {"changed-identity", "changed-default"}
    assert [x.rule for x in found.findings if x.rule in rules] == told
