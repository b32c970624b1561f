"""What a change of a column's type costs, and whether the old code can live with it.

Sources: PostgreSQL manual, ALTER TABLE, "Notes" (no rewrite where the old type is binary coercible
to the new one); `pg_cast` for which are; `ATColumnChangeRequiresRewrite` for the rest.
"""

from cdkit.migrations.fares import TypeChange
from cdkit.migrations.nouns import Type

FREE = TypeChange(False, "same")
_WIDER = TypeChange(True, "wider")
_NARROWER = TypeChange(True, "narrower")
_OTHER = TypeChange(True, "other")
_PADDED = TypeChange(True, "wider", "padded with more spaces")
_FINER = TypeChange(True, "wider", "with more digits behind the point")

_ALIASES = {
    "int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "bool": "bool",
    "boolean": "bool", "character varying": "varchar", "decimal": "numeric",
    "double precision": "float8", "real": "float4",
}  # fmt: skip
_WIDTHS = {
    # How wide a number is: to a later one every value goes along.
    "int2": 1, "int4": 2, "int8": 3, "numeric": 4,
}  # fmt: skip
_TEXTS = frozenset({"varchar", "text"})
_LENGTHS = frozenset({"varchar", "varbit"})
_FRACTIONS = frozenset({"timestamp", "timestamptz", "time", "timetz"})
_MICROSECONDS = (6,)
"""How many digits of a second there are where nobody says it: the most there can be."""
_BINARY = frozenset(
    {("cidr", "inet"), ("varchar", "citext"), ("text", "citext"), ("citext", "text")}
    | {("citext", "varchar"), ("xml", "text"), ("xml", "varchar"), ("bit", "varbit")}
)


def change(old: Type, new: Type) -> TypeChange:
    """Return what it takes to get from one type to another."""
    if old == new:
        return FREE
    if old.array or new.array:
        return _arrays(old, new)
    before, after = _ALIASES.get(old.name, old.name), _ALIASES.get(new.name, new.name)
    if before == after:
        return _modifiers(before, old.modifiers, new.modifiers)
    return _names(before, after, new)


def _names(before: str, after: str, new: Type) -> TypeChange:
    """Compare types of two names."""
    if before in _TEXTS and after in _TEXTS:
        return FREE if not new.modifiers else _NARROWER
    if (before, after) in _BINARY and not new.modifiers:
        return TypeChange(False, "same" if after == "inet" else "other")
    if before in _WIDTHS and after in _WIDTHS:
        return _numbers(_WIDTHS[before] < _WIDTHS[after], new)
    return _OTHER


def _arrays(old: Type, new: Type) -> TypeChange:
    """Arrays are always rewritten: the server looks at no element's type."""
    if old.array != new.array:
        return _OTHER
    inner = change(Type(old.name, old.modifiers), Type(new.name, new.modifiers))
    return TypeChange(True, inner.fares)


def _numbers(widens: bool, new: Type) -> TypeChange:  # noqa: FBT001 - the one thing to know
    """Compare whole numbers; a `numeric` divides otherwise, and drivers give another type."""
    if not widens or new.modifiers:
        return _NARROWER
    return _OTHER if _ALIASES.get(new.name, new.name) == "numeric" else _WIDER


Modifiers = tuple[int | None, ...]


def _modifiers(name: str, old: Modifiers, new: Modifiers) -> TypeChange:
    """Compare modifiers of one type: `varchar(20)` and `varchar(40)`."""
    if None in old or None in new:
        return _OTHER
    if name == "numeric":
        return _numeric(_whole(old), _whole(new))
    if name in _LENGTHS:
        return _limit(_whole(old), _whole(new))
    if name == "interval":
        return _interval(_whole(old), _whole(new))
    if name in _FRACTIONS:
        return _limit(_whole(old or _MICROSECONDS), _whole(new or _MICROSECONDS))
    widens = bool(old and new) and _whole(new)[0] > _whole(old)[0]
    return _PADDED if name == "bpchar" and widens else _NARROWER


def _whole(modifiers: Modifiers) -> tuple[int, ...]:
    return tuple(modifier or 0 for modifier in modifiers)


def _limit(old: tuple[int, ...], new: tuple[int, ...]) -> TypeChange:
    """Compare two limits; no modifier is no limit."""
    if not new or (old and new[0] >= old[0]):
        return FREE
    return _NARROWER


_ANY_FIELDS = 0x7FFF
"""PostgreSQL's INTERVAL_FULL_RANGE (timestamp.h): all fields, where only a precision is said."""


def _interval(old: tuple[int, ...], new: tuple[int, ...]) -> TypeChange:
    """Compare fields and digits of a second: `interval(3)`, `interval day to hour`."""
    fields, *digits = new or (_ANY_FIELDS,)
    before, *had = old or (_ANY_FIELDS,)
    if fields not in {_ANY_FIELDS, before}:
        return _NARROWER
    return _limit(tuple(had or _MICROSECONDS), tuple(digits or _MICROSECONDS))


def _numeric(old: tuple[int, ...], new: tuple[int, ...]) -> TypeChange:
    if not new:
        return FREE
    if not old:
        return _NARROWER
    (digits, scale), (new_digits, new_scale) = _pair(old), _pair(new)
    if new_scale == scale:
        return FREE if new_digits >= digits else _NARROWER
    whole_fits = new_digits - new_scale >= digits - scale
    return _FINER if whole_fits and new_scale > scale else _NARROWER


def _pair(modifiers: tuple[int, ...]) -> tuple[int, int]:
    return modifiers[0], modifiers[1] if len(modifiers) > 1 else 0
