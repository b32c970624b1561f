"""Schemas that are given: a dump, a running server, tables that are known to be small."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
import pytest

from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell, Missing, RequestError
from cdkit.core.finding import Finding, Severity
from cdkit.core.secret import Secret
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Change, Completed
from cdkit.migrations.dump import VARIABLE
from cdkit.migrations.live import environment, read_live
from cdkit.migrations.nouns import Name
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.worlds import FakeGit, NoProcesses, world

NEW = "CREATE INDEX i ON orders (a);\n"
DUMP = """
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
\\restrict abc
CREATE TABLE public.orders (id bigint NOT NULL, a integer, note character varying(20));
ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
COPY public.orders (id) FROM stdin;
1
\\.
"""


class Client(NoProcesses):
    """A `pg_dump` and a `psql` that say what they are told to, and keep how they were called."""

    def __init__(
        self, dump: str = DUMP, rows: str = '[["public", "orders", 42]]', code: int = 0
    ) -> None:
        self.said = {"pg_dump": dump, "psql": rows}
        self.code = code
        self.calls: list[tuple[Sequence[str], Mapping[str, str]]] = []

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}"

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        self.calls.append((argv, environ or {}))
        fault = b"FATAL: no\x1b[31m such role" if self.code else b""
        return Completed(code=self.code, stdout=self.said[argv[0]].encode(), stderr=fault)


def laid_out(folder: Path, **files: str) -> None:
    (folder / "migrations").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def rules_of(outcome: Outcome) -> set[str]:
    return {finding.rule for finding in outcome.findings}


def one(outcome: Outcome, rule: str) -> Finding:
    (found,) = (finding for finding in outcome.findings if finding.rule == rule)
    return found


NARROWER = "SET lock_timeout = '1s';\nALTER TABLE orders ALTER note TYPE varchar(40);\n"


def test_a_dump_tells_what_no_migration_does(tmp_path: Path) -> None:
    laid_out(tmp_path, schema=DUMP)
    (tmp_path / "migrations/2.sql").write_text(NARROWER)
    paths = ("migrations/2.sql",)
    without = run(LintMigrationsOptions(paths=paths), world(tmp_path))
    assert "rewriting-type-change" in rules_of(without)
    there = run(LintMigrationsOptions(paths=paths, schema="schema.sql"), world(tmp_path))
    assert there.verdict.answer is Answer.YES
    assert "the schema of schema.sql is taken for what is there" in there.notes


def test_without_history_and_dump_it_says_what_it_assumes(tmp_path: Path) -> None:
    laid_out(tmp_path, schema=DUMP)
    (tmp_path / "migrations/2.sql").write_text(NEW)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",))
    assert any("is taken for one that is there" in x for x in run(asked, world(tmp_path)).notes)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), schema="schema.sql")
    assert not any("taken for one that" in x for x in run(asked, world(tmp_path)).notes)


def test_a_dump_counts_as_it_stood_where_the_change_began(tmp_path: Path) -> None:
    """What the change adds to it is new, as what its migration makes is."""
    laid_out(tmp_path, structure=DUMP + "CREATE TABLE public.lines (a int);")
    made = "CREATE TABLE lines (a int);\nCREATE INDEX i ON lines (a);\n"
    (tmp_path / "migrations/2.sql").write_text(made)
    git = FakeGit(
        changed=(Change(status="A", path="migrations/2.sql"),),
        contents={("main", "structure.sql"): DUMP.encode()},
    )
    asked = LintMigrationsOptions(since="main", schema="structure.sql")
    outcome = run(asked, world(tmp_path, git=git))
    assert outcome.verdict.answer is Answer.YES
    assert any("structure.sql at main" in note for note in outcome.notes)


def test_a_dump_that_is_new_counts_as_it_is_and_says_so(tmp_path: Path) -> None:
    laid_out(tmp_path, schema=DUMP)
    (tmp_path / "migrations/2.sql").write_text(NARROWER)
    git = FakeGit(changed=(Change(status="A", path="migrations/2.sql"),))
    asked = LintMigrationsOptions(since="main", schema="schema.sql")
    outcome = run(asked, world(tmp_path, git=git))
    assert any("it was not there at main" in note for note in outcome.notes)


def test_what_of_a_dump_cannot_be_read_is_counted(tmp_path: Path) -> None:
    laid_out(tmp_path, schema=DUMP + "CREATE TABEL x;")
    (tmp_path / "migrations/2.sql").write_text(NARROWER)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), schema="schema.sql")
    notes = run(asked, world(tmp_path)).notes
    assert any(note.startswith("1 places in earlier migrations cannot be read") for note in notes)


def test_an_empty_dump_cannot_be_told_from_a_lost_one(tmp_path: Path) -> None:
    laid_out(tmp_path, schema="\n")
    (tmp_path / "migrations/2.sql").write_text(NEW)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), schema="schema.sql")
    with pytest.raises(CannotTell, match="holds no schema"):
        run(asked, world(tmp_path))


def test_a_dump_that_is_not_there_is_missing(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/2.sql").write_text(NEW)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), schema="schema.sql")
    with pytest.raises(Missing):
        run(asked, world(tmp_path))


@pytest.mark.parametrize("environ", [{}, {VARIABLE: "postgresql:///shop"}])
def test_a_schema_says_nothing_where_each_file_is_its_own_release(
    environ: dict[str, str], tmp_path: Path
) -> None:
    laid_out(tmp_path, schema=DUMP)
    (tmp_path / "migrations/1.sql").write_text(NEW)
    (tmp_path / "migrations/2.sql").write_text(NEW)
    asked = LintMigrationsOptions(schema="" if environ else "schema.sql")
    with pytest.raises(RequestError, match="which migrations it holds already"):
        run(asked, world(tmp_path, environ=environ))


def test_a_table_that_is_called_small_is_information(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/2.sql").write_text("SET lock_timeout = '1s';\n" + NEW)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), small_tables=("orders",))
    outcome = run(asked, world(tmp_path))
    found = one(outcome, "blocking-index")
    assert found.severity is Severity.INFO
    assert found.message.endswith("; but orders is said to be small")
    assert outcome.verdict.answer is Answer.YES


def test_a_small_table_of_another_schema_is_another_table(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/2.sql").write_text(NEW)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), small_tables=("app.orders",))
    assert one(run(asked, world(tmp_path)), "blocking-index").severity is Severity.HIGH


@pytest.mark.parametrize(
    ("small", "severity"), [("rest", Severity.INFO), ("events", Severity.MEDIUM)]
)
def test_a_default_partition_that_is_small_is_soon_read(
    small: str, severity: Severity, tmp_path: Path
) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/1.sql").write_text(
        "CREATE TABLE events (y int) PARTITION BY LIST (y);\n"
        "CREATE TABLE rest PARTITION OF events DEFAULT;"
    )
    (tmp_path / "migrations/2.sql").write_text(
        "CREATE TABLE events_7 PARTITION OF events FOR VALUES IN (7);"
    )
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), small_tables=(small,))
    assert one(run(asked, world(tmp_path)), "unproven-partition").severity is severity


def test_a_lock_that_waits_is_no_smaller_on_a_small_table(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/2.sql").write_text("DROP INDEX oi;\nALTER TABLE orders DROP COLUMN a;")
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), small_tables=("orders",))
    outcome = run(asked, world(tmp_path))
    assert one(outcome, "dropped-column").severity is Severity.HIGH
    assert one(outcome, "missing-lock-timeout").severity is Severity.LOW


SIZES = [
    (42, Severity.INFO),
    (10_000, Severity.INFO),
    (10_001, Severity.HIGH),
    (-1, Severity.HIGH),
]


@pytest.mark.parametrize(("rows", "severity"), SIZES)
def test_a_running_server_says_which_tables_are_small(
    rows: int, severity: Severity, tmp_path: Path
) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/2.sql").write_text(NEW)
    client = Client(rows=f'[["public", "orders", {rows}]]')
    address = "postgresql://u:hunter2@db:5432/shop"
    there = world(tmp_path, environ={VARIABLE: address, "PGHOST": "elsewhere"}, processes=client)
    outcome = run(LintMigrationsOptions(paths=("migrations/2.sql",)), there)
    assert one(outcome, "blocking-index").severity is severity
    for argv, given in client.calls:
        assert not any("hunter2" in word for word in argv)
        assert given["PGPASSWORD"] == "hunter2"
        assert given["PGHOST"] == "db"
        assert VARIABLE not in given


def test_a_server_that_refuses_cannot_be_told(tmp_path: Path) -> None:
    there = world(tmp_path, processes=Client(code=1))
    with pytest.raises(CannotTell, match="cannot read the live schema: FATAL: no") as caught:
        read_live(Secret("postgresql://db/shop"), there)
    assert "\x1b" not in str(caught.value)


def test_without_its_programs_a_server_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="pg_dump is not installed"):
        read_live(Secret("postgresql://db/shop"), world(tmp_path))


@pytest.mark.parametrize("rows", ["", "null", "[[1]]", "{}", '[["a", "b", "c"]]', "[" * 9000])
def test_estimates_that_are_none_cannot_be_told(rows: str, tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="no estimates"):
        read_live(Secret("postgres://db/s"), world(tmp_path, processes=Client(rows=rows)))


def test_an_address_becomes_what_the_programs_read() -> None:
    address = "postgresql://a%20b:p%40ss@[::1]:6543/my%2Fdb?sslmode=verify-full&connect_timeout=3"
    assert environment(Secret(address)) == {
        "PGHOST": "::1", "PGPORT": "6543", "PGUSER": "a b", "PGPASSWORD": "p@ss",
        "PGDATABASE": "my/db", "PGSSLMODE": "verify-full", "PGCONNECT_TIMEOUT": "3",
    }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "mysql://u:hunter2@db/shop", "host=db password=hunter2", "postgresql://u:hunter2@db:x/s",
        "postgresql://u:hunter2@db/s?sslcompression=1", "postgresql://u:hunter2%00@db/s",
        "postgresql://u:hunter2@[db/s", "postgresql://u:hunter2@db/s#x",
    ],
)  # fmt: skip
def test_a_wrong_address_is_a_wrong_request_that_does_not_say_it(address: str) -> None:
    with pytest.raises(RequestError) as caught:
        environment(Secret(address))
    shown = f"{caught.value!r} {caught.value} {caught.value.what} {caught.value.remedy}"
    assert "hunter2" not in shown
    assert caught.value.__cause__ is None


@pytest.mark.needs("postgres")
def test_a_real_server_gives_its_schema_and_its_estimates(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20))")
        connection.execute("INSERT INTO orders SELECT generate_series(1, 300)")
        connection.execute("ANALYZE orders")
        info = connection.info
        address = f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"
        client = subprocess.run(["pg_dump", "--version"], capture_output=True, check=True).stdout
        if int(client.split()[2].partition(b".")[0]) < info.server_version // 10000:
            pytest.skip("the pg_dump on the PATH is older than the server")
        environ = {"PATH": "/usr/bin:/bin"}
        there = world(tmp_path, processes=SystemProcesses(), environ=environ)
        live = read_live(Secret(address), there)
    assert live.rows == {Name("public", "orders"): 300}
    assert b"CREATE TABLE public.orders" in live.dump.text.data


def test_a_table_of_mysql_can_be_small_as_well(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "migrations/2.sql").write_text("ALTER TABLE orders ENGINE=MyISAM;")
    asked = LintMigrationsOptions(
        paths=("migrations/2.sql",), small_tables=("orders",), server="mysql:8.0"
    )
    assert one(run(asked, world(tmp_path)), "copying-alter").severity is Severity.INFO


@pytest.mark.parametrize("server", ["mysql:8.0", "sqlite:3.40"])
def test_a_live_catalogue_is_postgresql_s_alone(tmp_path: Path, server: str) -> None:
    laid_out(tmp_path)
    asked = LintMigrationsOptions(paths=("migrations/2.sql",), server=server)
    (tmp_path / "migrations/2.sql").write_text(NEW)
    environ = {VARIABLE: "postgresql://app@localhost/orders"}
    with pytest.raises(RequestError, match="a live catalogue is read from PostgreSQL alone"):
        run(asked, world(tmp_path, environ=environ))
