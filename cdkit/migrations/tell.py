"""Telling what was found: hits of rules, troubles of readers, complaints of tools, as findings."""

from msgspec import structs

from cdkit.core.finding import Finding, Fix, Location, Severity, fingerprint
from cdkit.migrations.catalogue import rules
from cdkit.migrations.find import sources
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import Hit, LintRule
from cdkit.migrations.source import Complaint, Migration
from cdkit.migrations.text import Filled, Text
from cdkit.migrations.trouble import Trouble

UNTOLD = frozenset({"syntax-error", "unreadable-file", "unread-code", "unread-command"})
"""Rules that say that nobody can tell; they have no severity, and nobody can switch them off."""


def taken_away(migration: Migration) -> Finding:
    """Return the finding that a released migration was taken away."""
    return _about_file(
        "edited-migration",
        migration,
        "this migration is released, and the change takes it away (or its branch is behind)",
        rules()["edited-migration"].severity,
    )


def ahead(migration: Migration, revision: str, *, deployed: bool) -> Finding:
    """Return the finding that a released migration is not there yet, since the branch is behind.

    Where the revision is `deployed`, what is older than the schema may be about to run with it.
    """
    found = _about_file(
        "edited-migration",
        migration,
        f"this migration is released, and this branch left {revision[:40]} before it came: what is "
        "new is judged as what comes after it",
        rules()["edited-migration"].severity if deployed else Severity.LOW,
    )
    remedy = f"bring it here first: `git merge {revision}`"
    return structs.replace(found, fix=Fix(summary=remedy))


def complained(complaint: Complaint) -> Finding:
    """Return what a tool's reader complains of as a finding."""
    rule = rules()[complaint.rule]
    place = Location(path=complaint.path, line=complaint.line)
    return Finding(
        rule=complaint.rule,
        severity=complaint.severity or rule.severity,
        message=complaint.what,
        locations=(place,),
        fingerprint=fingerprint(complaint.rule, place.path, complaint.about),
        about=str(complaint.about) or complaint.path.rpartition("/")[2],
        question=rule.question,
        fix=Fix(summary=complaint.remedy or rule.instead),
    )


def hit_of(
    rule_id: str, rule: LintRule, operation: Operation, hit: Hit, fix: Fix | None = None
) -> Finding:
    """Return what a rule has to say of an operation as a finding, its fingerprint not yet made.

    `fix` takes the place of the hit's own.
    """
    return Finding(
        rule=rule_id,
        severity=hit.severity or rule.severity,
        confidence=hit.confidence,
        message=hit.message,
        locations=(operation.statement.text.span(operation.at, operation.statement.end),),
        fingerprint=operation.statement.line,
        about=f"{hit.about}",  # a name of any case is plain text in a report
        question=rule.question,
        fix=fix or fix_of(rule, hit),
    )


def fix_of(rule: LintRule, hit: Hit) -> Fix:
    """Return what would mend a hit: what the rule says of this one, or of all."""
    return hit.fix or Fix(summary=rule.instead.partition("\n")[0])


def untold(text: Text, trouble: Trouble) -> Finding:
    """Return what cannot be read as a finding."""
    what, remedy = trouble.what, trouble.remedy
    if isinstance(text, Filled) and (names := _assumed_near(text, trouble.offset)):
        what = f"nothing here gives a value for {names}, and it is more than a name ({what})"
        remedy = "render the migration first, or give the value in the tool's own configuration"
    place = text.place(trouble.offset)
    if trouble.line:
        place = Location(path=text.path, line=trouble.line)
    return Finding(
        rule=trouble.rule,
        severity=Severity.UNKNOWN,
        message=what,
        locations=(place,),
        fingerprint=trouble.what,
        fix=Fix(summary=remedy),
    )


def _assumed_near(text: Filled, offset: int) -> str:
    """Return the unknown placeholders of the statement around a byte, as they are written."""
    start = text.data.rfind(b";", 0, offset) + 1
    end = text.data.find(b";", offset)
    return ", ".join(text.assumed_in(start, len(text.data) if end < 0 else end))


def assumed(text: Text) -> tuple[str, ...]:
    """Say of a filled text what was read as a name, since nothing here gives its value."""
    if not isinstance(text, Filled) or not text.assumed:
        return ()
    names = text.assumed_in(0, len(text.data) + 1)
    shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
    return (f"{text.path}: nothing here gives a value for {shown}: read as a name",)


def edited(migration: Migration, before: Migration, *, unchanged: bool) -> Finding:
    """A released file was changed; where only comments changed, most tools mind the checksum."""
    severity = rules()["edited-migration"].severity
    said = "this migration is released already, and the change edits what it runs"
    if migration.path != before.path:
        said = f"this migration is released already, and the change renames it from {before.path}"
    elif unchanged:
        sums = sources()[migration.source].sums
        severity = severity if sums else Severity.LOW
        said = "this migration is released already, and the change edits its comments or spaces"
        said = f"{said}: {sums}" if sums else said
    return _about_file("edited-migration", migration, said, severity)


def empty(migration: Migration) -> Finding:
    """Return the finding that a migration holds nothing."""
    severity = rules()["empty-migration"].severity
    said = "this migration holds no statement"
    return _about_file("empty-migration", migration, said, severity, "SELECT 1;")


def _about_file(
    rule_id: str, migration: Migration, said: str, severity: Severity, instead: str = ""
) -> Finding:
    rule = rules()[rule_id]
    return Finding(
        rule=rule_id,
        severity=severity,
        message=said,
        locations=(migration.text.place(0),),
        fingerprint=rule_id,
        about=migration.path.rpartition("/")[2],
        question=rule.question,
        fix=Fix(summary=rule.instead, replacement=instead),
    )
