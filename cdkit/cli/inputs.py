"""The inputs of a step, read from its Options: for flags, actions, schemas and pages alike."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec.inspect as types
from msgspec import NODEFAULT, Struct

from cdkit.core.errors import RequestError
from cdkit.core.step import AnyStep, Options

Shape = Literal["text", "whole", "number", "switch", "choice", "list", "map"]


class Input(Struct, frozen=True, kw_only=True):
    """One input: its name in kebab-case, its field, its shape, and all that people are told."""

    name: str
    field: str
    shape: Shape
    help: str
    default: Any
    required: bool
    choices: tuple[str, ...] = ()
    argument: bool = False
    shared: bool = False
    flag: str = ""
    metavar: str = ""

    @property
    def shown_default(self) -> str:
        """The default as people write it; empty where there is none."""
        if self.default in ("", (), None) or self.default == {}:
            return ""
        if isinstance(self.default, tuple):
            return ", ".join(map(str, self.default))
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)


def inputs_of(options: type[Options]) -> tuple[Input, ...]:
    """Return the inputs of an Options struct: the step's own first, then those that all have."""
    known: Any = options  # mypy takes a class that has a metaclass for no Hashable
    return _inputs_of(known)


@functools.cache
def _inputs_of(options: type[Options]) -> tuple[Input, ...]:
    described = types.type_info(options)
    if not isinstance(described, types.StructType):
        msg = f"{options.__name__} is not a struct"
        raise TypeError(msg)
    common = set(Options.__struct_fields__)
    fields = sorted(described.fields, key=lambda field: field.name in common)
    return tuple(_input(field) for field in fields)


def _input(field: types.Field) -> Input:
    kind, schema, extra = field.type, {}, {}
    if isinstance(kind, types.Metadata):
        schema, extra, kind = kind.extra_json_schema or {}, kind.extra or {}, kind.type
    shape, choices = _shape(kind)
    default = field.default
    if default is NODEFAULT:
        default = None if field.default_factory is NODEFAULT else field.default_factory()
    return Input(
        name=field.encode_name,
        field=field.name,
        shape=shape,
        choices=choices,
        help=schema.get("description", ""),
        default=default,
        required=field.required,
        argument=extra.get("argument", False),
        shared=extra.get("shared", False),
        flag=extra.get("flag", ""),
        metavar=extra.get("metavar", ""),
    )


def _shape(kind: types.Type) -> tuple[Shape, tuple[str, ...]]:
    if isinstance(kind, types.LiteralType):
        return "choice", tuple(str(value) for value in kind.values)
    if isinstance(kind, types.EnumType):
        return "choice", tuple(str(member.value) for member in kind.cls)
    shape = _SHAPES.get(type(kind))
    if shape is None:
        msg = f"an option cannot be a {kind}"
        raise TypeError(msg)
    return shape, ()


_SHAPES: dict[type[types.Type], Shape] = {
    types.BoolType: "switch",
    types.IntType: "whole",
    types.FloatType: "number",
    types.VarTupleType: "list",
    types.DictType: "map",
    types.StrType: "text",
}


def variable(step: str, name: str) -> str:
    """Return the environment variable of an input: `CDKIT_LINT_MIGRATIONS_SERVER`."""
    return f"CDKIT_{step}_{name}".upper().replace("-", "_")


def resolve(
    step: AnyStep,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    section: Options | None,
    handed: Mapping[str, str] | None = None,
) -> Options:
    """Return the options: flag, environment, configuration, handed by a step before, default.

    An empty environment value means "not given". Raises RequestError, naming the variable or the
    option, where a value is none of its kind or a required one is missing.
    """
    values: dict[str, Any] = {}
    for given in inputs_of(step.options):
        text = _from_environment(step.name, given, environ)
        if (flag := flags.get(given.field)) not in (None, ()):
            values[given.field] = _of_shape(given, flag, where=_flag(given))
        elif text is not None:
            values[given.field] = _of_shape(given, text[1], where=text[0])
        elif section is not None and (found := _told(section, given)) is not None:
            values[given.field] = found
        elif handed and handed.get(given.name):
            values[given.field] = handed[given.name]
        elif given.required:
            raise RequestError(
                f"{step.name} needs {given.name}",
                remedy=f"give {_flag(given)}, or `{step.name}: {{{given.name}: …}}` in cdkit.yaml",
            )
    options: Options = step.options(**values)
    return options


def _told(section: Options, given: Input) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return what the configuration says, or None where it holds the default."""
    value = getattr(section, given.field)
    return None if value == given.default else value


def _from_environment(
    step: str, given: Input, environ: Mapping[str, str]
) -> tuple[str, str] | None:
    own = variable(step, given.name)
    names = (own, variable("", given.name).replace("__", "_")) if given.shared else (own,)
    return next(((name, environ[name]) for name in names if environ.get(name)), None)


def _flag(given: Input) -> str:
    return given.name.upper() if given.argument else given.flag or f"--{given.name}"


def _of_shape(given: Input, value: Any, *, where: str) -> Any:  # noqa: ANN401 - text or what click made
    """Turn text (or click's lists of text) into a value of the input's shape."""
    match given.shape:
        case "list":
            return tuple(_lines(value))
        case "map":
            return _map(_lines(value), where)
        case "switch":
            return value if isinstance(value, bool) else _switch(str(value), where)
        case "whole" | "number":
            return _number(str(value), given.shape, where)
        case "choice":
            return _choice(str(value), given.choices, where)
        case _:
            return str(value)


def _lines(value: str | Sequence[str]) -> list[str]:
    """Split at line ends, as actions write lists; what the command line gave stays whole."""
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    return list(value)


def _map(lines: list[str], where: str) -> dict[str, str]:
    """Return NAME=VALUE lines as a mapping; a name that stands twice would lose a value."""
    found: dict[str, str] = {}
    for name, value in (_pair(line, where) for line in lines):
        if name in found:
            raise RequestError(f"{name!r} is given twice", where=where, remedy="give it once")
        found[name] = value
    return found


def _pair(line: str, where: str) -> tuple[str, str]:
    name, separator, value = line.partition("=")
    if not separator or not name.strip():
        raise RequestError(f"{line!r} is not NAME=VALUE", where=where, remedy="write NAME=VALUE")
    return name.strip(), value.strip()


def _switch(text: str, where: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise RequestError(f"{text!r} is neither true nor false", where=where, remedy="write true")
    return text.lower() == "true"


def _number(text: str, shape: str, where: str) -> int | float:
    try:
        return int(text) if shape == "whole" else _finite(float(text))
    except ValueError as fault:
        wanted = "a whole number" if shape == "whole" else "a number"
        raise RequestError(f"{text!r} is not {wanted}", where=where, remedy="write 5") from fault


def _finite(number: float) -> float:
    if number - number != 0:
        raise ValueError
    return number


def _choice(text: str, choices: tuple[str, ...], where: str) -> str:
    if text not in choices:
        known = ", ".join(choices)
        raise RequestError(
            f"{text!r} is none of {known}", where=where, remedy=f"write {choices[0]}"
        )
    return text
