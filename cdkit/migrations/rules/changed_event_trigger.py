"""An event trigger begins or stops to act on what changes the schema, or on each login.

Who runs meets it where it makes a temporary table, or adds and drops partitions: what the trigger's
function refuses is refused to the running version as well. One `ON login` (PostgreSQL 17) runs in
each new connection, and where it fails nobody gets in.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeEventTrigger
from cdkit.migrations.bodies import is_read, refuses
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: ChangeEventTrigger, context: Context) -> Iterator[Hit]:
    """Say what the running version may meet; more so where the function is known to do no harm."""
    begins = operation.action in {"CREATE", "ENABLE", "ENABLE ALWAYS"}
    if operation.event == "login":
        said = "each new connection of a running version runs it first"
    elif begins:
        said = "it acts on what a running version changes of the schema, temporary tables as well"
    else:
        said = "what it did or refused is neither done nor refused any more"
    yield Hit(
        message=f"{operation.action} EVENT TRIGGER {operation.name}: {said}",
        about=operation.name,
        severity=None if begins and not _is_harmless(operation, context) else Severity.LOW,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="see that it refuses nothing that the running version does, and say so with "
            "`-- cdkit: allow changed-event-trigger (reason)`",
            replacement=later(operation, "a version that can live with it"),
        ),
    )


def _is_harmless(operation: ChangeEventTrigger, context: Context) -> bool:
    """Whether the function is one that a migration made, and whose text refuses nothing."""
    found = context.schema.thing(operation.function) if operation.function else None
    routines = list(found.routines.values()) if found else []
    return bool(routines) and all(is_read(each) and not refuses(each) for each in routines)


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(ChangeEventTrigger,),
    check=check,
    instead="See that it refuses nothing that the running version does.",
    bad=(
        Example(
            text="CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION refuse();",
            line=1,
        ),
        Example(text="ALTER EVENT TRIGGER guard ENABLE;", line=1),
        Example(text="ALTER EVENT TRIGGER guard DISABLE;", line=1),
    ),
    good=(Example(text="ALTER EVENT TRIGGER guard RENAME TO watch;"),),
    sources=("https://www.postgresql.org/docs/current/event-triggers.html",),
)
