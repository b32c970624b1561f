"""Operations that say a thing anew: a constraint's timing, a column, what an operator means."""

from cdkit.migrations.nouns import Column, Default, Name, Type
from cdkit.migrations.operation import CreateIndex, CreateTable, OnTable, Operation


class ChangeConstraint(OnTable, frozen=True, kw_only=True):
    """ALTER CONSTRAINT; what it does not speak of is None."""

    constraint: str
    deferrable: bool | None = None
    deferred: bool | None = None
    enforced: bool | None = None


class Publish(OnTable, frozen=True, kw_only=True):
    """A publication sends updates and deletes of a table; without a name: of all in its schema.

    `asks` are the columns by which it chooses rows, `sends` those that it sends (none: all).
    """

    asks: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()


class ChangeDomain(Operation, frozen=True, kw_only=True):
    """ALTER DOMAIN SET or DROP DEFAULT; `default` is None where it has none any more."""

    domain: Name
    default: Default | None = None


class ChangeEventTrigger(Operation, frozen=True, kw_only=True):
    """CREATE, ENABLE or DISABLE of an event trigger; `event` and `function` where it is made."""

    action: str
    name: str
    event: str = ""
    function: Name | None = None


class ChangeColumn(OnTable, frozen=True, kw_only=True):
    """MySQL's MODIFY and CHANGE: a column is defined anew, and what is not said again is gone.

    `old` is the column as the model has it; None where it is unknown.
    """

    column: str
    new: Column
    old: Column | None = None
    place: str = ""


class AlterTable(OnTable, frozen=True, kw_only=True):
    """A whole ALTER TABLE (or CREATE or DROP INDEX) of MySQL, whose parts follow by themselves.

    `algorithm` and `lock` are as asked for, empty where nothing is; `waits` says that it gives up
    waiting (MariaDB's WAIT and NOWAIT).
    """

    parts: tuple[Operation, ...]
    algorithm: str = ""
    lock: str = ""
    waits: bool = False


class ChangeOption(OnTable, frozen=True, kw_only=True):
    """A change of a table that is neither a column nor an index: `ROW_FORMAT`, `FORCE`, ….

    `option` is MySQL's word for it in capitals, `value` what it becomes.
    """

    option: str
    value: str = ""


class RebuildTable(OnTable, frozen=True, kw_only=True):
    """SQLite's rebuild: a table made anew, filled from the old one, under its name.

    `copied` are new columns by what fills them: an old column, or an empty text for an expression;
    `whole` where every row is copied; `recreated` the indexes and triggers that are made again,
    `indexes` how the indexes are made that are.
    `aside` says that the old table was renamed first, so that what refers to it went along. On the
    schema that is there, `kept` are the old columns, `lost` the triggers that are not made again.
    """

    made: CreateTable
    copied: dict[str, str]
    whole: bool
    recreated: frozenset[str] = frozenset()
    indexes: tuple[CreateIndex, ...] = ()
    aside: bool = False
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class CreateCast(Operation, frozen=True, kw_only=True):
    """CREATE CAST. `context` is `implicit`, `assignment`, or `explicit` where CAST asks for it.

    `by_text` says that it goes by the text of a value (WITH INOUT), as casts without an entry do.
    """

    source: Type
    target: Type
    context: str = "explicit"
    by_text: bool = False


class CreateOperator(Operation, frozen=True, kw_only=True):
    """CREATE OPERATOR with two sides, of these types."""

    name: Name
    takes: tuple[Type, Type]
