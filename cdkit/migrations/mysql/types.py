"""What a change of a column's type costs in MySQL, and whether the old code can live with it.

Sources: MySQL manual, 11 "Data Types" (ranges and sizes), "Online DDL Operations" (which changes
are no copy); MariaDB, "InnoDB Online DDL Operations with the INSTANT Alter Algorithm".
"""

from collections.abc import Mapping

from cdkit.migrations.fares import TypeChange
from cdkit.migrations.nouns import Type
from cdkit.migrations.option import MIXED

ALIASES = {
    "integer": "int", "int4": "int", "int8": "bigint", "int2": "smallint", "int1": "tinyint",
    "int3": "mediumint", "middleint": "mediumint", "bool": "tinyint", "boolean": "tinyint",
    "dec": "decimal", "numeric": "decimal", "fixed": "decimal", "real": "double",
    "float8": "double", "float4": "float", "character": "char", "nchar": "char",
    "nvarchar": "varchar", "varchar2": "varchar", "varcharacter": "varchar",
    "serial": "bigint", "uuid": "uuid",
}  # fmt: skip
INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 5}
_TEXTS = {"tinytext": 1, "text": 2, "mediumtext": 3, "longtext": 4}
_BLOBS = {"tinyblob": 1, "blob": 2, "mediumblob": 3, "longblob": 4}
_FRACTIONS = frozenset({"datetime", "timestamp", "time"})
_LENGTHS = frozenset({"varchar", "varbinary", "char", "binary", "bit"})
_BYTES_A_LETTER = {"latin1": 1, "ascii": 1, "utf8": 3, "utf8mb3": 3, "ucs2": 2, "utf16": 4}
_ONE_BYTE, _HALF = 255, 127
_FINER = "with more digits behind the point"


def change(old: Type, new: Type) -> TypeChange:
    """Return what it takes to get from one type to another, their character sets aside."""
    if old.name == new.name:
        return _same_name(old, new)
    for family in (INTEGERS, _TEXTS, _BLOBS):
        if old.name in family and new.name in family:
            wider = family[old.name] < family[new.name]
            wider = wider and (family is not INTEGERS or _keeps_sign(old, new))
            return TypeChange(True, "wider" if wider else "narrower")
    if old.name == "varchar" and new.name in _TEXTS and new.name != "tinytext":
        return TypeChange(True, "wider")
    if old.name == "float" and new.name == "double":
        return TypeChange(True, "wider", _FINER)
    if (old.name, new.name) == ("char", "varchar"):
        return TypeChange(True, "wider" if _length(new) >= _length(old) else "narrower")
    return TypeChange(True, "other")


def _keeps_sign(old: Type, new: Type) -> bool:
    return old.unsigned or not new.unsigned


def _same_name(old: Type, new: Type) -> TypeChange:  # noqa: PLR0911 - one family a line
    if old.unsigned != new.unsigned:
        return TypeChange(True, "narrower")
    if old.name in {"enum", "set"}:
        kept = new.values[: len(old.values)] == old.values
        missing = set(old.values) - set(new.values)
        return TypeChange(not kept or wider_store(old, new), "narrower" if missing else "wider")
    if old.modifiers == new.modifiers or old.name in INTEGERS:
        return TypeChange(False, "same")
    if None in (*old.modifiers, *new.modifiers):
        return TypeChange(True, "other")
    if old.name in _LENGTHS:
        return _lengths(old, new)
    if old.name == "decimal":
        finer = _FINER if _pair(new)[1] > _pair(old)[1] else ""
        return TypeChange(True, "wider" if _digits(old, new) else "narrower", finer)
    if old.name in _FRACTIONS:
        return TypeChange(True, "wider" if _first(new, 0) > _first(old, 0) else "narrower")
    return TypeChange(True, "other")


def wider_store(old: Type, new: Type) -> bool:
    """Whether an enum or set needs more bytes than before (1 or 2; 1, 2, 3, 4 or 8)."""
    return _store(old) != _store(new)


def _store(kind: Type) -> int:
    size = len(kind.values)
    if kind.name == "enum":
        return 1 if size <= _ONE_BYTE else 2
    return next(store for store in (1, 2, 3, 4, 8) if size <= store * 8 or store == 8)


def _lengths(old: Type, new: Type) -> TypeChange:
    before, after = _length(old), _length(new)
    grows = after >= before
    free = old.name in {"varchar", "varbinary"} and grows
    return TypeChange(not free, ("wider" if not free else "same") if grows else "narrower")


def _length(kind: Type) -> int:
    return _first(kind, 1)


def _first(kind: Type, otherwise: int) -> int:
    return (kind.modifiers[0] if kind.modifiers else None) or otherwise


def _digits(old: Type, new: Type) -> bool:
    """Whether every number of the one decimal type is one of the other; (10, 0) is the default."""
    (digits, scale), (new_digits, new_scale) = _pair(old), _pair(new)
    return new_scale >= scale and new_digits - new_scale >= digits - scale


def _pair(kind: Type) -> tuple[int, int]:
    scale = kind.modifiers[1] if len(kind.modifiers) > 1 else 0
    return _first(kind, 10), scale or 0


def extends(old: Type, new: Type, charset: str) -> str:
    """Return in words how a varchar grows: over 255 bytes its length takes two bytes.

    `charset` is what the table has where the column says nothing; utf8mb4 where nobody does.
    MariaDB still knows the rows of old by their lengths, unless they may be longer than 127 bytes
    (its "InnoDB Online DDL Operations with the INSTANT Alter Algorithm").
    """
    before, after = _bytes(old, charset), _bytes(new, charset)
    if not before <= _ONE_BYTE < after:
        return "extends a varchar"
    return f"extends a varchar{' of over 127 bytes' if before > _HALF else ''} over 255 bytes"


def _bytes(kind: Type, charset: str) -> int:
    letters = 1 if kind.name == "varbinary" else _BYTES_A_LETTER.get(kind.charset or charset, 4)
    return _length(kind) * letters


def collated(kind: Type, options: Mapping[str, str]) -> tuple[str, str]:
    """Return the character set and the collation of a column, with its table's options.

    What neither names is the default of what is named, and empty where nothing is (MySQL manual,
    "Column Character Set and Collation"): a character set without a collation has its own default,
    not the table's. Nor has a column that was there before the table got what it says now.
    """
    if kind.charset or kind.collation:
        return kind.charset or kind.collation.partition("_")[0], kind.collation
    if MIXED in options:
        return "", ""
    collation = options.get("COLLATE", "").lower()
    return options.get("CHARACTER SET", "").lower() or collation.partition("_")[0], collation
