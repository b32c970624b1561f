"""The migration wants what the server's version does not have.

The file is read by the grammar of the newest PostgreSQL; an older server refuses it, and the
migration fails. Only known where `server` names a version.
"""

from collections.abc import Iterator
from itertools import pairwise

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.lexer import Token
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import AddColumn, AddConstraint, MovePartition, Operation
from cdkit.migrations.postgres.since import SINCE, feature_of
from cdkit.migrations.postgres.ways import computed
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag what is newer than the version that runs."""
    feature = feature_of(operation)
    if not feature:
        return
    since, page = SINCE[feature]
    if context.server.before(since):
        yield Hit(
            message=f"{feature} needs PostgreSQL {since}, and {context.server.version[0]} runs",
            about=feature,
            fix=Fix(
                summary=f"write it without, or after the upgrade to {since} ({page})",
                replacement=_older(operation, context),
            ),
        )


def _older(operation: Operation, context: Context) -> str:
    """How an older server is told what comes nearest."""
    match operation:
        case MovePartition(table=table, other=other):
            detached = f"ALTER TABLE {table.sql} DETACH PARTITION {other.sql};"
            return f"SET lock_timeout = '2s';\n{detached}"
        case AddConstraint(table=table, constraint=made) if made.kind == "not null":
            check = f"CHECK ({quoted(made.columns[0])} IS NOT NULL) NOT VALID"
            name = f"CONSTRAINT {quoted(made.name)} " if made.name else ""
            return f"ALTER TABLE {table.sql} ADD {name}{check};" if made.columns else ""
        case AddConstraint() if words := _words(operation, b"NOT", b"ENFORCED"):
            splice = Splice(at=words[0].start, end=words[1].end, text="NOT VALID")
            return rewritten([splice], operation)
        case AddColumn():
            return computed(operation, context.schema)
        case _:
            return ""


def _words(operation: Operation, first: bytes, second: bytes) -> tuple[Token, Token] | None:
    """Return the last two words of a statement that are these, one behind the other."""
    pairs = [
        pair
        for pair in pairwise(words_of(operation))
        if (pair[0].text.upper(), pair[1].text.upper()) == (first, second)
    ]
    return pairs[-1] if pairs else None


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(AddColumn, AddConstraint, MovePartition),
    check=check,
    instead="Write it in the words of the version that runs.",
    bad=(
        Example(text="-- server pg:12\nALTER TABLE e DETACH PARTITION p CONCURRENTLY;", line=2),
        Example(
            text="-- server pg:17\nALTER TABLE e ADD CONSTRAINT c NOT NULL a NOT VALID;",
            line=2,
        ),
        Example(
            text="-- server pg:17\nALTER TABLE e ADD b int GENERATED ALWAYS AS (a + 1);",
            line=2,
        ),
    ),
    good=(
        Example(text="-- server pg:14\nALTER TABLE e DETACH PARTITION p CONCURRENTLY;"),
        Example(text="ALTER TABLE e DETACH PARTITION p CONCURRENTLY;"),
    ),
    sources=("https://www.postgresql.org/docs/release/",),
)
