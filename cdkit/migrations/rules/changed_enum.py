"""An ENUM or SET column gets other values.

A value that goes away is refused when the running version writes it (or becomes the empty text,
where the mode is not strict). One that comes in before others moves their numbers: sorting by the
column, and code that uses numbers, change. One at the end breaks nobody who can read it.
"""

from collections.abc import Iterator, Sequence

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_KINDS = frozenset({"enum", "set"})


def check(operation: ChangeColumn, context: Context) -> Iterator[Hit]:
    """Flag each change of the values of a column that was there before."""
    old, new, table = operation.old, operation.new, operation.table
    if old is None or context.schema.is_new_column(table, new.name):
        return
    if old.type.name not in _KINDS or new.type.name != old.type.name:
        return
    before, after = old.type.values, new.type.values
    if gone := [value for value in before if value not in after]:
        what = f"takes {_some(gone)} from"
        yield _hit(operation, what, "a running version that writes it is refused", Severity.HIGH)
    elif after[: len(before)] != before:
        what = "reorders the values of"
        yield _hit(operation, what, "they sort and number otherwise", Severity.MEDIUM)
    elif after != before:
        what = f"adds {_some(after[len(before) :])} to"
        yield _hit(operation, what, "a running version may read a value it never saw", Severity.LOW)


def _some(values: Sequence[str]) -> str:
    """Name a few values, and say how many more there are."""
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""
    return ", ".join(value[:40] for value in values[:5]) + more


def _hit(operation: ChangeColumn, what: str, effect: str, severity: Severity) -> Hit:
    about = f"{operation.table}.{operation.new.name}"
    return Hit(
        message=f"{what} {about}: {effect}",
        about=about,
        severity=severity,
        fix=Fix(
            summary="append new values at the end; take one away when nobody writes it",
            replacement=later(operation, "code that knows the values as they will be"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeColumn,),
    check=check,
    instead="Append new values at the end; take one away when nobody writes it any more.",
    bad=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (s enum('a','b'));\n-- released\n"
            "ALTER TABLE o MODIFY s enum('a');",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (s enum('a','b'));\n-- released\n"
            "ALTER TABLE o MODIFY s enum('a','c','b');",
            line=4,
        ),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (s enum('a','b'));\n-- released\n"
            "ALTER TABLE o MODIFY s enum('a', 'b') NOT NULL;"
        ),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/enum.html",),
)
