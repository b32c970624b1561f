"""Sqitch: `deploy/x.sql`, `revert/x.sql`, `verify/x.sql`, in the order of sqitch.plan.

Sources: Sqitch's manual, sqitchtutorial and sqitch-deploy; its source, App::Sqitch::Engine::pg: a
script runs by psql with ON_ERROR_STOP and no transaction but its own BEGIN and COMMIT. Only what
the plan lists runs; a change that is put into the plan before one that ran is never deployed.
"""

import re
from collections.abc import Iterator

from msgspec import structs

from cdkit.core.errors import CdkitError
from cdkit.core.finding import Severity
from cdkit.core.verdict import Reason
from cdkit.migrations import sqitch_refusals
from cdkit.migrations.folder import is_sql, natural
from cdkit.migrations.guesses import guesses
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.placeholders import fill, psql_variables
from cdkit.migrations.source import (
    Complaint,
    Down,
    Late,
    Migration,
    Order,
    Project,
    Request,
    Script,
    Source,
)
from cdkit.migrations.sqitch_plan import (
    PLAN,
    Change,
    Conf,
    changes_of,
    conf_of,
    engine_of,
    folder_of,
    variables_of,
)
from cdkit.migrations.text import Text

_LATE = Late(
    says="the plan has it before that, and Sqitch goes on from the last change that ran",
    severity=Severity.HIGH,
    remedy="put it at the end of the plan",
)
_KINDS = ("deploy", "revert", "verify")


def _root(path: str, folder: str, look: Look) -> str | None:
    del folder
    if path.rpartition("/")[2] == PLAN:
        return parent(path)
    if not is_sql(path):
        return None
    root = _plan_of(parent(path), look)
    if root is None:
        return None
    conf = look.once(("sqitch.conf", root), lambda: conf_of(root, look))
    inside = (f"{folder_of(kind, root, conf)}/" for kind in _KINDS)
    return root if any(path.startswith(each) for each in inside) else None


def _plan_of(folder: str, look: Look) -> str | None:
    return look.once(("sqitch", folder), lambda: _plan_above(folder, look))


def _plan_above(folder: str, look: Look) -> str | None:
    above = (each for each in (folder, *ancestors(folder)) if look.is_file(join(each, PLAN)))
    return next(above, None)


def _read(request: Request) -> Project:
    look, root = request.look, request.root
    conf = look.once(("sqitch.conf", root), lambda: conf_of(root, look))
    plan = join(root, PLAN)
    try:
        said = look.read(plan)
    except CdkitError as fault:
        return Project(faults=(fault.reason(),))
    changes = changes_of(said)
    unclear = sqitch_refusals.faults(plan, said)
    suffix = conf.settings.get("core.extension", "sql")
    deploy = folder_of("deploy", root, conf)
    paths = [_script(change, deploy, suffix, look) for change in changes]
    listed = dict.fromkeys(paths)
    beside = sorted(x for x in look.below(deploy) if x not in listed and is_sql(x))
    migrations: list[Migration] = []
    unread: list[Reason] = []
    there = [(path, ((0, place, ""),)) for place, path in enumerate(paths) if look.is_file(path)]
    extra: list[tuple[str, Order]] = [(path, ((1, 0, ""), *natural(path))) for path in beside]
    for path, order in (*there, *extra):
        try:
            migrations.append(_migration(path, order, root, conf, look))
        except CdkitError as fault:
            unread.append(fault.reason())
    revert, verify = (folder_of(kind, root, conf) for kind in ("revert", "verify"))
    return Project(
        migrations=tuple(migrations),
        downs=frozenset((*look.below(revert), *look.below(verify))),
        unread=tuple(unread),
        faults=unclear,
        complaints=(
            *(() if unclear else _missing(changes, paths, plan, look)),
            *sqitch_refusals.complaints(plan, said),
            *_unlisted(beside),
        ),
        engine=engine_of(root, conf),
        holds=lambda path: path.startswith(f"{deploy}/"),
        again=lambda path, data: (_filled(Text(path, data), conf),),
        late=_LATE,
    )


def _script(change: Change, deploy: str, suffix: str, look: Look) -> str:
    paths = [f"{deploy}/{script}.{suffix}" for script in change.scripts]
    return next((path for path in paths if look.is_file(path)), paths[0])


def _migration(path: str, order: Order, root: str, conf: Conf, look: Look) -> Migration:
    made = _filled(Text(path, look.read(path)), conf)
    back = folder_of("revert", root, conf) + path.removeprefix(folder_of("deploy", root, conf))
    down = None
    if look.is_file(back):
        revert = Text(back, look.read(back))
        down = Down(text=revert, sql=revert.data, in_transaction=False)
    return structs.replace(made, order=order, script=structs.replace(made.script, down=down))


def _filled(written: Text, conf: Conf) -> Migration:
    text = fill(written, psql_variables(written.data, variables_of(conf)))
    return Migration(
        text=text,
        script=Script(sql=text.data, in_transaction=False),
        source="sqitch",
        order=natural(written.path),
        written=None if text is written else written,
        troubles=guesses(text),
    )


def _missing(
    changes: tuple[Change, ...], paths: list[str], plan: str, look: Look
) -> Iterator[Complaint]:
    for change, path in zip(changes, paths, strict=True):
        if not look.is_file(path):
            yield Complaint(
                rule="missing-migration",
                path=plan,
                line=change.line,
                what=f"lists {change.name}, and {path} is not there: Sqitch stops at it",
                about=change.name,
                remedy="commit the script, or take the change out of the plan",
                whole=True,
            )


def _unlisted(paths: list[str]) -> Iterator[Complaint]:
    for path in paths:
        yield Complaint(
            rule="unlisted-migration",
            path=path,
            what="is not in sqitch.plan: Sqitch does not run it, and does not say so",
            remedy="`sqitch add` puts a change into the plan",
        )


def _migrations(path: str, data: bytes) -> tuple[Migration, ...]:
    return (_filled(Text(path, data), Conf(folder="", settings={})),)


def _keeps(path: str) -> str:
    """Return `deploy/x.sql` for `deploy/x@tag.sql`."""
    return re.sub(r"@[^/@]+(\.\w+)$", r"\1", path) if "@" in path else ""


def _up_of(path: str) -> tuple[str, ...]:
    """Reverts and verifications lie beside the deploy scripts, under the same name."""
    before, _, name = path.rpartition("/")
    above, _, last = before.rpartition("/")
    return ("/".join(filter(None, (above, "deploy", name))),) if last in _KINDS[1:] else ()


SOURCE = Source(
    title="Sqitch",
    root=_root,
    read=_read,
    may_own=lambda beside, _, look: _plan_of(beside, look) is not None,
    migrations=_migrations,
    up_of=_up_of,
    keeps=_keeps,
    goes_back=True,
    marks=(PLAN,),
)
