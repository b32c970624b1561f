"""Which of several functions of one name a call means.

Source: PostgreSQL manual, 10.3 "Functions"; the server's source, parse_func.c, has the order of the
steps; what is converted by itself is in the catalogs pg_cast and pg_type (typispreferred).
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import product

from msgspec import Struct

from cdkit.migrations.nouns import Type
from cdkit.migrations.postgres.builtins import signatures
from cdkit.migrations.postgres.families import family

UNTYPED = "unknown"
"""The type of a literal, and of a parameter that a driver sends without one."""

_CONVERTED = {
    "int2": "int4 int8 numeric float4 float8 oid",
    "int4": "int8 numeric float4 float8 oid",
    "int8": "numeric float4 float8 oid",
    "numeric": "float4 float8",
    "float4": "float8",
    "text": "varchar bpchar name",
    "varchar": "text bpchar name",
    "bpchar": "text varchar name",
    "name": "text",
    "char": "text",
    "date": "timestamp timestamptz",
    "timestamp": "timestamptz",
    "time": "interval timetz",
    "cidr": "inet",
    "bit": "varbit",
    "varbit": "bit",
    "macaddr": "macaddr8",
    "macaddr8": "macaddr",
}
_TAKEN = {
    kind: frozenset({kind, *(one for one, more in _CONVERTED.items() if kind in more.split())})
    for kind in {*_CONVERTED, *" ".join(_CONVERTED.values()).split()}
}
"""By type, what a parameter of it takes."""
_PREFERRED = frozenset({"bool", "timestamptz", "inet", "float8", "oid", "text", "interval"})
_ANY = frozenset({"any", "anyelement", "anynonarray", "anycompatible", "anycompatiblenonarray"})
_ANY_ARRAY = frozenset({"anyarray", "anycompatiblearray"})
_RARE = frozenset({"name", "char", "oid", "int2"})
"""Types that hardly any column has."""
_MOST = 600
"""How many calls are tried: with more arguments than that comes to, only the plainest."""

Takes = tuple[str, ...]


class Candidate(Struct, frozen=True):
    """What a call may mean: the types that it takes there, and how far down the path it stands."""

    takes: Takes
    place: int


def takes_of(types: Iterable[Type]) -> Takes:
    """Return types as what tells functions apart: `varchar(20)` is `varchar` there."""
    return tuple(f"{each.name}{'[]' if each.array else ''}" for each in types)


def built_in(name: str, count: int) -> list[Candidate]:
    """Return the server's own functions that a call with so many arguments may mean."""
    found = []
    for said in signatures(name):
        takes = tuple(said.removeprefix("*").split())
        if said[0] == "*" and len(takes) <= count:
            last = takes[-1].removesuffix("[]")
            takes = (*takes[:-1], *(last,) * (count - len(takes) + 1))
        if len(takes) == count:
            found.append(Candidate(takes, 0))
    return found


def calls(takes: Takes) -> Iterator[Takes]:
    """Yield the types of calls that a function of these types could take, its own first."""
    yield takes
    wide = [(kind, *sorted(_TAKEN.get(kind, {kind}) - _RARE - {kind}), UNTYPED) for kind in takes]
    size = 1
    for place, kinds in enumerate(wide):
        size *= len(kinds)
        if size > _MOST:
            wide[place:] = [(kind, UNTYPED) for kind in takes[place:]]
            break
    rest = [each for each in product(*wide) if each != takes]
    yield from sorted(rest, key=lambda call: UNTYPED in call)


def meant(call: Takes, among: list[Candidate]) -> Candidate | None:
    """Return what a call means; None for nothing, and where it fails as not unique."""
    exact = next((each for each in among if each.takes == call), None)
    found = exact or _best_of(call, among)
    return found if found and _is_known(call, found) else None


def _is_known(call: Takes, found: Candidate) -> bool:
    """Whether a call says the type of what takes any type; the server does not guess one."""
    open_to = [given for given, kind in zip(call, found.takes, strict=True) if kind[:3] == "any"]
    return not open_to or "any" in found.takes or any(given != UNTYPED for given in open_to)


def _best_of(call: Takes, among: list[Candidate]) -> Candidate | None:
    left = [each for each in among if all(map(_converts, call, each.takes))]
    if len(left) < 2:
        return next(iter(left), None)
    left = _best(left, call, lambda kind, given: kind == given)
    left = _best(left, call, lambda kind, given: kind == given or _is_preferred(kind, given))
    if len(left) > 1:
        left = _by_kinds(left, call)
    known = set(call) - {UNTYPED}
    if len(left) > 1 and UNTYPED in call and len(known) == 1:
        (kind,) = known
        left = [each for each in left if all(_converts(kind, x) for x in each.takes)]
    return left[0] if len(left) == 1 else None


def _by_kinds(left: list[Candidate], call: Takes) -> list[Candidate]:
    """Return those whose parameters are of the kind that is assumed of what has no type."""
    kept = left
    for place in (at for at, given in enumerate(call) if given == UNTYPED):
        kinds = {_kind_of(each.takes[place]) for each in left}
        kind = "S" if "S" in kinds else kinds.pop() if len(kinds) == 1 else None
        if kind is None:
            return left
        preferred = {x for each in left if (x := each.takes[place]) in _PREFERRED}
        wanted = {x for x in preferred if _kind_of(x) == kind}
        kept = [
            each
            for each in kept
            if _kind_of(x := each.takes[place]) == kind and (not wanted or x in wanted)
        ]
    return kept or left


def _converts(given: str, kind: str) -> bool:
    """Whether a value of one type is taken for another one without anybody saying so."""
    if given in {kind, UNTYPED} or kind in _ANY:
        return True
    if given.endswith("[]"):
        inner = kind.removesuffix("[]")
        return kind in _ANY_ARRAY or (kind != inner and _converts(given.removesuffix("[]"), inner))
    return given in _TAKEN.get(kind, ())


def _is_preferred(kind: str, given: str) -> bool:
    return kind in _PREFERRED and _kind_of(kind) == _kind_of(given)


def _kind_of(kind: str) -> str:
    return family(Type(kind.removesuffix("[]"), (), array=kind.endswith("[]")))


def _best(left: list[Candidate], call: Takes, fits: Callable[[str, str], bool]) -> list[Candidate]:
    """Return those that fit best where the call says a type."""
    scores = [
        sum(
            given != UNTYPED and fits(kind, given)
            for kind, given in zip(each.takes, call, strict=True)
        )
        for each in left
    ]
    return [each for each, score in zip(left, scores, strict=True) if score == max(scores)]
