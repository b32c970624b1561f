"""A role may no longer do what the running version does.

Its next query fails with "permission denied". A new owner has the same effect on whoever was the
old one. Whether the application uses that role, the migration does not say.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Revoke
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: Revoke, context: Context) -> Iterator[Hit]:
    """Flag what is taken away from things that were there before the change."""
    schema = context.schema
    left = [x for x in operation.objects if not (schema.is_new_table(x) or schema.is_new_thing(x))]
    if operation.objects and not left:
        return
    owner = operation.action == "OWNER TO"
    what = ", ".join(map(str, left)) or "a role"
    whom = f" from {', '.join(operation.grantees)}" if operation.grantees else ""
    yield Hit(
        message=f"{operation.action} on the {operation.kind} {what}{whom}: a running version may "
        "not be let in any more",
        about=what,
        severity=Severity.MEDIUM if owner else None,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="grant what the new version needs first; revoke in a later release",
            replacement=later(operation, "a version that does without"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(Revoke,),
    check=check,
    instead="Grant first, move over, revoke in a later release.",
    bad=(
        Example(text="REVOKE INSERT ON orders FROM app;", line=1),
        Example(text="ALTER TABLE orders OWNER TO admin;", line=1),
    ),
    good=(
        Example(text="GRANT SELECT ON orders TO app;"),
        Example(text="CREATE TABLE o (a int);\nREVOKE ALL ON o FROM PUBLIC;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-revoke.html",),
)
