"""Migrations written in a framework's language: only the framework can say which SQL they run.

Each is recognised by what its own documentation has every migration hold, and answered with the
way in which that framework renders or shows its SQL (the pages are cited beside each).
"""

import re

from msgspec import Struct

from cdkit.core.errors import CdkitError
from cdkit.core.verdict import Reason
from cdkit.migrations.folder import in_code
from cdkit.migrations.look import DEPTH, Look
from cdkit.migrations.source import Project, Request, Source

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts")
_MOST = 256 * 1024
_SCRATCH = "on a scratch database"


class Framework(Struct, frozen=True, kw_only=True):
    """A framework: the suffixes of its migrations, what each holds, how to see its SQL."""

    title: str
    suffixes: tuple[str, ...]
    holds: str
    render: str


FRAMEWORKS = (
    Framework(  # guides.rubyonrails.org/active_record_migrations.html, "Schema Dumping and You"
        title="Rails (Active Record)",
        suffixes=(".rb",),
        holds=r"<\s*ActiveRecord::Migration\b",
        render=f"`bin/rails db:migrate` {_SCRATCH} with `config.active_record.schema_format = "
        ":sql`, and what that adds to db/structure.sql as a migration",
    ),
    Framework(  # sequel.jeremyevans.net, "Migrations"
        title="Sequel",
        suffixes=(".rb",),
        holds=r"\bSequel\.migration\b",
        render=f"`sequel -m FOLDER -E DATABASE-URL` {_SCRATCH}, which prints each statement",
    ),
    Framework(  # typeorm.io, "Migrations" and "Logging"
        title="TypeORM",
        suffixes=_SCRIPTS,
        holds=r"\bMigrationInterface\b|\bqueryRunner\.\w+\(",
        render=f"`typeorm migration:run` {_SCRATCH} with `logging: true`, or the strings that it "
        "gives to queryRunner.query",
    ),
    Framework(  # sequelize.org, "Migrations"
        title="Sequelize",
        suffixes=_SCRIPTS,
        holds=r"\A(?=.*\bup\b)(?=.*(?:\bqueryInterface\b|\bgetQueryInterface\b|sequelize-cli))",
        render=f"`sequelize-cli db:migrate` {_SCRATCH} with `logging: console.log`",
    ),
    Framework(  # mikro-orm.io, "Migrations"
        title="MikroORM",
        suffixes=_SCRIPTS,
        holds=r"@mikro-orm/migrations",
        render=f"`mikro-orm migration:up` {_SCRATCH} with `debug: ['query']`, or the strings that "
        "it gives to addSql",
    ),
    Framework(  # salsita.github.io/node-pg-migrate, "CLI usage": --dry-run
        title="node-pg-migrate",
        suffixes=_SCRIPTS,
        holds=r"\A(?=.*\bup\b)(?=.*(?:\(\s*pgm\b|node-pg-migrate))",
        render="`node-pg-migrate up --dry-run`",
    ),
    Framework(  # knexjs.org, "Migrations" and "debug"
        title="Knex",
        suffixes=_SCRIPTS,
        holds=r"\A(?=.*(?:exports\.up|\bexport\b[^\n]{0,99}\bup\b|\bup\s*[(:]))(?=.*\b[kK]nex\b)",
        render=f"`DEBUG=knex:query knex migrate:up` {_SCRATCH}, which prints each statement",
    ),
    Framework(  # kysely.dev, "Migrations" and "Logging"
        title="Kysely",
        suffixes=_SCRIPTS,
        holds=r"\A(?=.*\bup\b)(?=.*(?:\bKysely\s*<|\bfrom\s+['\"]kysely['\"]))",
        render=f"the migrator {_SCRATCH} with `log: ['query']`",
    ),
    Framework(  # db-migrate.readthedocs.io, "Usage": --dry-run
        title="db-migrate",
        suffixes=_SCRIPTS,
        holds=r"\boptions\.dbmigrate\b",
        render="`db-migrate up --dry-run`",
    ),
    Framework(  # hexdocs.pm/ecto_sql, "mix ecto.migrate": --log-migrations-sql
        title="Ecto",
        suffixes=(".exs", ".ex"),
        holds=r"\buse\s+Ecto\.Migration\b",
        render=f"`mix ecto.migrate --log-migrations-sql` {_SCRATCH}",
    ),
    Framework(  # learn.microsoft.com/ef/core/managing-schemas/migrations/applying
        title="Entity Framework Core",
        suffixes=(".cs",),
        holds=r"\bMigrationBuilder\b",
        render="`dotnet ef migrations script FROM TO -o migration.sql`",
    ),
    Framework(  # fluentmigrator.github.io, "dotnet-fm": --preview
        title="FluentMigrator",
        suffixes=(".cs",),
        holds=r"\busing\s+FluentMigrator\b",
        render="`dotnet fm migrate --preview --output=migration.sql`",
    ),
    Framework(  # laravel.com/docs/migrations, "Running Migrations": --pretend
        title="Laravel",
        suffixes=(".php",),
        holds=r"\bIlluminate\\Database\\Migrations\\Migration\b",
        render="`php artisan migrate --pretend`",
    ),
    Framework(  # doctrine-project.org, "Managing Migrations": --write-sql
        title="Doctrine Migrations",
        suffixes=(".php",),
        holds=r"\bDoctrine\\Migrations\\AbstractMigration\b",
        render="`doctrine-migrations migrate --write-sql=migration.sql`",
    ),
    Framework(  # book.cakephp.org/phinx, "Commands": --dry-run
        title="Phinx",
        suffixes=(".php",),
        holds=r"\bPhinx\\Migration\\AbstractMigration\b",
        render="`phinx migrate --dry-run`",
    ),
    Framework(  # sea-ql.org/SeaORM, "Writing Migration"
        title="SeaORM",
        suffixes=(".rs",),
        holds=r"\bMigrationTrait\b",
        render=f"`sea-orm-cli migrate up --verbose` {_SCRATCH}",
    ),
)
_SUFFIXES = tuple({suffix for one in FRAMEWORKS for suffix in one.suffixes})


def _framework(path: str, look: Look) -> Framework | None:
    """Return the framework of a migration: the first of the table whose words it holds."""
    if not path.endswith(_SUFFIXES) or path.endswith(".d.ts"):
        return None

    def find() -> Framework | None:
        text = look.read(path)[:_MOST].decode("utf-8", "replace")
        here = (one for one in FRAMEWORKS if path.endswith(one.suffixes))
        return next((one for one in here if re.search(one.holds, text, re.DOTALL)), None)

    return look.once(("framework", path), find)


def _read(request: Request) -> Project:
    look = request.look
    there = {*look.below(request.root, min(request.depth, DEPTH)), *request.asked}
    return Project(unread=tuple(_reasons(sorted(there), look)))


def _reasons(paths: list[str], look: Look) -> list[Reason]:
    reasons = []
    for path in paths:
        try:
            framework = _framework(path, look)
        except CdkitError as fault:
            if path.endswith(_SUFFIXES):
                reasons.append(fault.reason())
            continue
        if framework:
            reasons.append(in_code(path, framework.title, framework.render))
    return reasons


SOURCE = Source(
    title="a framework's code",
    root=lambda path, folder, look: folder if _framework(path, look) else None,
    read=_read,
    may_own=lambda *_: False,
)
