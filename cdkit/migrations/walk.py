"""Walking through a migration: each operation is judged by what is there before it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cdkit.core.finding import Finding
from cdkit.migrations.bench import Bench
from cdkit.migrations.branch import Undone, is_idle
from cdkit.migrations.catalogue import Dispatch
from cdkit.migrations.contract import Terms, excused
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.phase import Effect, effect_of
from cdkit.migrations.ran import ran_already, sources_of
from cdkit.migrations.reader import Reader
from cdkit.migrations.replay import apply
from cdkit.migrations.rolled_back import each_part, lasts
from cdkit.migrations.rule import COMPATIBLE, Context, LintRule
from cdkit.migrations.schema import Schema
from cdkit.migrations.session import Session
from cdkit.migrations.sizes import is_elsewhere, spared
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement
from cdkit.migrations.tell import fix_of, hit_of
from cdkit.migrations.unmade import eased, is_unmade

if TYPE_CHECKING:
    from cdkit.migrations.lint import Request


class Task(Struct, frozen=True, kw_only=True):
    """A migration that is to be judged, and `before` how it was released, if it was.

    `schema` is what is there before it, `released` what the running version was written for.
    """

    request: "Request"
    migration: Migration
    before: Migration | None
    terms: Terms
    schema: Schema
    released: Schema
    reader: Reader


class Course(Struct, frozen=True, kw_only=True):
    """A migration that is read: the statements that count, what each does, what judges them.

    `edited` says that some of it ran already, `undone` are the parts that it rolls back itself.
    """

    task: Task
    parsed: Parsed
    statements: Sequence[Statement]
    done: Sequence[Sequence[Operation]]
    context: Context
    bench: Bench
    edited: bool
    undone: tuple[range, ...]


class Walked(Struct, kw_only=True):
    """What was found on the way: findings, the locks that are taken, what belongs to a phase."""

    findings: list[Finding] = field(default_factory=list)
    locks: dict[str, None] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)


def course_of(task: Task, parsed: Parsed, *, whole: bool = True) -> Course:
    """Return what is to be walked through; not `whole` where more of the file comes after."""
    migration, before, reader, schema = task.migration, task.before, task.reader, task.schema
    # What runs again does so from end to end, whatever of it was there before.
    ran = sources_of(None if migration.repeats else before, reader)
    statements = [each for each in parsed.statements if not (ran and ran_already(each, ran))]
    wrapped = reader.wrapped(migration, parsed)
    undone = reader.undone(parsed, wrapped=wrapped, edited=before is not None)
    done = reader.done(statements, schema, undone=undone)
    context = Context(
        schema=schema,
        released=task.released,
        ahead=reader.ahead(statements, done, wrapped=wrapped, whole=whole, undone=undone),
        session=Session(
            in_transaction=wrapped,
            single=len(parsed.statements) == 1,
            together=reader.together(migration),
        ),
        server=task.request.server,
        dialect=reader.dialect,
    )
    bench = Bench(
        migration,
        parsed,
        released=before is not None,
        outside=task.request.outside,
        read=reader.operations_of,
    )
    return Course(
        task=task,
        parsed=parsed,
        statements=statements,
        done=done,
        context=context,
        bench=bench,
        edited=bool(ran),
        undone=undone,
    )


def walk(course: Course, start: int, end: int, walked: Walked) -> None:
    """Judge and apply what the statements from one number up to another do."""
    context, schema = course.context, course.task.schema
    parts = each_part(len(course.statements), course.undone, schema, context.session)
    for index, within in parts:
        if not start <= index < end:
            continue
        context.ahead.begin(index, schema)
        for operation in course.done[index]:
            if type(operation) is Undone:
                _pass_through(course, operation, walked)
            else:
                _judge(course, operation, walked, undone=within and not lasts(operation))


def _judge(course: Course, operation: Operation, walked: Walked, *, undone: bool) -> None:
    """Judge one operation by what is there before it, and apply it."""
    context, schema = course.context, course.task.schema
    found = tuple(found_by(course, operation))
    if undone:  # Nobody else ever sees it: what counts is that it runs.
        found = tuple(each for each in found if each.question != COMPATIBLE)
    effect = None if undone else effect_of(operation, schema, found)
    walked.effects += [effect] if effect else []
    walked.findings += [excused(each, operation, course.task.terms) for each in found]
    walked.locks |= dict.fromkeys(context.follow(operation))
    apply(schema, operation)


def _pass_through(course: Course, undone: Undone, walked: Walked) -> None:
    """Judge what a statement takes back itself, for whether it can run and whom it stops."""
    schema, session = course.task.schema, course.context.session
    kept, held = schema.copy(), session.kept()
    for operation in undone.operations:
        _judge(course, operation, walked, undone=True)
    schema.become(kept)
    session.restore(held)


def pass_by(course: Course, end: int) -> None:
    """Apply what the first statements do, which are judged elsewhere.

    The session and the schema are then what they are when all of that is walked through.
    """
    context, schema = course.context, course.task.schema
    remembering = _Remembering(course.task.request.rules)
    for index in range(end):
        context.ahead.begin(index, schema)
        for operation in course.done[index]:
            for rule in remembering[type(operation)]:
                tuple(rule.check(operation, context))
            context.follow(operation)
            apply(schema, operation)


class _Remembering(dict[type[Operation], tuple[LintRule, ...]]):
    """By kind of operation, the rules that write into the session what they said."""

    def __init__(self, rules: Dispatch) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, kind: type[Operation]) -> tuple[LintRule, ...]:
        self[kind] = tuple(rule for _, rule in self._rules[kind] if rule.remembers)
        return self[kind]


def found_by(course: Course, operation: Operation) -> Iterator[Finding]:
    """Yield what the rules that count find in an operation, before it runs."""
    request, context = course.task.request, course.context
    idle = is_idle(operation, context.schema)
    for rule_id, rule in request.rules[type(operation)]:
        if idle and (rule.grows or rule.question == COMPATIBLE):
            continue
        for hit in rule.check(operation, context):
            if is_elsewhere(rule, hit, operation, context.schema):
                continue
            fix = course.bench.fix(fix_of(rule, hit), hit.mend, operation, context.session)
            told = spared(rule, hit, operation, context.schema, request.sizes)
            if is_unmade(operation, context.schema):
                told = eased(told, rule.severity)
            yield hit_of(rule_id, rule, operation, told, fix)


_SHOWN = 3
"""Parts that are named, of those that a file rolls back."""


def taken_back(course: Course) -> tuple[str, ...]:
    """Say which parts of a file it rolls back itself, so that they break nobody."""
    parts = [(course.statements[x.start], course.statements[x.stop - 1]) for x in course.undone]
    undone = (x.statement for each in course.done for x in each if isinstance(x, Undone))
    parts += [(each, each) for each in undone]
    shown = [
        " to ".join(str(each.place().line) for each in dict.fromkeys(part))
        for part in parts[:_SHOWN]
    ]
    more = len(parts) - len(shown)
    if not shown:
        return ()
    lines = ", ".join(shown) + (f" and {more} other parts" if more else "")
    said = (
        f"{course.task.migration.path}: lines {lines} are rolled back by the file itself: nobody "
    )
    return (f"{said}sees what they do, and they are only judged for whether they can run",)
