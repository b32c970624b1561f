"""A role may no longer do what the running version does.

Its next query fails with "permission denied". A new owner has the same effect on whoever was the
old one. Whether the application uses that role, the migration does not say.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.bodies import writes_of
from cdkit.migrations.grants import lost
from cdkit.migrations.nouns import Name
from cdkit.migrations.permit import kind_of, objects_of
from cdkit.migrations.privileges import Revoke
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: Revoke, context: Context) -> Iterator[Hit]:
    """Flag what is taken away from things that were there before the change."""
    whom = tuple(each for each in operation.grantees if not _is_new_role(each, context))
    if operation.defaults or (operation.action != "OWNER TO" and operation.grantees and not whom):
        return
    left = tuple(_left(operation, context))
    if operation.objects and not left:
        return
    what = ", ".join(map(str, left)) or "a role"
    by = f" from {', '.join(whom)}" if whom else ""
    yield Hit(
        message=f"{operation.action} on the {operation.kind} {what}{by}: a running version may "
        "not be let in any more",
        about=what,
        severity=_severity(operation, left, context),
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="grant what the new version needs first; revoke in a later release",
            replacement=later(operation, "a version that does without"),
        ),
    )


def _is_new_role(role: str, context: Context) -> bool:
    """Whether nobody who runs can be this role: it had no right before."""
    return context.schema.is_new(context.schema.roles.get(role, 0))


def _left(operation: Revoke, context: Context) -> Iterator[Name]:
    """Yield the things that were there before, and on which something is really lost."""
    schema = context.schema
    objects = tuple(objects_of(schema, operation))
    if operation.whole and not objects:
        yield from operation.objects
    for name in objects:
        if schema.is_new_relation(name) or (
            operation.kind == "role" and _is_new_role(name.name, context)
        ):
            continue
        kind = kind_of(schema, operation.kind, name)
        if operation.action != "REVOKE" or _loses(operation, (kind, name), context):
            yield name


def _loses(operation: Revoke, thing: tuple[str, Name], context: Context) -> bool:
    """Whether a role ends without a right that it had; what no migration granted may be lost."""
    kind, name = thing
    held = context.released.grants.of(kind, name)
    if held is None:
        return True
    end = context.ahead.end
    gone = lost(context.released.grants, end.grants, kind, (name, name), end.shows(name) or ())
    return any(role in operation.grantees for role, _ in gone)


def _severity(operation: Revoke, left: tuple[Name, ...], context: Context) -> Severity | None:
    """A new owner matters to the old one, and to what runs with its owner's rights."""
    if operation.action == "REASSIGN OWNED" or operation.kind in _TO_MAKE:
        return Severity.LOW
    if operation.kind == "schema" and operation.privileges == ("CREATE",):
        return Severity.LOW
    if operation.action != "OWNER TO":
        return None
    names = [name for name in left if not _served(name, operation, context)]
    return Severity.MEDIUM if names else Severity.LOW


_TO_MAKE = frozenset({"type", "domain", "language"})
"""USAGE of these lets one make things of them; queries need none (PostgreSQL manual, 5.8)."""


def _served(name: Name, operation: Revoke, context: Context) -> bool:
    """Whether others than the owner use it, and the new owner may do what it does for them."""
    schema = context.schema
    kind = schema.kind_of(name) or operation.kind
    held = schema.grants.of(kind, name)
    if not held:
        return False
    (owner,) = operation.grantees or ("",)
    thing = schema.thing(name)
    sources = thing.query.sources if thing and thing.query else ()
    reads = all("SELECT" in schema.grants.may(owner, "table", schema.full(x)) for x in sources)
    routines = thing.routines.values() if thing else ()
    acting = [each for each in routines if each.function.definer]
    if any(_READS.search(each.body) for each in acting):
        return False  # whether the new owner may read there, nobody can tell from here
    writes = [x for each in acting for x in writes_of(each)]
    return reads and all("INSERT" in schema.grants.may(owner, "table", x) for x in writes)


_READS = re.compile(r"(?i)\b(?:from|join|update|delete|execute)\b")


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(Revoke,),
    check=check,
    instead="Grant first, move over, revoke in a later release.",
    bad=(
        Example(text="REVOKE INSERT ON orders FROM app;", line=1),
        Example(text="ALTER TABLE orders OWNER TO admin;", line=1),
        Example(text="DROP OWNED BY app;", line=1),
        Example(text="REVOKE writers FROM app;", line=1),
        Example(text="CREATE ROLE reports;\nALTER TABLE orders OWNER TO reports;", line=2),
        Example(
            text="CREATE ROLE reports;\nREVOKE ALL ON orders FROM reports, PUBLIC;",
            line=2,
        ),
        Example(
            text="DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN\n"
            "  CREATE ROLE app;\nEND IF; END $$;\nREVOKE ALL ON orders FROM app;",
            line=4,
        ),
        Example(
            text="CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS "
            "'SELECT count(*) FROM o';\n-- released\nALTER FUNCTION f() OWNER TO other;",
            line=3,
        ),
    ),
    good=(
        Example(text="GRANT SELECT ON orders TO app;"),
        Example(text="REVOKE GRANT OPTION FOR SELECT ON orders FROM app;"),
        Example(text="REVOKE ADMIN OPTION FOR writers FROM app;"),
        Example(text="CREATE ROLE reports;\nREVOKE ALL ON SCHEMA public FROM reports;"),
        Example(text="CREATE ROLE reports;\nREVOKE writers FROM reports;"),
        Example(text="CREATE ROLE reports;\nREVOKE reports FROM app;"),
        Example(text="CREATE TABLE o (a int);\nREVOKE ALL ON o FROM PUBLIC;"),
        Example(
            text="CREATE TABLE o (a int);\nGRANT SELECT ON o TO app;\n-- released\n"
            "REVOKE ALL ON o FROM app;\nGRANT SELECT ON o TO app;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-revoke.html",),
)
