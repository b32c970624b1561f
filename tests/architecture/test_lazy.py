"""What a call imports: a step's start is its cost, so each imports its own and no other's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOMAINS = ("image", "migrations", "scan", "evidence", "gate", "events")
EVERYTHING = """
CREATE TABLE o (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text DEFAULT now()::text);
ALTER TABLE o ADD COLUMN b int NOT NULL DEFAULT 1, ALTER a TYPE varchar(9), ADD CHECK (b > 0);
ALTER TABLE o ADD FOREIGN KEY (b) REFERENCES o (id), DROP COLUMN a, RENAME TO p;
CREATE UNIQUE INDEX i ON o (b); DROP INDEX i; ALTER TABLE o RENAME b TO c; TRUNCATE o; LOCK o;
CREATE VIEW v AS SELECT b FROM o; CREATE OR REPLACE VIEW v AS SELECT b, id FROM o; DROP VIEW v;
CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'; ALTER TYPE e RENAME VALUE 'a' TO 'c';
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f(); SELECT f();
UPDATE o SET b = 1; DELETE FROM o; INSERT INTO o DEFAULT VALUES; GRANT SELECT ON o TO u;
CREATE POLICY p ON o; ALTER TABLE o ENABLE ROW LEVEL SECURITY; VACUUM o; DROP TABLE o;
DO $$ BEGIN PERFORM 1; END $$; BEGIN; COMMIT; SET lock_timeout = '1s';
"""
"""Something of each kind that rules look at."""
HEAVY = ("requests", "docker", "git", "jsonschema", "yaml", "sqlite3", "ctypes")


def imported_by(*argv: str, cwd: Path | None = None) -> set[str]:
    """Return the modules that a call of cdkit has imported when it ends."""
    code = (
        "import sys\n"
        "from cdkit.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('\\0'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, check=True, cwd=cwd
    )
    return set(done.stderr.decode().strip().splitlines()[-1].split("\0"))


@pytest.mark.parametrize("argv", [["--version"], ["--help"], []], ids=" ".join)
def test_looking_at_cdkit_imports_no_domain(argv: list[str]) -> None:
    found = imported_by(*argv)
    assert not [name for name in found if name.startswith(tuple(f"cdkit.{d}" for d in DOMAINS))]
    assert not [name for name in found if name.split(".")[0] in HEAVY]


def test_a_lint_for_postgres_imports_no_reader_of_another_database(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(EVERYTHING, encoding="utf-8")
    found = imported_by("lint-migrations", "--records", "none", str(tmp_path / "1.sql"))
    others = ("cdkit.migrations.mysql.", "cdkit.migrations.sqlite.", "sqlglot")
    assert "cdkit.migrations.rules.replaced_object" in found
    assert "cdkit.migrations.postgres.read" in found
    assert {name for name in found if name.startswith(others)} <= {"cdkit.migrations.mysql.marks"}


def test_the_help_of_a_step_imports_no_other_domain() -> None:
    found = imported_by("lint-migrations", "--help")
    others = tuple(f"cdkit.{d}" for d in DOMAINS if d not in {"migrations", "evidence"})
    assert not [name for name in found if name.startswith(others)]
    assert not {"requests", "docker", "git", "jsonschema"} & found


def test_a_lint_outside_a_repository_loads_nothing_that_it_has_no_use_for(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("ALTER TABLE o ADD COLUMN a text;\n", encoding="utf-8")
    found = imported_by("lint-migrations", "--records", "none", "1.sql", cwd=tmp_path)
    heavy = {"subprocess", "urllib.parse", "tempfile", "zlib", "requests", "docker", "git", "yaml"}
    assert "cdkit.migrations.lint" in found
    assert not heavy & found
