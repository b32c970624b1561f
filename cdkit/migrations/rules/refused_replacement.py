"""PostgreSQL refuses to replace a view by one that lacks a column, or has it in another place.

`CREATE OR REPLACE VIEW` may add columns at the end and do nothing else to them: "cannot drop
columns from view", "cannot change name of view column". The migration fails there.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.operation import CreateObject
from cdkit.migrations.postgres.ways import another, view_beside
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: CreateObject, context: Context) -> Iterator[Hit]:
    """Flag a view whose columns do not begin with those of the one that it replaces."""
    found = context.schema.thing(operation.name) if operation.replace else None
    if found is None or found.query is None or operation.query is None:
        return
    old, new = found.query.columns, operation.query.columns
    if "*" in old or "*" in new or new[: len(old)] == old:
        return
    place = next(i for i, each in enumerate(old) if i >= len(new) or new[i] != each)
    yield Hit(
        message=f"the view {operation.name} cannot be replaced by this one, whose column "
        f"{place + 1} is not {old[place]}: PostgreSQL refuses it",
        about=str(operation.name),
        fix=Fix(
            summary="keep the columns and their order, and add new ones at the end",
            replacement=_beside(operation),
        ),
    )


def _beside(operation: CreateObject) -> str:
    """The view under another name, beside the old one, until nobody reads that."""
    words = words_of(operation)
    at = next((i for i, word in enumerate(words) if word.text.upper() == b"VIEW"), -1)
    if at < 0 or len(words) < at + 2:
        return ""
    last = at + 3 if words[at + 2].text == b"." else at + 1
    splices = (
        Splice(at=words[0].end, end=words[at].start, text=" "),
        Splice(at=words[at + 1].start, end=words[last].end, text=another(operation.name).sql),
    )
    return view_beside(operation.name, rewritten(splices, operation))


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(CreateObject,),
    check=check,
    instead="Keep the columns and their order, and add new ones at the end.",
    bad=(
        Example(
            text="CREATE VIEW v AS SELECT a, b FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o;",
            line=3,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a, b FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, c, b FROM o;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, b FROM o;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createview.html",),
)
