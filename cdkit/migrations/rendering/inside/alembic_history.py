"""Runs in the project's own Python: every revision's SQL, by Alembic's offline mode.

What an `alembic upgrade heads --sql` and an `alembic downgrade heads:base --sql` print, taken where
Alembic writes it (`DefaultImpl.static_output`), so that each statement is known by its revision and
by the line that asked for it. Sources: Alembic documentation, "Generating SQL Scripts (a.k.a.
Offline Mode)", "Runtime Objects" (EnvironmentContext), "DDL Internals".
"""

from __future__ import annotations

import builtins
import io
import sys
import warnings
from typing import Any


class Recorder:
    """What Alembic writes, by the database and the revision that run.

    An env.py that calls `run_migrations` several times, as Alembic's multidb template does, has a
    database each time: they are known by their place in that order.
    """

    def __init__(self) -> None:
        self.way = "up"
        self.unit: Any = None
        self.file = ""
        self.transaction = False
        self.inside = False
        self.prelude: Any = []
        self.databases: Any = []
        self.number = 0

    def start(self, way: str) -> None:
        """From here on env.py runs all revisions one way."""
        self.way, self.transaction, self.prelude, self.number = way, False, [], 0

    def begin(self, dialect: str, named: Any) -> Any:
        """From here on the revisions of one database run; return that."""
        names = [str(each) for each in named.values() if isinstance(each, str)]
        if self.way == "up":
            self.databases.append({
                "name": names[0] if names else "",
                "engine": dialect,
                "prelude": self.prelude,
                "ran": [],
                "up": {},
                "down": {},
            })  # fmt: skip
        elif self.number >= len(self.databases):
            raise RuntimeError("env.py migrates other databases on the way back")
        self.prelude = []
        self.number += 1
        return self.databases[self.number - 1]

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
    script = ScriptDirectory.from_config(config)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        revisions = list(script.walk_revisions())
        heads = list(script.get_heads())
    doubts = [str(each.message) for each in warned if "evision" in str(each.message)]
    recorder = Recorder()
    hook(recorder)
    # The multidb template writes a file of SQL for each database; here each is only read.
    builtins.open = unwritten
    try:
        run(config, script, recorder, relative, heads, "up", fault_of)
        fault = ways_back(config, script, recorder, relative, heads, fault_of)
    finally:
        builtins.open = OPEN
    databases = [database_of(each, revisions, relative) for each in recorder.databases]
    answer = databases[0] if databases else {"nothing": True}
    return {
        **answer,
        "version": alembic.__version__,
        "heads": forked(script),
        "doubts": doubts,
        "down_fault": fault,
        "others": databases[1:],
    }


OPEN = open


def unwritten(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
    """Open a file; a file of SQL that would be written is one that nobody keeps."""
    if isinstance(file, str) and file.endswith(".sql") and set(mode) & {"w", "a", "x"}:
        return io.StringIO()
    return OPEN(file, mode, *given, **named)


def ways_back(
    config: Any, script: Any, recorder: Recorder, relative: Any, heads: Any, fault_of: Any
) -> Any:
    """Render the ways back; where that fails there are none, and the fault is returned."""
    try:
        run(config, script, recorder, relative, heads, "down", fault_of)
        if recorder.number != len(recorder.databases):
            raise RuntimeError("env.py migrates fewer databases on the way back")
    except Exception as raised:
        for each in recorder.databases:
            each["down"] = {}
        return fault_of(raised)
    return None


def database_of(database: Any, revisions: Any, relative: Any) -> dict[str, Any]:
    """Return what ran on one database: its revisions in order, those that did not run last."""
    made = {each.revision: unit_of(each, relative) for each in revisions}
    for name, unit in made.items():
        unit["up"], unit["down"] = database["up"].get(name), database["down"].get(name)
    ran = list(dict.fromkeys(database["ran"]))
    return {
        "name": database["name"],
        "engine": database["engine"],
        "prelude": database["prelude"],
        "ran": len(ran),
        "units": [made[name] for name in ran] + [made[r] for r in reversed(made) if r not in ran],
    }


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
        recorder.begin(self.dialect.name, given)
        recorder.inside = True
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
    config: Any, script: Any, recorder: Recorder, relative: Any, heads: Any, way: str, fault_of: Any
) -> None:
    """Let env.py run all revisions one way."""
    from alembic.runtime.environment import EnvironmentContext

    recorder.start(way)
    for revision in script.walk_revisions():
        wrap(revision, way, relative, recorder, fault_of)

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
    if way == "up" and recorder.databases:
        # What env.py executes behind the revisions was never told from what comes before them.
        recorder.databases[-1]["prelude"] += recorder.prelude


def wrap(revision: Any, way: str, relative: Any, recorder: Recorder, fault_of: Any) -> None:
    """Let a revision's function tell what it wrote, and whether it came to its end."""
    name = "upgrade" if way == "up" else "downgrade"
    module, path = revision.module, relative(revision.path)
    function: Any = getattr(module, name, None)

    def wrapped(*given: Any, **named: Any) -> None:
        record: dict[str, Any] = {
            "pieces": [],
            "troubles": [],
            "transaction": recorder.transaction,
            "line": function.__code__.co_firstlineno if hasattr(function, "__code__") else 0,
        }
        database = recorder.databases[recorder.number - 1]
        database[way][revision.revision] = record
        if way == "up":
            database["ran"].append(revision.revision)
        recorder.unit, recorder.file = record, module.__file__
        try:
            if function is None:
                raise NotImplementedError("there is no " + name + "()")
            function(*given, **named)
        except Exception as fault:
            told = fault_of(fault)
            inside = told["path"] == path
            told["line"] = told["line"] if inside else record["line"]
            record["troubles"].append(told)
        finally:
            recorder.unit = None

    setattr(module, name, wrapped)
