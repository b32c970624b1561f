"""Runs in the project's own Python: every revision's SQL, by Alembic's offline mode.

What an `alembic upgrade heads --sql` and an `alembic downgrade heads:base --sql` print, taken where
Alembic writes it (`DefaultImpl.static_output`), so that each statement is known by its revision and
by the line that asked for it. Sources: Alembic documentation, "Generating SQL Scripts (a.k.a.
Offline Mode)", "Runtime Objects" (EnvironmentContext), "DDL Internals".
"""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any


class Recorder:
    """What Alembic writes, by the revision that runs."""

    def __init__(self) -> None:
        self.unit: Any = None
        self.file = ""
        self.transaction = False
        self.inside = False
        self.runs = 0
        self.dialect = ""
        self.prelude: Any = []

    def write(self, text: str) -> None:
        """Take what `static_output` gets."""
        word = " ".join(text.strip().rstrip(";").upper().split())
        begins = word in {"BEGIN", "BEGIN TRANSACTION", "START TRANSACTION"}
        if begins or word == "COMMIT":
            self.transaction = begins
        if self.unit is not None:
            self.unit["pieces"].append({"sql": text, "line": self.line()})
        elif not begins and word != "COMMIT" and not self.inside and not word.startswith("--"):
            # The version table is Alembic's own; what env.py executes runs before all revisions.
            self.prelude.append({"sql": text, "line": 0})

    def line(self) -> int:
        """Return the line of the revision's file that runs now."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.file:
                return int(frame.f_lineno)
            frame = frame.f_back
        return 0


def render(request: Any, fault_of: Any, relative: Any) -> dict[str, Any]:
    """Return every revision in the order in which it would run, with its SQL both ways."""
    import alembic
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    options = {"toml_file": request["toml"]} if request["toml"] else {}
    buffer = io.StringIO()
    config = Config(
        request["ini"] or None,
        ini_section=request["section"],
        output_buffer=buffer,
        stdout=buffer,
        **options,
    )
    if config.get_main_option("databases"):
        # Alembic's multidb template: it would write a file for each of them into the project.
        return {"version": alembic.__version__, "runs": 2}
    script = ScriptDirectory.from_config(config)
    answer: dict[str, Any] = {"version": alembic.__version__, "troubles": []}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        revisions = list(script.walk_revisions())
        heads = list(script.get_heads())
    doubts = [str(each.message) for each in warned if "evision" in str(each.message)]
    recorder = Recorder()
    hook(recorder)
    made = {each.revision: unit_of(each, relative) for each in revisions}
    ran = run(config, script, recorder, made, heads, "up", fault_of)
    prelude, dialect, runs = recorder.prelude, recorder.dialect, recorder.runs
    fault = None
    try:
        run(config, script, recorder, made, heads, "down", fault_of)
    except Exception as raised:
        fault = fault_of(raised)
        for unit in made.values():
            unit["down"] = None
    answer.update(
        units=[made[name] for name in ran] + [made[r] for r in reversed(made) if r not in ran],
        engine=dialect,
        ran=len(ran),
        runs=runs,
        heads=forked(script),
        doubts=doubts,
        prelude=prelude,
        down_fault=fault,
    )
    return answer


def forked(script: Any) -> Any:
    """Return the ends of a history that want merging: of branches with labels each has its own."""
    heads = [script.get_revision(head) for head in script.get_heads()]
    labels = [frozenset(each.branch_labels) for each in heads]
    apart = len(labels) == len(set(labels)) and sum(not each for each in labels) <= 1
    return [] if apart and any(labels) else [each.revision for each in heads]


def unit_of(revision: Any, relative: Any) -> dict[str, Any]:
    """Return a revision, its SQL not yet known."""
    downs = revision.down_revision
    downs = [downs] if isinstance(downs, str) else list(downs or ())
    return {
        "key": revision.revision,
        "path": relative(revision.path),
        "file": revision.module.__file__,
        "parents": downs,
        "up": None,
        "down": None,
    }


def hook(recorder: Recorder) -> None:
    """Let Alembic write into the recorder, and tell it when it runs revisions."""
    from alembic.ddl.impl import DefaultImpl
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext

    DefaultImpl.static_output = lambda _self, text: recorder.write(text)  # type: ignore[assignment, method-assign]
    original = MigrationContext.run_migrations

    def run_migrations(self: Any, **given: Any) -> None:
        recorder.inside, recorder.dialect = True, self.dialect.name
        recorder.runs += 1
        try:
            original(self, **given)
        finally:
            recorder.inside = False

    MigrationContext.run_migrations = run_migrations  # type: ignore[method-assign]
    for name, said in ASKED.items():
        watched(EnvironmentContext, name, recorder, said)
    try:
        from sqlalchemy.engine.mock import MockConnection
    except ImportError:
        # Before SQLAlchemy 1.4 the answer is None, and whoever wants more of it fails.
        return
    answered: Any = MockConnection.execute

    def execute(self: Any, *given: Any, **named: Any) -> Any:
        answered(self, *given, **named)
        return Unanswered()

    MockConnection.execute = execute  # type: ignore[method-assign]


ASKED = {
    "is_offline_mode": "it asks whether SQL is only rendered",
    "get_x_argument": "it asks for what `-x` says on the command line",
}


def watched(owner: Any, name: str, recorder: Recorder, said: str) -> None:
    """Let a revision's question be told: the answer of an upgrade may be another."""
    original = getattr(owner, name)

    def asked(self: Any, *given: Any, **named: Any) -> Any:
        if recorder.unit is not None:
            told = {"kind": "code", "said": said, "path": "", "line": recorder.line()}
            recorder.unit["troubles"].append(told)
        return original(self, *given, **named)

    setattr(owner, name, asked)


class Unanswered:
    """The result of a statement that nobody ran: whoever wants to know it does not come to it."""

    def __getattr__(self, name: str) -> Any:
        raise AsksDatabase("it asks the database")

    def __bool__(self) -> bool:
        raise AsksDatabase("it asks the database")

    def __iter__(self) -> Any:
        raise AsksDatabase("it asks the database")


class AsksDatabase(Exception):
    """A revision wants to know what only a database knows."""


def run(
    config: Any, script: Any, recorder: Recorder, made: Any, heads: Any, way: str, fault_of: Any
) -> Any:
    """Let env.py run all revisions one way; return which ran, in order."""
    from alembic.runtime.environment import EnvironmentContext

    recorder.transaction, recorder.runs, recorder.prelude = False, 0, []
    ran: Any = []
    for revision in script.walk_revisions():
        wrap(revision.module, way, made[revision.revision], recorder, ran, fault_of)

    def upgrade(current: Any, _context: Any) -> Any:
        return script._upgrade_revs("heads", current)

    def downgrade(current: Any, _context: Any) -> Any:
        return script._downgrade_revs("base", current)

    start = None if way == "up" else tuple(heads)
    target = "heads" if way == "up" else "base"
    with EnvironmentContext(
        config,
        script,
        fn=upgrade if way == "up" else downgrade,
        as_sql=True,
        starting_rev=start,
        destination_rev=target,
    ):
        script.run_env()
    return ran


def wrap(module: Any, way: str, unit: Any, recorder: Recorder, ran: Any, fault_of: Any) -> None:
    """Let a revision's function tell what it wrote, and whether it came to its end."""
    name = "upgrade" if way == "up" else "downgrade"
    function: Any = getattr(module, name, None)

    def wrapped(*given: Any, **named: Any) -> None:
        ran.append(unit["key"])
        record: dict[str, Any] = {
            "pieces": [],
            "troubles": [],
            "transaction": recorder.transaction,
            "line": function.__code__.co_firstlineno if hasattr(function, "__code__") else 0,
        }
        unit[way] = record
        recorder.unit, recorder.file = record, unit["file"]
        try:
            if function is None:
                raise NotImplementedError("there is no " + name + "()")
            function(*given, **named)
        except Exception as fault:
            told = fault_of(fault)
            inside = told["path"] == unit["path"]
            told["line"] = told["line"] if inside else record["line"]
            record["troubles"].append(told)
        finally:
            recorder.unit = None

    setattr(module, name, wrapped)
