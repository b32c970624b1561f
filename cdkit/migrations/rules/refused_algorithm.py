"""An ALTER TABLE asks for an ALGORITHM or a LOCK that the server cannot give.

It ends with an error (1845 or 1846), and what the migration did before stays: there is no way back
by a rollback.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable, ChangeColumn
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.mysql.cost import way as way_of
from cdkit.migrations.mysql.ways import ALGORITHMS, LOCKS, MARIADB_PAGE, MYSQL_PAGE, Way
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: AlterTable, context: Context) -> Iterator[Hit]:
    """Flag what is asked for in vain."""
    way = way_of(operation, context.schema, context.server)
    if way is None or not _unknown_words(operation):
        return
    if _asks_too_much(operation, way):
        asked = ", ".join(
            f"{word}={value}"
            for word, value in (("ALGORITHM", operation.algorithm), ("LOCK", operation.lock))
            if value
        )
        sure = all(
            context.schema.column(operation.table, part.column)
            for part in operation.parts
            if isinstance(part, ChangeColumn)
        )
        yield Hit(
            message=f"asks for {asked}, and the server can do this with {way} at best: it fails",
            about=str(operation.table),
            severity=None if sure else Severity.LOW,
            confidence=Confidence.HIGH if sure else Confidence.LOW,
            fix=Fix(
                summary="ask for what it can do, or let gh-ost or pt-osc do it",
                replacement=_asking(operation, way),
            ),
        )


def _asking(operation: AlterTable, way: Way) -> str:
    """The statement that asks for what the server can do."""
    better = {b"ALGORITHM": way.algorithm, b"LOCK": way.lock}
    splices, words = [], words_of(operation)
    for at, token in enumerate(words):
        value = next((x for x in words[at + 1 : at + 3] if x.text != b"="), None)
        if token.kind == "name" and token.text.upper() in better and value:
            said = better[token.text.upper()]
            splices.append(Splice(at=value.start, end=value.end, text=said))
    return rewritten(splices, operation)


def _unknown_words(operation: AlterTable) -> bool:
    return operation.algorithm in {"", *ALGORITHMS} and operation.lock in {"", *LOCKS}


def _asks_too_much(operation: AlterTable, way: Way) -> bool:
    better = operation.algorithm and ALGORITHMS.index(operation.algorithm) < ALGORITHMS.index(
        way.algorithm
    )
    if better:
        return True
    lock = "SHARED" if operation.algorithm == "COPY" and way.algorithm != "COPY" else way.lock
    return bool(operation.lock) and LOCKS.index(operation.lock) < LOCKS.index(lock)


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb"),
    on=(AlterTable,),
    check=check,
    instead="Ask for what the server can do.",
    bad=(
        Example(
            text="-- server mysql:8.0\nALTER TABLE o ADD INDEX (a), ALGORITHM=INSTANT;", line=2
        ),
        Example(
            text="-- server mysql:8.0.28\nALTER TABLE o ADD a int FIRST, ALGORITHM=INSTANT;", line=2
        ),
        Example(text="-- server mariadb:10.11\nALTER TABLE o DROP PRIMARY KEY, LOCK=NONE;", line=2),
    ),
    good=(
        Example(text="-- server mysql:8.0.29\nALTER TABLE o ADD a int FIRST, ALGORITHM=INSTANT;"),
        Example(text="-- server mysql:8.0\nCREATE INDEX i ON o (a) ALGORITHM=INPLACE LOCK=NONE;"),
        Example(text="-- server mariadb:10.11\nALTER TABLE o ADD INDEX (a), ALGORITHM=NOCOPY;"),
    ),
    sources=(MYSQL_PAGE, MARIADB_PAGE),
)
