"""Ways back: whether one is there, whether it undoes what the migration did, what is lost on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from cdkit.core.finding import Confidence, Finding, Fix, Location, Severity
from cdkit.migrations import operation as op
from cdkit.migrations.assumed import assume, assume_options
from cdkit.migrations.catalogue import Dispatch, rules
from cdkit.migrations.declared import irreversible
from cdkit.migrations.engine import Dialect
from cdkit.migrations.inverse import Speech
from cdkit.migrations.keep import kept
from cdkit.migrations.lossy import Loss, losses_of
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.remarks import heard
from cdkit.migrations.replay import apply, replay
from cdkit.migrations.rule import COMPATIBLE, SAFE_TO_RUN, Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.schema_diff import Difference, differences
from cdkit.migrations.sizes import Sizes, spared
from cdkit.migrations.source import Down, Migration
from cdkit.migrations.tell import UNTOLD, hit_of
from cdkit.migrations.unable import unable
from cdkit.migrations.undo import way_back

_MOST = 5
"""Differences that one message names; the rest are counted."""

_UP_NAMES = (".up.sql", "_up.sql", "-up.sql", "/up.sql")


class Back(Struct, frozen=True, kw_only=True):
    """What is to be said of a way back: in a word, and what was found; `parsed` is its text's."""

    says: str
    findings: tuple[Finding, ...] = ()
    parsed: Parsed = Parsed()


class Up(Struct, frozen=True, kw_only=True):
    """What a migration did: to which schema, by which operations, and where it begins.

    `sizes` says which tables are small, `unread` that it does more than these, and nobody can
    tell what; `speech` is how the server is spoken to.
    """

    before: Schema
    operations: Sequence[Operation]
    place: Location
    sizes: Sizes = Sizes()
    unread: bool = False
    speech: Speech

    @property
    def undone(self) -> str:
        """What takes it back, as SQL."""
        return way_back(self.operations, self.before, self.speech)


class Way(Struct, frozen=True, kw_only=True):
    """A way back, as it is parsed, and what each of its statements does."""

    down: Down
    parsed: Parsed
    done: Sequence[Sequence[Operation]]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All that it does."""
        return tuple(each for done in self.done for each in done)


class Custom(Struct, frozen=True, kw_only=True):
    """What is usual in a project: how many migrations it has, and how many of them a way back."""

    migrations: int
    backs: int


def custom_of(migrations: Iterable[Migration]) -> Custom:
    """Count the ways back of a project; what runs again whenever it changes needs none."""
    have = [one.script.down is not None for one in migrations if not one.repeats]
    return Custom(migrations=len(have), backs=sum(have))


def expects(migration: Migration, custom: Custom, *, by_tool: bool) -> bool:
    """Whether a migration that has no way back should have one.

    So it is where its tool's files have one (`by_tool`), where its name is one of a pair, and
    where at least half of the project's others have one: who never goes back by SQL is not told to.
    """
    if migration.repeats:
        return False
    if by_tool or migration.said.path.lower().endswith(_UP_NAMES):
        return True
    others = custom.migrations - 1
    return others > 0 and 2 * custom.backs >= others


def no_way(migration: Migration, dialect: Dialect) -> Back:
    """Return what is said of a migration that has no way back, and needs none."""
    word = irreversible(heard(migration.said, dialect))
    return Back(says=f"none: {word.reason}" if word and word.reason else "none")


def missing(migration: Migration, up: Up) -> Back:
    """Judge a migration that has no way back, and should have one."""
    word = irreversible(heard(migration.said, up.speech.dialect))
    if (word and word.reason) or not _undoable(up):
        return no_way(migration, up.speech.dialect)
    said = "nothing takes this migration back"
    if word:
        said += f" (line {word.line} calls it irreversible, and does not say why)"
    return Back(says="missing", findings=(_about("missing-down", said, up.place, up.undone),))


def judge(migration: Migration, way: Way, up: Up, rules_: Dispatch, context: Context) -> Back:
    """Judge the way back of a migration; `context` holds its session, the server, the reader."""
    down, parsed = way.down, way.parsed
    word = irreversible(*(heard(text, context.dialect) for text in (migration.said, down.text)))
    if parsed.troubles:
        trouble = parsed.troubles[0]
        said = f"what is to take this migration back cannot be read: {trouble.what}"
        place = down.text.place(trouble.offset)
        finding = _about("dishonest-down", said, place, up.undone)
        return Back(says="cannot be read", findings=(finding,), parsed=parsed)
    if not parsed.statements:
        if word and word.reason:
            return Back(says=f"none: {word.reason}")
        if not _undoable(up):
            return Back(says="empty")
        said = "the way back is empty: the tool takes the migration for undone, and it is not"
        return Back(says="empty", findings=(_about("empty-down", said, up.place, up.undone),))
    return _replayed(way, up, rules_, context)


def _replayed(way: Way, up: Up, rules_: Dispatch, context: Context) -> Back:
    """Run the way there and the way back on the model, and hold the end against the beginning."""
    start = up.before.copy()
    assume(start, up.operations)
    assume_options(start, up.operations, way.operations)
    there = start.copy()
    there.begin()
    there.released = None
    there.release()
    replay(there, up.operations)
    walk = Walk(start=start, there=there, after=there.copy(), sizes=up.sizes)
    done = _walk(way.done, walk, rules_, context)
    place = way.parsed.statements[0].place()
    dark = up.unread or _is_unread(up.operations, rules_, context)
    unread = dark or done.unread
    findings = [_lossy(loss, operation, up, unread=dark) for loss, operation in done.losses]
    found = [each for each in differences(start, there) if not _may_stay(each, up)]
    wrong = [*done.fails, *map(str, found), *_left(up, way.operations, there)]
    if wrong and unread:
        said = "nobody can tell whether this undoes the migration: what cannot be read runs"
        finding = _about("dishonest-down", said, place, up.undone)
        findings.append(structs.replace(finding, severity=Severity.LOW, confidence=Confidence.LOW))
    elif wrong:
        more = f"; and {len(wrong) - _MOST} more" if len(wrong) > _MOST else ""
        said = f"does not undo the migration: {'; '.join(wrong[:_MOST])}{more}"
        finding = _about("dishonest-down", said, place, up.undone)
        if len(found) == len(wrong) and all(each.by_hash for each in found):
            finding = structs.replace(finding, severity=Severity.LOW)
        findings.append(finding)
    undoes = "not told" if unread else "does not undo it" if wrong else "undoes it"
    undoes += " (stop the new version first)" if done.breaks else ""
    lost = list(dict.fromkeys(loss.about for loss, _ in done.losses if loss.loses))
    emptied = list(dict.fromkeys(loss.about for loss, _ in done.losses if loss.empties))
    says = f"{undoes}{_some(', loses', lost)}{_some(', not the values of', emptied)}"
    return Back(says=says, findings=(*findings, *done.unsafe), parsed=way.parsed)


def _is_unread(operations: Iterable[Operation], rules_: Dispatch, context: Context) -> bool:
    """Whether some operation does more than anybody can read."""
    return any(
        True
        for operation in operations
        for rule_id, rule in rules_[type(operation)]
        if rule_id in UNTOLD
        for _ in rule.check(operation, context)
    )


def _may_stay(difference: Difference, up: Up) -> bool:
    """Whether something is left over on purpose: an extension, or what goes with its table."""
    if difference.kind == "sequence":
        return any(
            isinstance(each, op.ChangeSequence)
            and "owned_by" in each.options
            and up.before.full(each.sequence) == up.before.full(Name("", difference.about))
            for each in up.operations
        )
    return difference.kind == "extension" and not difference.was


def _some(words: str, names: Sequence[str]) -> str:
    """Return names behind words, the first of them; nothing where there are none."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{words} {', '.join(names[:_MOST])}{more}" if names else ""


class Walk(Struct, frozen=True, kw_only=True):
    """The schemas of a way back: before the migration, after it, and where it has got to."""

    start: Schema
    after: Schema
    there: Schema
    sizes: Sizes


class _Done(Struct, frozen=True, kw_only=True):
    """What came of a way back: losses, failures, what is unsafe to run, whether all was read.

    `breaks` says that the new version, which runs when going back begins, cannot live with it.
    """

    losses: tuple[tuple[Loss, Operation], ...]
    fails: tuple[str, ...]
    unsafe: tuple[Finding, ...]
    unread: bool
    breaks: bool


def _walk(
    steps: Iterable[Iterable[Operation]], walk: Walk, rules_: Dispatch, context: Context
) -> _Done:
    there = walk.there
    there.begin()
    there.release()
    there.released = walk.after
    here = structs.replace(context, schema=there, released=walk.after)
    losses: list[tuple[Loss, Operation]] = []
    fails: list[str] = []
    found: list[Finding] = []
    for index, operations in enumerate(steps):
        here.ahead.begin(index, there)
        at_once = tuple(operations)
        for operation in at_once:
            hits = _hits(rules_, operation, here, walk.sizes)
            found += hits
            fails += unable(operation, there, at_once, context.server.engine)
            lost = losses_of(operation, walk.start, walk.after, there, narrows=_narrows(hits))
            losses += [(loss, operation) for loss in lost]
            here.follow(operation)
            apply(there, operation)
    return _Done(
        losses=tuple(losses),
        fails=tuple(fails),
        unsafe=tuple(_lowered(one) for one in found if _matters(one, SAFE_TO_RUN)),
        unread=any(one.rule in UNTOLD for one in found),
        breaks=any(_matters(one, COMPATIBLE) for one in found),
    )


def _hits(rules_: Dispatch, operation: Operation, context: Context, sizes: Sizes) -> list[Finding]:
    return [
        hit_of(rule_id, rule, operation, spared(rule, hit, operation, context.schema, sizes))
        for rule_id, rule in rules_[type(operation)]
        for hit in rule.check(operation, context)
    ]


def _narrows(hits: Iterable[Finding]) -> bool:
    return any(one.rule == "changed-column-type" for one in hits)


def _matters(finding: Finding, question: str) -> bool:
    return finding.question == question and finding.severity.rank >= Severity.MEDIUM.rank


def _lowered(finding: Finding) -> Finding:
    """A way back runs seldom, and then in need: what is unsafe about it counts less."""
    return structs.replace(
        finding, severity=Severity.LOW, message=f"on the way back: {finding.message}"
    )


def _undoable(up: Up) -> bool:
    """Whether a migration changes what the model, or the marks beside it, hold."""
    after = up.before.copy()
    after.begin()
    assume(after, up.operations)
    start = after.copy()
    replay(after, up.operations)
    return bool(differences(start, after) or _marks(up.operations))


def _left(up: Up, downs: Sequence[Operation], there: Schema) -> Iterator[str]:
    """Yield what the model does not hold and the way back does not undo: triggers, policies."""
    if any(isinstance(each, op.DropObject) and each.cascade for each in downs):
        # What a CASCADE takes along, nobody can tell without the server.
        return
    ahead, back = _marks(up.operations), _marks(downs)
    for (kind, table, name), made in ahead.items():
        is_value = kind == _VALUE and not any(_makes_anew(table, each) for each in downs)
        if made + back.get((kind, table, name), 0) == 0:
            continue
        if not is_value and there.full(table) not in there.tables:
            continue
        what = f"the {kind} {name} of {table}" if name else f"the {kind} of {table}"
        yield f"{what} is {'left over' if made > 0 else 'missing'}"


def _makes_anew(name: Name, operation: Operation) -> bool:
    return isinstance(operation, op.DropObject) and operation.name.name == name.name


_VALUE = "enum value"
Marks = Mapping[tuple[str, Name, str], int]
"""What stands beside the model: how often each was made more than taken away."""


def _marks(operations: Iterable[Operation]) -> Marks:
    found: dict[tuple[str, Name, str], int] = {}
    for operation in operations:
        match operation:
            case op.ChangeTrigger(body=body) if body:
                # One that has code of its own is in the model, under its name.
                continue
            case op.RenameEnumValue(type=named, value=old, to=new):
                named = _bare(named)
                for value, change in ((old, -1), (new, 1)):
                    key = (_VALUE, named, value)
                    found[key] = found.get(key, 0) + change
                continue
            case op.ChangeTrigger(table=table, name=name, action=action):
                verb, _, rest = action.partition(" ")
                kind = "rule" if rest.endswith("RULE") else "trigger"
                kind = kind if verb in {"CREATE", "DROP"} else f"state of the {kind}"
            case op.ChangeRowSecurity(table=table, action=action):
                verb, _, rest = action.partition(" ")
                name, kind = "", rest.removeprefix("FORCE ").lower()
            case _:
                continue
        key = (kind, _bare(table), name)
        found[key] = found.get(key, 0) + _CHANGES.get(verb, 0)
    return {key: number for key, number in found.items() if number}


_CHANGES = {"CREATE": 1, "ENABLE": 1, "FORCE": 1, "DROP": -1, "DISABLE": -1, "NO": -1}


def _bare(name: Name) -> Name:
    return Name("" if name.schema == "public" else name.schema, name.name)


def _lossy(loss: Loss, operation: Operation, up: Up, *, unread: bool) -> Finding:
    if unread and loss.severity.rank > Severity.LOW.rank:
        what = f"{loss.what} (unless the migration made it, in what cannot be read)"
        low = Confidence.LOW
        loss = structs.replace(loss, what=what, severity=Severity.LOW, confidence=low)
    place = operation.statement.text.place(operation.at)
    finding = _about("lossy-down", loss.what, place, kept(operation, up.before, up.speech))
    return structs.replace(
        finding,
        severity=loss.severity,
        confidence=loss.confidence,
        about=f"{loss.about}",
        fingerprint=" ".join(operation.statement.source.split()),
    )


def _about(rule: str, said: str, place: Location, instead: str) -> Finding:
    """Return what a rule says of a way back; `instead` is the SQL that would be right."""
    described = rules()[rule]
    return Finding(
        rule=rule,
        severity=described.severity,
        message=said,
        locations=(place,),
        fingerprint=rule,
        about=place.path.rpartition("/")[2],
        question=described.question,
        fix=Fix(summary=described.instead, replacement=instead),
    )
