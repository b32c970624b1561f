"""Liquibase: projects in all formats, what each changeset is, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from cdkit.migrations.find import Found, find
from cdkit.migrations.sources.liquibase import SOURCE
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.migrations.judging import ABOUT_OTHERS
from tests.worlds import FakeGit, world

MASTER = "db.changelog-master.xml"
TABLE = """
  <changeSet id="1" author="ann">
    <createTable tableName="orders"><column name="id" type="bigint"/></createTable>
  </changeSet>"""
HEAD = "--liquibase formatted sql\n"


def xml(body: str, attributes: str = "") -> str:
    return f'<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"{attributes}>{body}\n</databaseChangeLog>\n'


def changeset(changes: str, attributes: str = 'id="2" author="ann"') -> str:
    return f"\n  <changeSet {attributes}>\n    {changes}\n  </changeSet>"


def laid_out(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def found(folder: Path, *paths: str) -> Found:
    ((one,), _) = find(paths, world(folder))
    return one


def judged(folder: Path, git: FakeGit | None = None, **options: object) -> Outcome:
    given = LintMigrationsOptions(disable=ABOUT_OTHERS, **options)  # type: ignore[arg-type]
    return run(given, world(folder, git=git or FakeGit()))


def shown(outcome: Outcome) -> list[str]:
    found = (x for x in outcome.findings if not x.suppressed and x.rule != "missing-lock-timeout")
    return [f"{x.locations[0].path}:{x.locations[0].line} {x.rule}" for x in found]


def reasons(outcome: Outcome) -> str:
    return "\n".join(f"{x.where}: {x.what}" for x in outcome.verdict.reasons)


def test_each_changeset_is_a_migration_of_its_own(tmp_path: Path) -> None:
    drop = changeset('<dropColumn tableName="orders" columnName="id"/>')
    outcome = judged(laid_out(tmp_path, {MASTER: xml(TABLE + drop)}))
    assert shown(outcome) == [f"{MASTER}:6 dropped-column"]
    assert [each.name for each in found(tmp_path).project.migrations] == [
        f"{MASTER}#1::ann",
        f"{MASTER}#2::ann",
    ]


def test_formatted_sql_is_told_at_its_own_lines(tmp_path: Path) -> None:
    text = HEAD + (
        "--changeset ann:1\nCREATE TABLE orders (id bigint, note text);\n"
        "--rollback DROP TABLE orders;\n\n"
        '--changeset "ann b":"2 c" runInTransaction:false\n'
        "ALTER TABLE orders\n  DROP COLUMN note;\n"
        "/* liquibase rollback\nALTER TABLE orders ADD COLUMN note text;\n*/\n"
    )
    folder = laid_out(tmp_path, {"migrations/1.sql": text})
    assert shown(judged(folder)) == ["migrations/1.sql:8 dropped-column"]
    first, second = found(folder).project.migrations
    assert (second.key, second.script.in_transaction) == ("2 c::ann b", False)
    assert first.script.down
    assert first.script.down.sql.split() == b"DROP TABLE orders;".split()
    assert second.script.down
    assert second.script.down.sql.split() == b"ALTER TABLE orders ADD COLUMN note text;".split()


YAML = """databaseChangeLog:
  - changeSet:
      id: 1
      author: ann
      changes:
        - createTable:
            tableName: orders
            columns:
              - column: {name: id, type: bigint}
              - column: {name: note, type: text}
  - changeSet:
      id: 2
      author: ann
      changes:
        - sql:
            sql: |
              SELECT 1;
              ALTER TABLE orders DROP COLUMN note;
        - addColumn:
            tableName: orders
            columns:
              - column: {name: a, type: int, constraints: {nullable: false}}
"""
JSON = """{"databaseChangeLog": [
 {"changeSet": {"id": "1", "author": "ann", "changes": [
  {"createTable": {"tableName": "orders", "columns": [{"column": {"name": "id", "type": "int"}}]}}
 ]}},
 {"changeSet": {"id": "2", "author": "ann", "changes": [
  {"dropColumn": {"tableName": "orders", "columnName": "id"}}
 ]}}
]}
"""


def test_yaml_and_json_are_read_as_xml_is(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, {"db/changelog.yaml": YAML, "web/changelog.json": JSON})
    assert shown(judged(folder)) == [
        "db/changelog.yaml:18 dropped-column",
        "db/changelog.yaml:19 required-column",
        "web/changelog.json:6 dropped-column",
    ]


def test_includes_are_followed_in_their_order(tmp_path: Path) -> None:
    master = xml(
        '<include file="v2/b.xml" relativeToChangelogFile="true"/>'
        '<includeAll path="db/all"/><include file="classpath:db/v1/a.sql"/>'
    )
    files = {
        f"db/{MASTER}": master,
        "db/v2/b.xml": xml(TABLE),
        "db/all/2.xml": xml(changeset("<empty/>")),
        "db/all/10.sql": "SELECT 1;\n",
        "db/v1/a.sql": f"{HEAD}--changeset bob:1\nSELECT 2;\n",
    }
    one = found(laid_out(tmp_path, files))
    assert [each.name for each in one.project.migrations] == [
        "db/v2/b.xml#1::ann",
        "db/all/10.sql#raw::includeAll",
        "db/all/2.xml#2::ann",
        "db/v1/a.sql#1::bob",
    ]


def test_sql_that_a_changelog_runs_is_no_migration_beside_it(tmp_path: Path) -> None:
    use = changeset('<sqlFile path="b.sql" relativeToChangelogFile="true"/>')
    text = "SELECT 1;\nALTER TABLE orders DROP COLUMN id;\n"
    folder = laid_out(
        tmp_path, {f"migrations/{MASTER}": xml(TABLE + use), "migrations/b.sql": text}
    )
    one = found(folder)
    assert one.source == "liquibase"
    assert shown(judged(folder)) == ["migrations/b.sql:2 dropped-column"]
    assert [m.name for m in found(folder, "migrations/b.sql").project.migrations] == [
        f"migrations/{MASTER}#1::ann",
        "migrations/b.sql#2::ann",
    ]


def test_a_file_that_nobody_includes_cannot_be_told(tmp_path: Path) -> None:
    files = {f"migrations/{MASTER}": xml(TABLE), "migrations/other.xml": xml(TABLE)}
    outcome = judged(laid_out(tmp_path, files))
    assert "migrations/other.xml: no changelog of the project includes this" in reasons(outcome)
    assert outcome.verdict.answer is Answer.CANNOT_TELL


def test_sql_before_the_first_changeset_cannot_be_told(tmp_path: Path) -> None:
    text = f"{HEAD}/* a\n b */\nDROP TABLE orders;\n--changeset ann:1\nSELECT 1;\n"
    outcome = judged(laid_out(tmp_path, {"migrations/1.sql": text}))
    assert "migrations/1.sql:4: this stands before the first changeset" in reasons(outcome)


def test_sql_that_a_changelog_without_a_master_runs_is_of_its_project(tmp_path: Path) -> None:
    use = changeset('<sqlFile path="b.sql" relativeToChangelogFile="true"/>')
    folder = laid_out(tmp_path, {"migrations/a.xml": xml(use), "migrations/b.sql": "SELECT 1;\n"})
    assert [m.name for m in found(folder).project.migrations] == ["migrations/b.sql#2::ann"]


def test_properties_are_put_in_and_the_first_one_counts(tmp_path: Path) -> None:
    said = '<property name="t" value="orders"/><property name="t" value="x"/>'
    said += '<property name="c" value="nope" dbms="oracle"/><property name="c" value="id"/>'
    drop = changeset('<dropColumn tableName="${t}" columnName="${c}"/>')
    folder = laid_out(tmp_path, {MASTER: xml(f"{said}{TABLE}{drop}")})
    (_, second) = found(folder).project.migrations
    assert second.script.sql == b'ALTER TABLE "orders" DROP COLUMN "id";\n'


@pytest.mark.parametrize(
    "name",
    ["changelogFile", "changeLogFile", "changelog-file", "liquibase.command.changelogFile"],
)
def test_a_property_of_liquibase_properties_is_known_and_so_is_the_database(
    tmp_path: Path, name: str
) -> None:
    files = {
        "liquibase.properties": f"{name}: db/changelog-master.xml\nliquibase.command.url=jdbc:postgresql://h/d\n"
        "parameter.t=orders\n",
        "db/changelog-master.xml": xml(TABLE + changeset('<dropTable tableName="${t}"/>')),
    }
    one = found(laid_out(tmp_path, files))
    assert one.project.engine == "postgres"
    assert one.project.migrations[1].script.sql == b'DROP TABLE "orders";\n'


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ('<dropTable tableName="${t}"/>', 6, "the property 't' is defined nowhere here"),
        ('<customChange class="a.B"/>', 6, "customChange is rendered by Liquibase alone"),
        ('<executeCommand executable="rm"/>', 6, "executeCommand is rendered by Liquibase alone"),
        ('<dropTable tableName="orders" force="true"/>', 6, "what 'force' makes of dropTable"),
        ('<sqlFile path="gone.sql"/>', 6, "the SQL of 'gone.sql' is not there"),
        ("<modifySql><append/></modifySql>", 6, "modifySql is rendered by Liquibase alone"),
    ],
)
def test_a_change_that_nobody_here_can_render_cannot_be_told(
    changes: str, line: int, said: str, tmp_path: Path
) -> None:
    outcome = judged(laid_out(tmp_path, {MASTER: xml(TABLE + changeset(changes))}))
    assert f"{MASTER}:{line} unread-code" in shown(outcome)
    assert said in reasons(outcome)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (TABLE + TABLE, ":5: 1::ann is the name of line 2's changeset too"),
        ('<include file="gone.xml"/>', ":1: includes 'gone.xml', which is not there"),
        (f'<include file="{MASTER}"/>', "which includes it"),
        ('<includeAll path="gone"/>', "includes all of 'gone': nothing"),
        ('<includeAll path="." filter="a.B"/>', "leaves the choice of files to a class"),
        ("<ext:thing/>", "holds 'thing', which is unknown"),
        (changeset("<empty/>", 'id="2" author="a" shade="x"'), "a changeset says 'shade'"),
        (changeset("<empty/>", 'id="2"'), "a changeset has no id or no author"),
        ("<changeSet", "is not well-formed XML"),
    ],
)
def test_a_changelog_that_is_wrong_cannot_be_told(body: str, said: str, tmp_path: Path) -> None:
    outcome = judged(laid_out(tmp_path, {MASTER: xml(body)}))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert said in reasons(outcome)


def test_a_bomb_of_entities_is_refused_at_its_line(tmp_path: Path) -> None:
    bomb = '<?xml version="1.0"?>\n<!DOCTYPE d [\n<!ENTITY a "aaaa">\n]>\n' + xml(TABLE)
    outcome = judged(laid_out(tmp_path, {MASTER: bomb}))
    assert f"{MASTER}:2: declares its own document type" in reasons(outcome)


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    lines = ["databaseChangeLog:", "  - a0: &a0 {x: 1}"]
    lines += [f"  - a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    outcome = judged(laid_out(tmp_path, {"db.changelog-master.yaml": "\n".join(lines) + "\n"}))
    assert "has over 200000 parts" in reasons(outcome)


@pytest.mark.parametrize(
    ("dbms", "runs"),
    [
        ("postgresql", True),
        ("mysql, postgresql", True),
        ("mysql", False),
        ("!mysql", True),
        ("!postgresql", False),
        ("all", True),
        ("none", False),
    ],
)
def test_a_changeset_of_another_database_does_not_run(
    dbms: str, *, runs: bool, tmp_path: Path
) -> None:
    more = changeset("<empty/>", f'id="2" author="ann" dbms="{dbms}"')
    one = found(laid_out(tmp_path, {MASTER: xml(TABLE + more)}))
    assert (len(one.project.migrations) == 2) is runs


def test_a_transaction_is_around_a_changeset_unless_it_says_no(tmp_path: Path) -> None:
    index = "<sql>CREATE INDEX CONCURRENTLY i ON orders (id)</sql>"
    alone = changeset(index, 'id="3" author="ann" runInTransaction="false"')
    outcome = judged(laid_out(tmp_path, {MASTER: xml(TABLE + changeset(index) + alone)}))
    assert shown(outcome) == [f"{MASTER}:6 concurrently-in-transaction"]


@pytest.mark.parametrize(
    ("changes", "down"),
    [
        ('<renameTable oldTableName="a" newTableName="b"/>', b'ALTER TABLE "b" RENAME TO "a";'),
        ('<dropTable tableName="a"/>', None),
        ("<sql>SELECT 1</sql>", None),
        ("<sql>SELECT 1</sql><rollback/>", b""),
        ("<sql>SELECT 1</sql><rollback>SELECT 2;</rollback>", b"SELECT 2;"),
        ('<sql>SELECT 1</sql><rollback><dropTable tableName="a"/></rollback>', b'DROP TABLE "a";'),
        ('<sql>SELECT 1</sql><rollback changeSetId="1" changeSetAuthor="ann"/>', None),
    ],
)
def test_a_way_back_is_the_changesets_own_or_liquibases(
    changes: str, down: bytes | None, tmp_path: Path
) -> None:
    one = found(laid_out(tmp_path, {MASTER: xml(TABLE + changeset(changes))}))
    back = one.project.migrations[1].script.down
    assert (None if back is None else back.sql.strip()) == down


def test_a_delimiter_of_its_own_ends_statements(tmp_path: Path) -> None:
    text = f"{HEAD}--changeset ann:1 endDelimiter:/\nSELECT 1\n/\nDROP TABLE orders\n/\n"
    outcome = judged(laid_out(tmp_path, {"migrations/1.sql": text}))
    assert shown(outcome) == ["migrations/1.sql:5 dropped-table"]


def git(path: str, old: str) -> FakeGit:
    return FakeGit(changed=(Change(status="M", path=path),), contents={("v1", path): old.encode()})


DROP = changeset('<dropColumn tableName="orders" columnName="id"/>')


def test_a_changeset_that_is_added_to_a_released_file_is_the_change(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, {MASTER: xml(TABLE + DROP)})
    outcome = judged(folder, git(MASTER, xml(TABLE)), since="v1")
    assert shown(outcome) == [f"{MASTER}:6 dropped-column"]
    assert outcome.outputs.migrations == "1"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("attributes", "said"), [("", ["edited-migration"]), (' runOnChange="true"', [])]
)
def test_a_released_changeset_that_is_edited_is_a_finding_unless_it_may_be(
    attributes: str, said: list[str], tmp_path: Path
) -> None:
    named = f'id="2" author="ann"{attributes}'
    folder = laid_out(tmp_path, {MASTER: xml(TABLE + changeset("<sql>SELECT 2</sql>", named))})
    old = xml(TABLE + changeset("<sql>SELECT 1</sql>", named))
    outcome = judged(folder, git(MASTER, old), since="v1")
    assert [x.rpartition(" ")[2] for x in shown(outcome)] == said


def test_a_released_changeset_that_is_taken_away_is_a_finding(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, {MASTER: xml(TABLE)})
    outcome = judged(folder, git(MASTER, xml(TABLE + DROP)), since="v1")
    assert [x.rpartition(" ")[2] for x in shown(outcome)] == ["edited-migration"]


def test_sql_of_a_changeset_that_changes_is_the_change(tmp_path: Path) -> None:
    use = changeset('<sqlFile path="b.sql"/>')
    text = "ALTER TABLE orders DROP COLUMN id;\n"
    folder = laid_out(tmp_path, {MASTER: xml(TABLE + use), "b.sql": text})
    outcome = judged(folder, git("b.sql", "SELECT 1;\n"), since="v1")
    assert {"b.sql:1 dropped-column", "b.sql:1 edited-migration"} == set(shown(outcome))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([xml(TABLE + DROP), YAML, JSON, HEAD + "--changeset a:1\nSELECT 1;"]), st.data()
)
def test_a_changelog_that_is_cut_or_changed_anywhere_is_read_or_refused(
    text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(text)))
    more = data.draw(st.text(max_size=5))
    ending = {"<": "xml", "d": "yaml", "{": "json", "-": "sql"}[text[0]]
    assert SOURCE.migrations
    for broken in (text[:at], text[:at] + more + text[at:]):
        try:
            SOURCE.migrations(f"a.{ending}", broken.encode("utf-8", "replace"))
        except CdkitError:
            continue


def changed(folder: Path, before: Mapping[str, str], after: Mapping[str, str]) -> Outcome:
    """Judge what `after` makes of the files of `before`."""
    laid_out(folder, {**before, **after})
    contents = {("main", name): text.encode() for name, text in before.items()}
    changes = (Change(status="M" if name in before else "A", path=name) for name in after)
    return judged(folder, FakeGit(changed=tuple(changes), contents=contents), since="main")


ONLY_MYSQL = changeset(
    "<sql>ALTER TABLE orders ADD q int</sql>", 'id="2" author="ann" dbms="mysql"'
)
MORE = changeset("<sql>ALTER TABLE orders ADD r int</sql>", 'id="3" author="ann"')


@pytest.mark.parametrize("database", ["mysql", "postgresql"])
def test_a_released_changeset_of_one_database_stays_released(database: str, tmp_path: Path) -> None:
    properties = {"liquibase.properties": f"url: jdbc:{database}://db/shop\n"}
    before = {MASTER: xml(TABLE + ONLY_MYSQL), **properties}
    outcome = changed(tmp_path, before, {MASTER: xml(TABLE + ONLY_MYSQL + MORE)})
    assert outcome.outputs.migrations == "1"  # type: ignore[attr-defined]
    assert "edited-migration" not in {each.rule for each in outcome.findings}


def test_an_included_file_that_no_context_takes_is_neither_run_nor_gone(tmp_path: Path) -> None:
    include = '\n  <include file="test/data.xml" context="test"/>'
    drop = "<sql>DROP TABLE orders</sql>"
    before = {
        MASTER: xml(TABLE + include),
        "test/data.xml": xml(changeset(drop)),
        "liquibase.properties": "contexts: prod\n",
    }
    outcome = changed(tmp_path, before, {"test/data.xml": xml(changeset(drop + drop))})
    assert shown(outcome) == []
    assert any(
        "not judged: 1; liquibase.properties names contexts prod" in x for x in outcome.notes
    )


def test_a_precondition_that_asks_only_whether_it_is_there_changes_nothing(tmp_path: Path) -> None:
    asks = (
        '<preConditions onFail="MARK_RAN"><not><tableExists tableName="t"/></not></preConditions>'
    )
    make = '<createTable tableName="t"><column name="b" type="int"/></createTable>'
    index = '<createIndex tableName="t" indexName="i"><column name="b"/></createIndex>'
    sets = changeset(asks + make) + changeset(index, 'id="3" author="ann"')
    outcome = changed(tmp_path, {MASTER: xml(TABLE)}, {MASTER: xml(TABLE + sets)})
    assert "blocking-index" not in {each.rule for each in outcome.findings}


@pytest.mark.parametrize(
    "asks",
    [
        'onFail="MARK_RAN"><tableExists tableName="x"/>',
        'onFail="CONTINUE"><not><rowCount tableName="t" expectedRows="1"/></not>',
        'onError="MARK_RAN"><sqlCheck expectedResult="1">x</sqlCheck>',
        'onFail="${what}"><sqlCheck expectedResult="1">x</sqlCheck>',
    ],
)
def test_what_a_changeset_makes_that_may_be_passed_over_is_not_new(
    asks: str, tmp_path: Path
) -> None:
    make = '<createTable tableName="t"><column name="b" type="int"/></createTable>'
    index = '<createIndex tableName="t" indexName="i"><column name="b"/></createIndex>'
    first = changeset(f"<preConditions {asks}</preConditions>{make}")
    sets = first + changeset(index, 'id="3" author="ann"')
    outcome = changed(tmp_path, {MASTER: xml(TABLE)}, {MASTER: xml(TABLE + sets)})
    assert "blocking-index" in {each.rule for each in outcome.findings}
