"""What an expression in a chart's template may give, and what functions make of it."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

Path = tuple[str, ...]
"""The way to a value: `("Values", "image", "tag")`; `*` stands for any item or key."""

UNKNOWN = "\ue000"
"""The mark of what is not known; those of known values are the private characters behind it."""
_DEEPEST = 6
_MOST_ITEMS = 200
ASKING = frozenset({"and", "or", "not", "empty", "hasKey", "kindIs", "typeIs", "kindOf", "typeOf"})
"""Functions that only ask whether a value is there."""


class Value(Struct, frozen=True, kw_only=True):
    """What a pipeline may give: its `forms` as text; the `paths` that it is; a dict's `fields`."""

    forms: tuple[str, ...] = (UNKNOWN,)
    paths: frozenset[Path] = frozenset()
    fields: Mapping[str, "Value"] | None = None
    items: tuple["Value", ...] = ()


def literal(text: str) -> Value:
    """Return a text as a value."""
    return Value(forms=(text,))


def text_of(value: Value) -> str:
    """Return a literal's text, or nothing."""
    form = value.forms[0] if len(value.forms) == 1 else UNKNOWN
    return "" if any(character >= UNKNOWN for character in form) else form


NOTHING = Value()


def either(values: Sequence[Value], depth: int = 0) -> Value:
    """Return what may be any of these values; dicts in dicts are followed a few levels down."""
    if not values or depth > _DEEPEST:
        return NOTHING
    if all(one is values[0] for one in values):
        return values[0]
    fields: dict[str, Value] = {}
    for one in values:
        for name, value in (one.fields or {}).items():
            held = fields.get(name)
            fields[name] = value if held is None else either((held, value), depth + 1)
    return Value(
        forms=tuple(dict.fromkeys(form for one in values for form in one.forms)),
        paths=frozenset(path for one in values for path in one.paths),
        fields=fields or None,
        items=tuple(item for one in values for item in one.items)[:_MOST_ITEMS],
    )


def _all(arguments: list[Value]) -> list[Value]:
    return arguments


def _first(arguments: list[Value]) -> list[Value]:
    return arguments[:1]


def _two(arguments: list[Value]) -> list[Value]:
    return arguments[:2]


def _last(arguments: list[Value]) -> list[Value]:
    return arguments[-1:]


def _dict(arguments: list[Value]) -> Value:
    keys = [text_of(one) for one in arguments[::2]]
    return Value(fields=dict(zip(keys, arguments[1::2], strict=False)))


def _list(arguments: list[Value]) -> Value:
    return Value(items=tuple(arguments))


CHOOSING: Mapping[str, Callable[[list[Value]], list[Value]]] = {
    **dict.fromkeys(("default", "coalesce", "merge", "mergeOverwrite", "mustMerge"), _all),
    **dict.fromkeys(("toString", "quote", "squote", "trim", "deepCopy", "lower", "nospace"), _all),
    **dict.fromkeys(("required", "indent"), _last),
    "mustMergeOverwrite": _all,
    "ternary": _two,
    "tpl": _first,
}
"""Functions whose result is one of their arguments, as far as a reference is concerned."""
BUILDING: Mapping[str, Callable[[list[Value]], Value]] = {
    "dict": _dict,
    "list": _list,
    "tuple": _list,
}
