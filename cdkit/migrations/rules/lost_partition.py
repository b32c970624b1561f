"""A partition goes that a query of the running version can name, or that takes what it writes.

`SELECT … PARTITION (p)` fails where no partition has that name any more: after REMOVE PARTITIONING,
after another PARTITION BY or REORGANIZE with other names. Those of HASH and KEY are numbered by the
server, and hardly ever named. A table that is cut by RANGE without MAXVALUE, or by LIST, refuses
every row that belongs into no partition.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeOption
from cdkit.migrations.option import changed, partition_names, partitions_of
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table
from cdkit.migrations.ways import later

_CHANGES = frozenset({"REMOVE PARTITIONING", "PARTITION BY", "REORGANIZE PARTITION"})
_BOUNDED = re.compile(r"(?i)\bBY\s+(RANGE|LIST)\b")
_INTO = re.compile(r"(?i)\s+into\b\s*")
_OPEN = re.compile(r"(?i)\b(MAXVALUE|DEFAULT|AUTO)\b")


def check(operation: ChangeOption, context: Context) -> Iterator[Hit]:
    """Flag each on a table that was there before the change."""
    if operation.option not in _CHANGES or context.schema.is_new_table(operation.table):
        return
    old = context.released.table(operation.table)
    for said in filter(None, (_lost(operation, old), _refuses(operation, old))):
        yield Hit(
            message=f"{operation.option} on {operation.table}: {said}",
            about=str(operation.table),
            confidence=Confidence.HIGH if old else Confidence.MEDIUM,
            fix=Fix(
                summary="keep the names of the partitions, and one for whatever else is written",
                replacement=later(operation, "a version that names and needs no such partition"),
            ),
        )


def _lost(operation: ChangeOption, old: Table | None) -> str:
    """Say which names go; those of a table that no migration makes are unknown."""
    known = old is not None and old.known
    if operation.option == "REMOVE PARTITIONING" and not known:
        return "a query of a running version that names a partition fails"
    held = partitions_of(old.options) if old and known else frozenset[str]()
    if operation.option == "REORGANIZE PARTITION":
        before, _, after = _INTO.sub(" INTO ", operation.value).partition(" INTO ")
        listed = _listed(before)
        gone = (listed & held if known else listed) - partition_names(after)
    else:
        made = changed(old.options if old else {}, operation.option, operation.value)
        gone = held - partitions_of(made)
    names = ", ".join(sorted(gone))
    return f"a query of a running version that names the partition {names} fails" if gone else ""


def _listed(written: str) -> frozenset[str]:
    """Return the names in `PARTITION a, b`, in small letters."""
    words = re.sub(r"(?i)^\s*PARTITION\b", "", written).split(",")
    return frozenset(word.strip(" `").lower() for word in words if word.strip())


def _refuses(operation: ChangeOption, old: Table | None) -> str:
    """Say that rows are refused which belong into no partition, as none were before."""
    if operation.option != "PARTITION BY" or not _is_bounded(operation.value):
        return ""
    if old and _is_bounded(old.options.get("PARTITION BY", "")):
        return ""
    return "a row that a running version writes and that belongs into no partition is refused"


def _is_bounded(written: str) -> bool:
    return bool(_BOUNDED.search(written)) and not _OPEN.search(written)


_OLD = "-- server mysql:8.0\nCREATE TABLE e (y int) PARTITION BY RANGE (y) "
_OLD += "(PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE);\n"
_OLD += "-- released\n"

RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeOption,),
    check=check,
    instead="Keep the names of the partitions, and one for whatever else is written.",
    bad=(
        Example(text=f"{_OLD}ALTER TABLE e REMOVE PARTITIONING;", line=4),
        Example(text=f"{_OLD}ALTER TABLE e PARTITION BY HASH (y) PARTITIONS 4;", line=4),
        Example(
            text=f"{_OLD}ALTER TABLE e REORGANIZE PARTITION p0, p1 INTO "
            "(PARTITION p1 VALUES LESS THAN MAXVALUE);",
            line=4,
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE e (y int);\n-- released\n"
            "ALTER TABLE e PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020));",
            line=4,
        ),
    ),
    good=(
        Example(
            text=f"{_OLD}ALTER TABLE e REORGANIZE PARTITION p1 INTO "
            "(PARTITION p2 VALUES LESS THAN (2030), PARTITION p1 VALUES LESS THAN MAXVALUE);"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE e (y int) PARTITION BY HASH (y) PARTITIONS 4;\n"
            "-- released\nALTER TABLE e REMOVE PARTITIONING;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE e (y int);\n-- released\n"
            "ALTER TABLE e PARTITION BY KEY (y) PARTITIONS 4;"
        ),
    ),
    sources=(
        "https://dev.mysql.com/doc/refman/8.4/en/partitioning-selection.html",
        "https://dev.mysql.com/doc/refman/8.4/en/partitioning-range.html",
    ),
)
