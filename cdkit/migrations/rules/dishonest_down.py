"""The way back does not lead to where the migration came from.

The migration and its way back are run on a model of the schema, and the end is held against the
beginning: tables, columns, types, nullability, defaults, constraints, indexes, triggers, policies,
views with what they show, functions with their bodies, renamed enum values, and privileges of roles
that the migrations speak of. Not held, so not compared: rows, comments, owners, roles, default
privileges, options of sequences and of storage, the expression of a policy, the order and the joins
of a view, and an enum value that is added, which no server takes away again.

What is left over makes the next run forward fail; what is missing breaks the old version, which
is why one goes back at all. The same is said where the way back cannot work, or cannot be read.
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
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Let the way back undo everything, in the opposite order.",
    bad=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ADD COLUMN a int, ADD COLUMN b int;\n"
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
                "ALTER TABLE orders DROP COLUMN old;\n"
                "-- migrate:down\n"
                "SELECT 1;"
            ),
            line=6,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ALTER note SET NOT NULL;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders ALTER note SET NOT NULL;"
            ),
            line=6,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ALTER note TYPE varchar(9);\n"
                "-- migrate:down\n"
                "ALTER TABLE orders ALTER note TYPE varchar(8);"
            ),
            line=6,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "CREATE INDEX CONCURRENTLY i ON orders (note);\n"
                "-- migrate:down\n"
                "SET lock_timeout = '2s';\n"
                "DROP INDEX CONCURRENTLY IF EXISTS j;"
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
                "ALTER TABLE orders DROP COLUMN a;\n"
                "ALTER TABLE orders DROP COLUMN b;"
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
                "ALTER TABLE orders DROP COLUM a;"
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
                "ALTER TABLE orders ADD COLUMN a int UNIQUE, ADD COLUMN b int;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders DROP COLUMN b, DROP COLUMN a;"
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
                "CREATE TABLE lines (id bigint PRIMARY KEY);\n"
                "CREATE INDEX i ON lines (id);\n"
                "-- migrate:down\n"
                "DROP TABLE lines;"
            ),
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text, old text);\n"
                "-- released\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ALTER note SET NOT NULL;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders ALTER note DROP NOT NULL;"
            ),
        ),
        Example(
            text=(
                "-- migrate:up\n"
                "ALTER TABLE orders DROP COLUMN old;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders ADD COLUMN old text;"
            ),
        ),
    ),
)
