"""The way back loses data: what the new version wrote, or more.

Going back must have an answer to the question what becomes of the rows that the new version wrote.
What stands in a new column goes with it: that is said for information. Where the way back takes
what was there before the migration, or brings back a column without its values, or fails on what
the new version wrote, that is more than anybody expects of it.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: what judges ways back finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Copy what must be kept before it goes, or say `-- cdkit: allow lossy-down (why)`.",
    bad=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ADD COLUMN a int;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders DROP COLUMN a;"
            ),
            line=6,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ADD COLUMN a int;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders DROP COLUMN a, DROP COLUMN note;"
            ),
            line=6,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders RENAME COLUMN note TO remark;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders DROP COLUMN remark;\n"
                "ALTER TABLE orders ADD COLUMN note text;"
            ),
            line=6,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders DROP COLUMN old;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders ADD COLUMN old text;"
            ),
            line=6,
        ),
    ),
    good=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "CREATE INDEX i ON orders (note);\n"
                "-- migrate:down\n"
                "DROP INDEX i;"
            ),
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders RENAME COLUMN note TO remark;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders RENAME COLUMN remark TO note;"
            ),
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "CREATE VIEW v AS SELECT id FROM orders;\n"
                "-- migrate:down\n"
                "DROP VIEW v;"
            ),
        ),
    ),
)
