"""The corpus: a schema, what the running version asks of it, and many changes to it.

`tests/cases/migrations-corpus/` holds it as SQL, with what real servers did as `truth-*.json`.
`tests/migrations/corpus_truth.py` writes those, and knows nothing of the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

FOLDER = Path(__file__).parents[1] / "cases" / "migrations-corpus"
_HEAD = re.compile(r"^-- (case|query): (.+)$", re.MULTILINE)
_ROLE = re.compile(r"-- role: (\w+)\n")
_OPTION = re.compile(r"-- (alone|anew|superuser|only: \d+)\n")


class Query(Struct, frozen=True, kw_only=True):
    """What the running version asks, and the role that it asks as.

    `ordered` where the order of the rows is asked for.
    """

    name: str
    sql: str
    role: str = "shop_app"

    @property
    def ordered(self) -> bool:
        return "ORDER BY" in self.sql


class Case(Struct, frozen=True, kw_only=True):
    """A change.

    `alone`: each statement is its own transaction; `anew`: its effect shows in a new session only;
    `superuser`: the owner may not do it; `only`: for one major version.
    """

    name: str
    sql: str
    alone: bool = False
    anew: bool = False
    superuser: bool = False
    only: int = 0


class Truth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a server did. `broken` and `prepared`: which queries fared how.

    `locks`: the strongest lock that is held at the end, for each relation that was there;
    `rewritten`: the tables whose storage is another one.
    """

    answer: str
    broken: dict[str, str] = {}
    prepared: dict[str, str] = {}
    locks: dict[str, str] = {}
    rewritten: list[str] = []


def base() -> str:
    """What runs before each change."""
    return (FOLDER / "base.sql").read_text(encoding="utf-8")


def roles() -> str:
    """The roles, made once in a cluster."""
    return (FOLDER / "roles.sql").read_text(encoding="utf-8")


def queries() -> tuple[Query, ...]:
    """What the running version asks."""
    text = (FOLDER / "queries.sql").read_text(encoding="utf-8")
    return tuple(_query(name, body) for name, body in _parts(text))


def _query(name: str, body: str) -> Query:
    role = _ROLE.match(body)
    sql = body[role.end() :] if role else body
    return Query(name=name, sql=sql.strip().rstrip(";"), role=role[1] if role else "shop_app")


def cases() -> tuple[Case, ...]:
    """All changes, in the order of their files."""
    files = sorted((FOLDER / "changes").glob("*.sql"))
    return tuple(case for path in files for case in _cases(path.read_text(encoding="utf-8")))


def _cases(text: str) -> Iterator[Case]:
    for name, body in _parts(text):
        options = _OPTION.findall(body)
        yield Case(
            name=name,
            sql=_OPTION.sub("", body).strip() + "\n",
            alone="alone" in options,
            anew="anew" in options,
            superuser="superuser" in options,
            only=next((int(each[6:]) for each in options if each.startswith("only")), 0),
        )


def _parts(text: str) -> Iterator[tuple[str, str]]:
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        yield head[2], text[head.end() + 1 : end]


def truth_file(major: int) -> Path:
    """Where the truth of one major version stands."""
    return FOLDER / f"truth-{major}.json"


def truth(major: int) -> dict[str, Truth]:
    """What a server of this major version did, by the name of the case."""
    return msgspec.json.decode(truth_file(major).read_bytes(), type=dict[str, Truth])
