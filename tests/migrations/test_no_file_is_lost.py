"""Whatever lies in a folder of migrations: nothing crashes, and each SQL file is accounted for."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError
from cdkit.migrations.find import Found, find
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.worlds import world

NAMES = st.sampled_from(
    """
    V1__a.sql V1_b.sql v2__c.sql V2.1__d.SQL U1__a.sql R__e.sql B1__f.sql beforeMigrate.sql
    afterClean.sql 1_a.up.sql 1_a.down.sql 2_b.up.sql 3_c.sql 04_d.sql e.sql atlas.sum
    migration_lock.toml 20260101000000_a/migration.sql 20260101000000_a/snapshot.json
    1_a/up.sql 1_a/down.sql 1_a/metadata.toml meta/_journal.json sqitch.plan sqitch.conf
    deploy/a.sql revert/a.sql verify/a.sql deploy/a@v1.sql flyway.conf flyway.toml
    V1__a.sql.conf Cargo.toml diesel.toml drizzle.config.ts a.go b.rb c.ts d.py
    """.split()  # noqa: SIM905 - a list of names, to be read as one
)
PIECES = st.sampled_from(
    """\
-- +goose Up
-- +goose Down
-- +goose ENVSUB ON
-- +goose StatementBegin
-- migrate:up
-- migrate:down
-- +migrate Up
-- Up Migration
---- create above / drop below ----
-- atlas:txtar
-- migration.sql --
-- atlas:delimiter \\n\\n
-- atlas:checkpoint
--> statement-breakpoint
SELECT 1;
CREATE TABLE ${a} (b int);
DROP TABLE :t;
{{ x }}
$$ ; $$
'
\0
a x
@v1 x
%project=x
[core]
engine = pg
flyway.locations=x,migrations
[flyway]
[dependencies]
sqlx = 1
{"entries": [{"tag": "3_c", "when": 1}]}
h1:x
provider = "postgresql"
goose.AddMigration(a, b)
exports.up knex
""".splitlines(keepends=True)
)
FILES = st.dictionaries(NAMES, st.lists(PIECES, max_size=5).map("".join), min_size=4, max_size=16)


def accounted(found: tuple[Found, ...]) -> set[str]:
    paths: set[str] = set()
    for one in found:
        paths |= {each.said.path for each in one.project.migrations} | one.project.downs
        paths |= {x.where.path for x in one.project.unread if x.where}
        # What is left out is said in a note.
        paths |= {word.strip(",") for note in one.project.notes for word in note.split()}
    return paths


@settings(max_examples=100)
@given(files=FILES, below=st.booleans())
def test_each_sql_file_is_a_migration_or_said(files: dict[str, str], *, below: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        top = folder / "migrations" if below else folder
        for path, text in files.items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text(text)
        with contextlib.suppress(CdkitError):
            run(LintMigrationsOptions(), world(folder))
        if not below:
            return
        with contextlib.suppress(CdkitError):
            found, unread = find((), world(folder))
            said = accounted(found) | {x.where.path for x in unread if x.where}
            faults = [fault for one in found for fault in one.project.faults]
            wanted = {f"migrations/{path}" for path in files if path.lower().endswith(".sql")}
            assert faults or wanted <= said
