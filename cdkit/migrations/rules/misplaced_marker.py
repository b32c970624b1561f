"""The parts of a migration are marked in a way that its tool refuses.

dbmate wants `-- migrate:up` first, nothing but comments before it, and a `-- migrate:down` after
it, be it empty. goose wants `-- +goose Up` first, and a body with semicolons between
`-- +goose StatementBegin` and `-- +goose StatementEnd`: it cuts it in pieces otherwise. goose and
sql-migrate refuse a statement that no semicolon ends at the end of a line. What says whether the
tool makes a transaction must be spelt as it knows it: others refuse any other word (Atlas, Flyway)
or pass over it (dbmate, sql-migrate, sqlx, tern), and run the file as if nothing stood there.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the tool's files finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Put the marks where the tool wants them.",
    by_hand="the mark is a comment of the tool's, and only its place is wrong.",
    bad=(),
    good=(),
    sources=(
        "https://github.com/amacneil/dbmate#creating-migrations",
        "https://pressly.github.io/goose/documentation/annotations/",
        "https://github.com/rubenv/sql-migrate#writing-migrations",
    ),
)
