"""The server refuses this statement, on any table.

The migration fails there, and where its database keeps no transaction around it, what came before
stays.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeOption, RebuildTable
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag what the engine says that it refuses."""
    if refusal := context.dialect.refuses(operation, context.schema, context.server):
        what, remedy = refusal
        about = str(getattr(operation, "table", "") or getattr(operation, "name", ""))
        instead = context.dialect.otherwise(operation, context.schema, context.server)
        yield Hit(message=what, about=about, fix=Fix(summary=remedy, replacement=instead))


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb", "sqlite"),
    on=(
        op.AddColumn,
        op.AddConstraint,
        AlterTable,
        ChangeOption,
        op.CreateIndex,
        op.CreateTable,
        op.DropColumn,
        op.DropConstraint,
        op.DropObject,
        RebuildTable,
        op.RenameColumn,
    ),
    check=check,
    instead="Write it in the words of the server that runs.",
    by_hand="what only a rebuild of the table does is said where the migrations tell its columns.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN IF NOT EXISTS a int;", line=2),
        Example(
            text="-- server mysql:8.0\nALTER TABLE o ADD a int, ALGORITHM=INSTANT, LOCK=NONE;",
            line=2,
        ),
        Example(text="-- server mysql:8.0\nALTER IGNORE TABLE o ADD UNIQUE (a);", line=2),
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD a text DEFAULT 'x';", line=2),
        Example(text="-- server mysql:5.7\nALTER TABLE o RENAME COLUMN a TO b;", line=2),
        Example(text="-- server mariadb:10.11\nCREATE INDEX i ON o ((lower(a)));", line=2),
        Example(text="-- server sqlite\nALTER TABLE o ADD COLUMN a int NOT NULL;", line=2),
        Example(text="-- server sqlite:3.34\nALTER TABLE o DROP COLUMN a;", line=2),
    ),
    good=(
        Example(
            text="-- server mariadb:10.11\nALTER TABLE o ADD a int, ALGORITHM=INSTANT, LOCK=NONE;"
        ),
        Example(text="-- server mariadb:10.11\nALTER TABLE o ADD COLUMN IF NOT EXISTS a int;"),
        Example(text="-- server mysql:8.0\nALTER TABLE o RENAME COLUMN a TO b;"),
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD a text DEFAULT ('x'), ADD b text;"),
        Example(text="-- server mariadb:10.11\nALTER TABLE o ADD a text DEFAULT 'x';"),
        Example(text="-- server sqlite:3.35\nALTER TABLE o DROP COLUMN a;"),
    ),
    sources=(
        "https://dev.mysql.com/doc/refman/8.4/en/alter-table.html",
        "https://www.sqlite.org/lang_altertable.html",
    ),
)
