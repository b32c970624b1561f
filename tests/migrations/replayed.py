"""A corpus of migrations: a schema, what the running version asks of it, and what is true of each.

`tests/cases/migrations-replayed/<engine>.yaml` holds the schema, its rows, the queries of the
version that runs, and the cases: a migration with the queries that it breaks, as a real server
showed (`broken`). A case that our rules get wrong says so with a reason: `missed` or `alarm`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

ROOM = Path(__file__).parents[1] / "cases" / "migrations-replayed"

Answer = tuple[object, ...]
Run = Callable[[str], Answer]


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A migration, which queries it breaks, and why our rules get it wrong where they do."""

    name: str
    sql: str
    broken: tuple[str, ...] = ()
    missed: str = ""
    alarm: str = ""


class Corpus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schema with rows, the queries of the version that runs, and the cases."""

    server: str
    schema: str
    rows: str
    queries: Mapping[str, str]
    cases: tuple[Case, ...]


def corpus(engine: str) -> Corpus:
    data = yaml.safe_load((ROOM / f"{engine}.yaml").read_text(encoding="utf-8"))
    return msgspec.convert(data, Corpus)


def flagged(given: Corpus, case: Case) -> list[str]:
    """The rules that say that the running version may break, at the usual threshold."""
    text = f"-- server {given.server}\n{given.schema}\n-- released\n{case.sql};\n"
    found = judged(text, question="compatible").findings
    unread = [x.message for x in found if x.severity is Severity.UNKNOWN]
    assert not unread
    return sorted({x.rule for x in found if x.severity.rank >= Severity.MEDIUM.rank})


def breaks(given: Corpus, before: Run, after: Run) -> list[str]:
    """The queries whose answer is another one after the migration."""
    return [name for name, sql in given.queries.items() if before(sql) != after(sql)]
