"""The sources: each tool's files are its alone, ordered, wrapped and paired as it does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cdkit.core.finding import Location
from cdkit.core.verdict import Reason
from cdkit.migrations.find import PLAIN, Found, find, sources
from cdkit.migrations.folder import is_sql
from cdkit.migrations.look import Look, parent
from cdkit.migrations.source import Migration
from cdkit.migrations.sources.framework import FRAMEWORKS
from tests.worlds import world

CASES = Path(__file__).parents[1] / "cases" / "migrations"
DOCS = Path(__file__).parents[2] / "docs" / "migration-tools.md"

OF = {
    "flyway-order": "flyway", "flyway-names": "flyway", "flyway-transactions": "flyway",
    "golang-migrate": "golang_migrate", "goose": "goose", "goose-marks": "goose",
    "dbmate": "dbmate", "dbmate-marks": "dbmate", "sqitch": "sqitch", "prisma": "prisma",
    "drizzle": "drizzle", "drizzle-folders": "drizzle", "atlas": "atlas",
    "atlas-edited": "atlas", "sqlx": "sqlx", "diesel": "diesel", "sql-migrate": "sql_migrate",
    "node-pg-migrate": "node_pg_migrate", "tern": "tern", "hasura": "hasura",
    "supabase": "supabase",
    "frameworks": "framework", "templates": "plain", "pairs": "golang_migrate",
}  # fmt: skip
"""Which source each case is of; all files of a case are of that one."""


def laid_out(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        data = text.encode() if isinstance(text, str) else text
        (folder / name).write_bytes(data)
    return folder


def project(folder: Path, files: dict[str, str | bytes], *paths: str) -> Found:
    ((one,), _) = find(paths, world(laid_out(folder, files)))
    return one


def names(found: Found) -> list[str]:
    ordered = sorted(found.project.migrations, key=lambda one: one.order)
    return [one.path.rpartition("/")[2] for one in ordered]


def wrapped(found: Found) -> dict[str, bool | None]:
    return {one.path: one.script.in_transaction for one in found.project.migrations}


def complaints(found: Found) -> list[tuple[str, str, int]]:
    return [(one.rule, one.path, one.line) for one in found.project.complaints]


def only(found: Found) -> Migration:
    (one,) = found.project.migrations
    return one


@pytest.mark.parametrize("case", sorted(OF))
def test_each_sample_is_of_exactly_one_source(case: str) -> None:
    found, unread = find((), world(CASES / case))
    assert {one.source for one in found} == {OF[case]}
    assert not unread


@pytest.mark.parametrize("case", sorted(each.name for each in CASES.iterdir() if each.is_dir()))
def test_whoever_owns_a_file_said_so_of_its_folder(case: str) -> None:
    look = Look(world(CASES / case).files)
    for path in filter(is_sql, look.below(".")):
        for folder in {".", parent(path)}:
            for name, source in sources().items():
                if name != PLAIN and source.root(path, folder, look) is not None:
                    assert source.may_own(parent(path), folder, look), (name, path)


def test_of_plain_sql_no_source_owns_anything_in_the_folder(tmp_path: Path) -> None:
    files = {"db/1.sql": "SELECT 1;", "db/2_Two.SQL": "-- what comes up next\nSELECT 2;"}
    look = Look(world(laid_out(tmp_path, files)).files)
    assert [name for name, one in sources().items() if one.may_own("db", ".", look)] == [PLAIN]


def test_every_source_has_a_sample() -> None:
    assert set(OF.values()) >= set(sources()) - {"alembic", "django", "liquibase"}


def test_every_framework_stands_in_the_table_of_tools() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [one.title for one in FRAMEWORKS if f"| {one.title} |" not in text] == []


@pytest.mark.parametrize("source", sorted(sources()))
def test_every_source_stands_in_the_table_of_tools(source: str) -> None:
    assert sources()[source].title in DOCS.read_text(encoding="utf-8")


class TestFlyway:
    def test_versions_are_compared_part_by_part(self, tmp_path: Path) -> None:
        wanted = ["V1__a.sql", "V1_1__b.sql", "V1.9__c.sql", "V1.10__d.sql", "V2__e.sql"]
        files: dict[str, str | bytes] = {f"m/migration/{name}": "SELECT 1;" for name in wanted}
        assert names(project(tmp_path, files)) == wanted

    def test_repeatable_ones_come_last_by_their_description(self, tmp_path: Path) -> None:
        wanted = ["beforeMigrate.sql", "V9__a.sql", "R__a.sql", "R__b.sql", "afterMigrate.sql"]
        files: dict[str, str | bytes] = {f"m/migration/{name}": "SELECT 1;" for name in wanted}
        found = project(tmp_path, files)
        assert names(found) == wanted
        repeating = [one.path for one in found.project.migrations if one.repeats]
        assert "m/migration/V9__a.sql" not in repeating
        assert len(repeating) == 4

    def test_two_spellings_of_a_version_are_one(self, tmp_path: Path) -> None:
        found = project(tmp_path, {"migration/V1__a.sql": "", "migration/V1.0__b.sql": ""})
        (complaint,) = found.project.complaints
        assert (complaint.rule, complaint.about) == ("duplicate-version", "1")

    @pytest.mark.parametrize(
        ("name", "asked"),
        [("V1_a.sql", True), ("v1__a.sql", True), ("V1__a.SQL", True), ("schema.sql", False)],
    )
    def test_a_name_that_flyway_passes_over_is_said(
        self, name: str, *, asked: bool, tmp_path: Path
    ) -> None:
        files: dict[str, str | bytes] = {"migration/V2__b.sql": "", f"migration/{name}": ""}
        found, _ = find((), world(laid_out(tmp_path, files)))
        said = [one.path for each in found for one in each.project.complaints]
        assert said == ([f"migration/{name}"] if asked else [])

    def test_prefix_separator_and_suffixes_come_from_the_configuration(
        self, tmp_path: Path
    ) -> None:
        conf = (
            "# comment\nflyway.locations = filesystem:./sql\nflyway.sqlMigrationPrefix=M\n"
            "flyway.sqlMigrationSeparator=-\nflyway.sqlMigrationSuffixes=.pgsql,.sql\n"
        )
        files: dict[str, str | bytes] = {
            "flyway.conf": conf,
            "sql/M1-a.pgsql": "SELECT 1;",
            "sql/deep/M2-b.sql": "SELECT 1;",
        }
        assert names(project(tmp_path, files)) == ["M1-a.pgsql", "M2-b.sql"]

    def test_the_toml_gives_placeholders_and_the_database(self, tmp_path: Path) -> None:
        toml = (
            '[flyway]\nenvironment = "test"\n[flyway.placeholders]\nschema = "app"\n'
            '[environments.test]\nurl = "jdbc:mysql://localhost/x"\n'
        )
        sql = "SELECT '${flyway:defaultSchema}', '${schema}', '${none}';"
        found = project(tmp_path, {"flyway.toml": toml, "migration/V1__a.sql": sql})
        assert found.project.engine == "mysql"
        assert only(found).text.data == b"SELECT 'public', 'app', 'none';"

    def test_placeholders_stay_where_they_are_switched_off(self, tmp_path: Path) -> None:
        conf = "flyway.placeholderReplacement=false\n"
        found = project(tmp_path, {"flyway.conf": conf, "migration/V1__a.sql": "SELECT '${x}';"})
        assert only(found).text.data == b"SELECT '${x}';"

    def test_a_broken_configuration_cannot_be_told(self, tmp_path: Path) -> None:
        found = project(tmp_path, {"flyway.toml": "[flyway", "migration/V1__a.sql": "SELECT 1;"})
        (reason,) = found.project.faults
        assert reason.what.startswith("flyway.toml cannot be read")

    @pytest.mark.parametrize(
        ("sql", "inside"),
        [
            ("CREATE TABLE a (b int);", True),
            ("create unique index concurrently i on a (b);", False),
            ("DROP INDEX CONCURRENTLY i;", False),
            ("VACUUM a;", False),
            ("ALTER SYSTEM SET work_mem = '1MB';", False),
            ("REINDEX DATABASE x;", False),
            ("REINDEX INDEX CONCURRENTLY i;", True),
            ("ALTER TYPE t ADD VALUE 'x';", True),
            ("-- CREATE INDEX CONCURRENTLY\nSELECT 'VACUUM';", True),
        ],
    )
    def test_what_flyway_finds_out_by_itself(
        self, sql: str, *, inside: bool, tmp_path: Path
    ) -> None:
        found = project(tmp_path, {"migration/V1__a.sql": sql})
        assert only(found).script.in_transaction is inside

    @pytest.mark.parametrize("mixed", ["true", "false"])
    def test_a_mixed_script_is_refused_unless_that_is_on(self, mixed: str, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "flyway.conf": f"flyway.mixed={mixed}\nflyway.postgresql.transactional.lock=false\n",
            "migration/V1__a.sql": "SET lock_timeout = '2s';\n\nVACUUM a;\n",
        }
        wanted = [] if mixed == "true" else [("mixed-migration", "migration/V1__a.sql", 3)]
        assert complaints(project(tmp_path, files)) == wanted

    def test_a_script_has_a_configuration_of_its_own(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "migration/V1__a.sql": "SET lock_timeout = '2s';\nVACUUM a;\n",
            "migration/V1__a.sql.conf": "executeInTransaction = false\n",
        }
        found = project(tmp_path, files)
        assert only(found).script.in_transaction is False
        assert complaints(found) == []

    def test_a_baseline_is_the_history_where_the_rest_is_gone(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {"migration/B5__a.sql": "", "migration/V6__b.sql": ""}
        assert names(project(tmp_path, files)) == ["B5__a.sql", "V6__b.sql"]
        files["migration/V5__c.sql"] = ""
        assert names(project(tmp_path, files)) == ["V5__c.sql", "V6__b.sql"]

    def test_each_database_may_have_the_same_versions_in_its_folder(self, tmp_path: Path) -> None:
        paths = [f"db/migration/{each}/V1__a.sql" for each in ("h2", "postgresql", "common")]
        found, _ = find((), world(laid_out(tmp_path, dict.fromkeys(paths, "SELECT 1;"))))
        assert [(one.root, one.project.engine, complaints(one)) for one in found] == [
            ("db/migration", "", []),
            ("db/migration/h2", "h2", []),
            ("db/migration/postgresql", "postgresql", []),
        ]

    @pytest.mark.parametrize("name", ["V1_a.sql", "V1.sql", "v2-b.sql", "r_c.sql"])
    def test_what_looks_like_a_version_is_flyways_in_its_folder(
        self, name: str, tmp_path: Path
    ) -> None:
        files: dict[str, str | bytes] = {"migration/V9__z.sql": "", f"migration/{name}": ""}
        assert name in names(project(tmp_path, files))


class TestGolangMigrate:
    def test_each_folder_is_a_project(self, tmp_path: Path) -> None:
        paths = ("migrations/a/1_x.up.sql", "migrations/b/1_x.up.sql")
        found, _ = find((), world(laid_out(tmp_path, dict.fromkeys(paths, "SELECT 1;"))))
        assert [(one.root, complaints(one)) for one in found] == [
            ("migrations/a", []),
            ("migrations/b", []),
        ]

    def test_a_pair_is_one_by_its_number(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "migrations/1_a.up.sql": "SELECT 1;",
            "migrations/1_b.down.sql": "SELECT 2;",
        }
        down = only(project(tmp_path, files)).script.down
        assert down is not None
        assert down.text.path == "migrations/1_b.down.sql"

    def test_a_file_is_sent_as_one_query(self, tmp_path: Path) -> None:
        script = only(project(tmp_path, {"migrations/1_a.up.sql": "SELECT 1;"})).script
        assert (script.in_transaction, script.together) == (None, True)

    def test_the_same_names_are_sqlxs_where_its_crate_is(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {"migrations/1_a.up.sql": "SELECT 1;"}
        files["Cargo.toml"] = '[dependencies.sqlx]\nversion = "0.8"\n'
        assert project(tmp_path, files).source == "sqlx"


class TestGoose:
    def test_a_variable_has_its_default_and_another_its_name(self, tmp_path: Path) -> None:
        sql = (
            "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${A:-x}', '${B}', '$C', $1, $b$y$b$;\n"
            "-- +goose ENVSUB OFF\nSELECT '${D}';\n"
        )
        data = only(project(tmp_path, {"migrations/1_a.sql": sql})).text.data
        assert b"SELECT 'x', 'b', 'c', $1, $b$y$b$;" in data
        assert b"'${D}'" in data

    def test_numbers_are_sorted_by_value(self, tmp_path: Path) -> None:
        wanted = ["9_a.sql", "10_b.sql", "20260101000000_c.sql"]
        files: dict[str, str | bytes] = {f"migrations/{x}": "-- +goose Up\n" for x in wanted}
        assert names(project(tmp_path, files)) == wanted


class TestDbmate:
    def test_names_are_sorted_as_text(self, tmp_path: Path) -> None:
        mark = "-- migrate:up\n-- migrate:down\n"
        found = project(tmp_path, {"migrations/9_a.sql": mark, "migrations/10_b.sql": mark})
        assert names(found) == ["10_b.sql", "9_a.sql"]

    def test_a_file_behind_a_byte_order_mark_is_refused(self, tmp_path: Path) -> None:
        data = b"\xef\xbb\xbf-- migrate:up\nSELECT 1;\n-- migrate:down\n"
        found = project(tmp_path, {"migrations/1_a.sql": data})
        assert complaints(found) == [("misplaced-marker", "migrations/1_a.sql", 1)]


class TestSqitch:
    BY = "2026-01-01T00:00:00Z A <a@example.com> # x\n"
    PLAN = f"%project=x\n\na {BY}"

    def test_a_change_runs_where_the_plan_has_it(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "sqitch.plan": f"{self.PLAN}more/b {self.BY}@t {self.BY}a [a@t] {self.BY}",
            "deploy/a.sql": "SELECT 3;",
            "deploy/a@t.sql": "SELECT 1;",
            "deploy/more/b.sql": "SELECT 2;",
            "revert/a.sql": "SELECT 4;",
        }
        found = project(tmp_path, files)
        assert names(found) == ["a@t.sql", "b.sql", "a.sql"]
        assert {one.script.in_transaction for one in found.project.migrations} == {False}

    def test_each_plan_is_a_project_with_its_own_engine(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "sqitch.conf": '[engine "pg"]\n\ttop_dir = pg\n[engine "mysql"]\n\ttop_dir = my\n',
            "pg/sqitch.plan": self.PLAN,
            "pg/deploy/a.sql": "SELECT 1;",
            "my/sqitch.plan": self.PLAN,
            "my/deploy/a.sql": "SELECT 1;",
        }
        found, _ = find((), world(laid_out(tmp_path, files)))
        assert {one.root: one.project.engine for one in found} == {"pg": "pg", "my": "mysql"}

    def test_variables_come_from_the_configuration(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "sqitch.conf": '[core]\n\tengine = pg\n[deploy.variables]\n[deploy "variables"]\n'
            "\ts = app\n",
            "sqitch.plan": self.PLAN,
            "deploy/a.sql": "SELECT :s.x, :'s', :\"s\", y::int, :'none';",
        }
        data = only(project(tmp_path, files)).text.data
        assert data == b"SELECT app.x, 'app', \"app\", y::int, 'none';"


class TestPrismaAndDrizzle:
    def test_prismas_lock_file_names_the_database(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "p/migrations/migration_lock.toml": 'provider = "sqlserver"\n',
            "p/migrations/1_a/migration.sql": "SELECT 1;",
        }
        found = project(tmp_path, files, "p/migrations/1_a/migration.sql")
        assert (found.source, found.root, found.project.engine) == (
            "prisma",
            "p/migrations",
            "sqlserver",
        )

    def test_a_lock_file_that_a_merge_left_open_cannot_be_told(self, tmp_path: Path) -> None:
        sides = '<<<<<<< HEAD\nprovider = "mysql"\n=======\nprovider = "sqlite"\n>>>>>>> b\n'
        files: dict[str, str | bytes] = {
            "migrations/migration_lock.toml": f"# Prisma\n{sides}",
            "migrations/1_a/migration.sql": "SELECT 1;",
        }
        (reason,) = project(tmp_path, files).project.faults
        assert reason.where == Location(path="migrations/migration_lock.toml", line=2)

    def test_a_file_named_alone_brings_the_other_folders_along(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "migrations/20260101000000_a/migration.sql": "SELECT 1;",
            "migrations/20260102000000_b/migration.sql": "SELECT 1;",
        }
        path = "./migrations/20260102000000_b/migration.sql"
        found = project(tmp_path, files, path)
        assert len(found.project.migrations) == 2
        assert found.asked == {"migrations/20260102000000_b/migration.sql"}

    @pytest.mark.parametrize("journal", ["{", '{"entries": 1}', "[" * 5000])
    def test_a_broken_journal_cannot_be_told(self, journal: str, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "drizzle/meta/_journal.json": journal,
            "drizzle/0000_a.sql": "SELECT 1;",
        }
        (reason,) = project(tmp_path, files, "drizzle/0000_a.sql").project.faults
        assert reason.where == Location(path="drizzle/meta/_journal.json")


class TestAtlas:
    @pytest.mark.parametrize(
        ("sql", "runs"),
        [
            ("-- atlas:txtar\n\n-- checks.sql --\nSELECT 1;\n\n-- migration.sql --\nSELECT 2;\n",
             b"SELECT 2;"),
            ("-- atlas:txtar\nDROP TABLE a;\n", b"-- atlas:txtar\nDROP TABLE a;"),
            ("-- atlas:delimiter \\n\\n\nSELECT 1\n\nSELECT 2\n",
             b"-- atlas:delimiter \\n\\n\nSELECT 1;\nSELECT 2"),
        ],
    )  # fmt: skip
    def test_what_of_a_file_runs(self, sql: str, runs: bytes, tmp_path: Path) -> None:
        found = project(tmp_path, {"migrations/1_a.sql": sql, "migrations/atlas.sum": ""})
        script = only(found).script
        assert script.sql.strip() == runs
        assert len(script.sql) == len(sql)

    @pytest.mark.parametrize(("mode", "inside"), [("none", False), ("file", True)])
    def test_the_mode_stands_at_the_top(self, mode: str, *, inside: bool, tmp_path: Path) -> None:
        sql = f"-- atlas:txmode {mode}\n\nSELECT 1;\n-- atlas:txmode none\n"
        found = project(tmp_path, {"migrations/1_a.sql": sql, "migrations/atlas.sum": ""})
        assert only(found).script.in_transaction is inside

    def test_a_checkpoint_is_the_history_where_the_rest_is_gone(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "migrations/2_b.sql": "-- atlas:checkpoint\n\nSELECT 1;",
            "migrations/3_c.sql": "SELECT 1;",
            "migrations/atlas.sum": "",
        }
        assert names(project(tmp_path, files)) == ["2_b.sql", "3_c.sql"]
        files["migrations/1_a.sql"] = "SELECT 1;"
        assert names(project(tmp_path, files)) == ["1_a.sql", "3_c.sql"]


def test_a_link_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, {"migrations/1_a.sql": "-- +goose Up\nSELECT 1;\n"})
    (folder / "migrations/2_b.sql").symlink_to(folder / "nowhere.sql")
    found, _ = find((), world(folder))
    reasons: list[Reason] = [reason for one in found for reason in one.unread]
    assert [reason.where for reason in reasons] == [Location(path="migrations/2_b.sql")]
    assert {one.source for one in found if one.project.migrations} == {"goose"}


def test_a_name_of_odd_digits_or_bytes_is_a_name(tmp_path: Path) -> None:
    odd = ["1²2.sql", "1_٣.up.sql", b"1_\xff.sql".decode("utf-8", "surrogateescape")]
    files: dict[str, str | bytes] = {f"migrations/{name}": "SELECT 1;" for name in odd}
    found, _ = find((), world(laid_out(tmp_path, {**files, "migrations/atlas.sum": "h1:\n"})))
    there = [one.path for each in found for one in each.project.migrations]
    assert sorted(there) == sorted(files)


def test_a_broken_file_beside_a_migration_is_said_of_that(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "diesel.toml": "",
        "migrations/1_a/up.sql": "SELECT 1;",
        "migrations/1_a/metadata.toml": "run_in_transaction",
    }
    (reason,) = project(tmp_path, files, "migrations/1_a/up.sql").unread
    assert reason.where == Location(path="migrations/1_a/up.sql")
    assert reason.what.startswith("migrations/1_a/metadata.toml is no TOML")


def test_a_folder_that_is_called_like_a_file_is_looked_into(tmp_path: Path) -> None:
    found = project(tmp_path, {"migrations/x.sql/1.sql": "SELECT 1;"})
    assert names(found) == ["1.sql"]


INDEX = "CREATE INDEX i ON orders (a);\n"


class TestOutside:
    """What keeps a tool from wrapping a file, as `--fix` writes it."""

    @pytest.mark.parametrize(
        ("source", "before", "after"),
        [
            ("goose", f"-- +goose Up\n{INDEX}", f"-- +goose NO TRANSACTION\n-- +goose Up\n{INDEX}"),
            ("dbmate", f"-- migrate:up\n{INDEX}", f"-- migrate:up transaction:false\n{INDEX}"),
            ("sql_migrate", f"-- +migrate Up\n{INDEX}", f"-- +migrate Up notransaction\n{INDEX}"),
            ("tern", INDEX, f"---- tern: disable-tx ----\n{INDEX}"),
            ("sqlx", INDEX, f"-- no-transaction\n{INDEX}"),
            ("atlas", INDEX, f"-- atlas:txmode none\n\n{INDEX}"),
            (
                "atlas",
                f"-- atlas:nolint\n\n{INDEX}",
                f"-- atlas:txmode none\n-- atlas:nolint\n\n{INDEX}",
            ),
        ],
    )
    def test_a_header_says_so(self, source: str, before: str, after: str) -> None:
        tool = sources()[source]
        put = tool.outside(before.encode())
        assert put is not None
        start, end, text = put
        written = before[:start] + text + before[end:]
        assert written == after
        assert tool.migrations is not None
        (made,) = tool.migrations("1_x.sql", written.encode())
        assert made.script.in_transaction is not True

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("goose", f"\ufeff-- +goose Up\n{INDEX}"),
            ("dbmate", f"-- migrate:up transaction:true\n{INDEX}"),
            ("sql_migrate", f"-- +migrate Up something\n{INDEX}"),
            ("sqlx", f"{INDEX}{INDEX}"),
            ("sqlx", f"\ufeff{INDEX}"),
            ("atlas", f"-- atlas:txmode all\n\n{INDEX}"),
            ("atlas", f"-- atlas:txtar\n\n-- migration.sql --\n{INDEX}"),
            ("flyway", INDEX),
            ("drizzle", INDEX),
            ("liquibase", f"--liquibase formatted sql\n--changeset a:1\n{INDEX}"),
        ],
    )
    def test_a_file_that_cannot_say_so_is_left(self, source: str, text: str) -> None:
        assert sources()[source].outside(text.encode()) is None

    def test_tools_with_a_part_for_the_way_back_miss_it(self) -> None:
        back = {name for name, one in sources().items() if one.goes_back}
        assert back == {
            "alembic", "dbmate", "diesel", "django", "golang_migrate", "goose",
            "node_pg_migrate", "sql_migrate", "sqitch", "tern",
        }  # fmt: skip


class TestEnvironment:
    """The kind of database, where a tool has its address in the environment."""

    @pytest.mark.parametrize(
        ("said", "engine"),
        [
            ("DATABASE_URL=mysql://app:geheim@db/shop\n", "mysql"),
            ('export DATABASE_URL="postgres://db/shop"\n', "postgres"),
            ("DATABASE_URL=sqlite3:shop.db\nDATABASE_URL=sqlite:shop.db\n", "sqlite"),
            ("DATABASE_URL=mysql://a\nDATABASE_URL=postgres://b\n", ""),
            ("# DATABASE_URL=mysql://a\nOTHER_DATABASE_URL=mysql://a\n", ""),
            ("DATABASE_URL=$URL\n", ""),
            ("DATABASE_URL=changeme\n", ""),
        ],
    )
    def test_dbmate_s_is_in_a_dotenv_file(self, said: str, engine: str, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {".env": said, "db/migrations/1_a.sql": DBMATE}
        assert project(tmp_path, files).project.engine == engine

    def test_goose_s_is_the_driver_of_the_nearest_file(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            ".env": "GOOSE_DRIVER=mysql\n",
            "db/.env.example": "GOOSE_DRIVER=pgx\nGOOSE_DBSTRING=secret\n",
            "db/migrations/1_a.sql": "-- +goose Up\nSELECT 1;\n",
        }
        assert project(tmp_path, files).project.engine == "postgres"

    def test_what_is_assumed_of_golang_migrate_s_address_is_said(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {"migrations/1_a.up.sql": "SELECT 1;\nSELECT 2;\n"}
        (note,) = project(tmp_path, files).project.notes
        assert "one query, as golang-migrate sends it unless the address" in note

    def test_nothing_is_assumed_where_each_file_is_one_statement(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {"migrations/1_a.up.sql": "SELECT 1;\n-- done;\n"}
        assert project(tmp_path, files).project.notes == ()


DBMATE = "-- migrate:up\nSELECT 1;\n-- migrate:down\n"


class TestHasura:
    FILES = {  # noqa: RUF012 - never changed
        "migrations/orders/1_a/up.sql": "SELECT 1;",
        "migrations/orders/1_a/down.sql": "SELECT 2;",
        "migrations/orders/10_b/up.sql": "CREATE INDEX CONCURRENTLY i ON o (a);",
        "migrations/orders/2_c/up.sql": "SELECT 1; SELECT 2;",
    }

    def test_each_database_is_a_project_and_each_file_a_transaction(self, tmp_path: Path) -> None:
        found = project(tmp_path, {**self.FILES, "config.yaml": "version: 3\nendpoint: http://x\n"})
        assert (found.source, found.root) == ("hasura", "migrations/orders")
        assert [one.path.split("/")[2] for one in sorted_of(found)] == ["1_a", "2_c", "10_b"]
        assert set(wrapped(found).values()) == {True}
        down = sorted_of(found)[0].script.down
        assert down is not None
        assert down.text.path == "migrations/orders/1_a/down.sql"

    @pytest.mark.parametrize("config", ["version: 3\n", "endpoint: http://x\n", "version: 30\n"])
    def test_another_config_is_not_hasuras(self, tmp_path: Path, config: str) -> None:
        assert project(tmp_path, {**self.FILES, "config.yaml": config}).source != "hasura"


class TestSupabase:
    def test_what_may_run_by_itself_is_not_known_to_be_in_a_transaction(
        self, tmp_path: Path
    ) -> None:
        found = project(
            tmp_path,
            {
                "supabase/config.toml": 'project_id = "x"\n',
                "supabase/migrations/1_a.sql": "SELECT 1;",
                "supabase/migrations/2_b.sql": "create index Concurrently i on o (a);",
            },
        )
        assert found.source == "supabase"
        assert [one.script.in_transaction for one in sorted_of(found)] == [True, None]

    def test_without_a_project_it_is_plain_sql(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {"supabase/migrations/1_a.sql": "SELECT 1;"}
        assert project(tmp_path, {**files, "supabase/config.toml": "[db]\n"}).source == "plain"


def sorted_of(found: Found) -> list[Migration]:
    return sorted(found.project.migrations, key=lambda one: one.order)
