"""Reading the clauses of ALTER TABLE that are about partitions, options and character sets.

Source: MySQL manual, "ALTER TABLE Statement", table and partition options.
"""

from collections.abc import Callable

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeOption
from cdkit.migrations.mysql import columns as read
from cdkit.migrations.mysql.clause import Alter, Clauses
from cdkit.migrations.reading.cursor import Cursor, said


def convert(alter: Alter, at: int) -> Clauses:
    """Read CONVERT TO CHARACTER SET."""
    cursor = alter.cursor
    cursor.expect("TO")
    charset = read.character_set(cursor)
    if not charset:
        raise cursor.unexpected("CHARACTER SET")
    collation = cursor.identifier().lower() if cursor.take("COLLATE") else ""
    value = f"{charset} {collation}".strip()
    yield ChangeOption(**alter.where(at), option="CONVERT TO CHARACTER SET", value=value)


def partition(alter: Alter, at: int, what: str) -> Clauses:
    """Read what is done to partitions, to the end: it stands last."""
    cursor = alter.cursor
    rest = said(cursor.tokens[cursor.position :])
    cursor.position = len(cursor.tokens)
    kind = "PARTITION BY" if what == "PARTITION" else what
    yield ChangeOption(**alter.where(at), option=kind, value=rest)
    if kind in {"TRUNCATE PARTITION", "DROP PARTITION", "EXCHANGE PARTITION"}:
        yield op.MovePartition(**alter.where(at), action=kind, other=alter.table)


def partitions(word: str) -> Callable[[Alter, int], Clauses]:
    """Return the reader of a word that partitions begin with."""

    def reader(alter: Alter, at: int) -> Clauses:
        if word in {"DISCARD", "IMPORT"} and alter.cursor.take("TABLESPACE"):
            yield ChangeOption(**alter.where(at), option=f"{word} TABLESPACE")
            return
        if word != "PARTITION" and alter.cursor.peek().up not in {"PARTITION", "PARTITIONING"}:
            raise alter.cursor.unexpected("PARTITION")
        what = {"PARTITION": word, "REMOVE": "REMOVE PARTITIONING"}.get(word, f"{word} PARTITION")
        yield from partition(alter, at, what)

    return reader


def plain(option: str, *more: str) -> Callable[[Alter, int], Clauses]:
    """Return the reader of words that stand alone."""

    def reader(alter: Alter, at: int) -> Clauses:
        alter.cursor.expect(*more)
        yield ChangeOption(**alter.where(at), option=" ".join((option, *more)))

    return reader


def order(alter: Alter, at: int) -> Clauses:
    """Read ORDER BY."""
    alter.cursor.expect("BY")
    # Its list has commas too: it stands last.
    alter.cursor.position = len(alter.cursor.tokens)
    yield ChangeOption(**alter.where(at), option="ORDER BY")


def an_option(alter: Alter, at: int) -> Clauses:
    """Read an option of the table."""
    option, value = table_option(alter.cursor)
    yield ChangeOption(**alter.where(at), option=option, value=value)


_OPTIONS_WORDS = """
    ENGINE ROW_FORMAT AUTO_INCREMENT COMMENT KEY_BLOCK_SIZE STATS_PERSISTENT STATS_AUTO_RECALC
    STATS_SAMPLE_PAGES ENCRYPTION COMPRESSION TABLESPACE AVG_ROW_LENGTH CHECKSUM TYPE
    DELAY_KEY_WRITE MAX_ROWS MIN_ROWS PACK_KEYS INSERT_METHOD PAGE_COMPRESSED ENCRYPTED
    PAGE_COMPRESSION_LEVEL ENCRYPTION_KEY_ID TRANSACTIONAL AUTOEXTEND_SIZE PAGE_CHECKSUM COLLATE
    CONNECTION PASSWORD SEQUENCE UNION ENGINE_ATTRIBUTE SECONDARY_ENGINE IETF_QUOTES
    SECONDARY_ENGINE_ATTRIBUTE
"""
_OPTIONS = frozenset(_OPTIONS_WORDS.split())


def table_option(cursor: Cursor) -> tuple[str, str]:
    """Read a table's option and its value. Raises UnexpectedError where it is none."""
    cursor.take("DEFAULT")
    if charset := read.character_set(cursor):
        return "CHARACTER SET", charset
    if cursor.any_of("DATA", "INDEX"):
        cursor.expect("DIRECTORY")
        cursor.take("=")
        return "DIRECTORY", cursor.next().text
    option = cursor.any_of(*_OPTIONS)
    if not option:
        raise cursor.unexpected("a clause of ALTER TABLE")
    cursor.take("=")
    if cursor.sees("("):
        return option, said(cursor.inside())
    value = cursor.next().text
    if option == "TABLESPACE":
        cursor.take("STORAGE") and cursor.next()
    return option.replace("TYPE", "ENGINE") if option == "TYPE" else option, value.strip("'\"`")
