"""A table's options as they are after a change: what ALTER TABLE leaves behind besides columns."""

import re
from collections.abc import Mapping
from typing import Final

DEFAULTS: Final[Mapping[str, str]] = {"ENGINE": "innodb"}
"""What counts where nothing is said (MySQL manual, `default_storage_engine`)."""

ELSEWHERE: Final = "FOREIGN"
"""The option of a table whose rows another server keeps; its value is that server's name."""

MIXED: Final = "FORMER CHARACTER SET"
"""The option of a table whose older columns may have another character set than it says now."""

_PASSING = frozenset(
    {"FORCE", "AUTO_INCREMENT", "ORDER BY", "ENABLE KEYS", "DISABLE KEYS", "DISCARD TABLESPACE"}
    | {"IMPORT TABLESPACE", "TRUNCATE PARTITION", "REBUILD PARTITION", "REPAIR PARTITION"}
    | {"OPTIMIZE PARTITION", "CHECK PARTITION", "ANALYZE PARTITION"}
)
"""Work that is done once, or a number that only grows: nothing that could be undone."""
_PARTITION = r"(?i)\bPARTITION\s+(?!BY\b|IF\b)(`[^`]+`|\w+)"


def changed(options: Mapping[str, str], option: str, value: str) -> dict[str, str]:
    """Return the options of a table after a change of one, by MySQL's word for it."""
    found = dict(options)
    if option in _PASSING:
        return found
    if option in {"REMOVE PARTITIONING", "PARTITION BY"}:
        found = {key: held for key, held in found.items() if not key.startswith("PARTITION")}
        return found | ({"PARTITION BY": value} if option == "PARTITION BY" else {})
    if option.endswith(" PARTITION"):
        return _partitions(found, option, value)
    if option == "ALTER INDEX":
        name, _, seen = value.rpartition(" ")
        key = f"INDEX {name.lower()} HIDDEN"
        shown = {k: v for k, v in found.items() if k != key}
        return shown | ({} if seen == "seen" else {key: "yes"})
    if option == "CONVERT TO CHARACTER SET":
        charset, _, collation = value.partition(" ")
        found = {key: held for key, held in found.items() if key not in {"COLLATE", MIXED}}
        return found | {"CHARACTER SET": charset} | ({"COLLATE": collation} if collation else {})
    if option in {"CHARACTER SET", "COLLATE"}:
        found[MIXED] = "yes"
    return found | {option: value}


def partition_names(written: str) -> frozenset[str]:
    """Return the partitions that a clause names, in small letters: names have no case there."""
    return frozenset(name.strip("`").lower() for name in re.findall(_PARTITION, written))


def partitions_of(options: Mapping[str, str]) -> frozenset[str]:
    """Return the names of a table's partitions, as far as their own clauses say them."""
    kept = {key.removeprefix("PARTITION "): how for key, how in options.items() if " " in key}
    named = partition_names(options.get("PARTITION BY", ""))
    named |= partition_names(options.get("PARTITIONS", "").replace(" (", " "))
    named |= {name for name, how in kept.items() if how == "there"}
    return frozenset(name for name in named if kept.get(name) != "gone")


def _partitions(found: dict[str, str], option: str, value: str) -> dict[str, str]:
    """Keep partitions by name where they come and go, and else how they were changed."""
    if option == "ADD PARTITION" and (names := re.findall(_PARTITION, value)):
        return found | {f"PARTITION {name.strip('`').lower()}": "there" for name in names}
    if option == "DROP PARTITION":
        words = (part.strip(" `").lower() for part in value.removeprefix("PARTITION ").split(","))
        for key in (f"PARTITION {word}" for word in words):
            if found.pop(key, "") != "there":
                found[key] = "gone"
        return found
    return found | {"PARTITIONS": f"{found.get('PARTITIONS', '')} {option} {value}".strip()}
