"""Runs in the project's own Python: every migration's SQL, by Django's own schema editor.

What `manage.py sqlmigrate` prints for each migration of the plan, both ways, operation after
operation, without a database: nothing connects, and where Django would look up the name of a
constraint in the database, it is looked up in the SQL rendered so far. What asks for more than that
is told as a trouble. Sources: Django documentation, "django-admin sqlmigrate", "Migration
Operations"; its source, `Migration.apply` and `unapply`, and of its schema editor `collect_sql` and
`_constraint_names`.
"""

from __future__ import annotations

import ast
import copy
import inspect
import os
import runpy
from typing import Any

MYSQL = (8, 4, 0)
MARIADB = (11, 4, 0)


class AsksDatabase(Exception):
    """Django wants to know what only a database knows."""


def render(request: Any, fault_of: Any, relative: Any) -> dict[str, Any]:
    """Let manage.py set the project up, and return every migration in the order of the plan."""
    from django.core import management

    answer: dict[str, Any] = {}
    said: Any = []

    def ours(*_given: Any, **_named: Any) -> None:
        import django

        django.setup()
        answer.update(history(request, fault_of, relative))
        said.append(True)

    management.execute_from_command_line = ours
    import sys

    sys.argv[:] = ["manage.py", "sqlmigrate"]
    runpy.run_path(request["manage"], run_name="__main__")
    if not said:
        raise RuntimeError("manage.py does not call execute_from_command_line()")
    return answer


def history(request: Any, fault_of: Any, relative: Any) -> dict[str, Any]:
    """Return every migration of the plan, and what stands against it."""
    import django
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader

    connection = connections["default"]
    unconnected(connection, request)
    uncoded()
    loader = MigrationLoader(None)
    plan: Any = []
    for leaf in loader.graph.leaf_nodes():
        plan += [key for key in loader.graph.forwards_plan(leaf) if key not in plan]
    aliases, lame = others(connections, request)
    if not connection.settings_dict.get("ENGINE", DUMMY).startswith(DUMMY) or not aliases:
        aliases.insert(0, connection)
    databases = [
        database(each, loader, plan, fault_of, relative, lame if number == 0 else ())
        for number, each in enumerate(aliases)
    ]
    # What nothing runs on has no history: `default` may be there for Django's own sake alone.
    first, *rest = sorted(databases, key=runs, reverse=True)
    rest = [each for each in rest if runs(each)]
    leaves = {app: sorted(found) for app, found in loader.detect_conflicts().items()}
    return {
        **first,
        "version": django.get_version(),
        "others": rest,
        "heads": [
            relative(inspect.getfile(type(loader.graph.nodes[app, name])))
            for app, found in sorted(leaves.items())
            for name in found
        ],
        "databases": sorted(set(connections) - {"default", *(each["name"] for each in databases)}),
    }


def others(connections: Any, request: Any) -> Any:
    """Return the databases that a router may send something to, and those whose backend is lacking.

    Without a router all are as the first is: whoever migrates them gets the same there. What
    mirrors another in tests is a copy of it.
    """
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    found: Any = []
    lame: Any = []
    for alias in connections if settings.DATABASE_ROUTERS else ():
        if alias == "default" or (connections.settings[alias].get("TEST") or {}).get("MIRROR"):
            continue
        try:
            other = connections[alias]
        except ImproperlyConfigured:
            lame.append(connections["default"].copy(alias))
            continue
        unconnected(other, request)
        found.append(other)
    return found, lame


def database(
    connection: Any, loader: Any, plan: Any, fault_of: Any, relative: Any, lame: Any
) -> Any:
    """Return every migration of the plan, with its SQL on one database."""
    from django.db.migrations.state import ProjectState

    state = ProjectState(real_apps=getattr(loader, "unmigrated_apps", None))
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "constraint_names.py")
    names = runpy.run_path(beside)["Names"](connection.vendor)
    units = []
    for key in plan:
        migration = loader.graph.nodes[key]
        unit, state = unit_of(migration, state, connection, names, fault_of, relative, lame)
        replaced = [tuple(each) for each in migration.replaces]
        unit["replaces"] = [
            relative(inspect.getfile(type(loader.disk_migrations[each])))
            for each in replaced
            if each in loader.disk_migrations
        ]
        units.append(unit)
    return {
        "name": connection.alias,
        "engine": connection.vendor,
        "units": units,
        "ran": len(units),
    }


def runs(found: Any) -> bool:
    """Whether anything at all runs on a database."""
    return any(unit["up"]["pieces"] or unit["up"]["troubles"] for unit in found["units"])


DUMMY = "django.db.backends.dummy"
"""What Django takes where the settings leave `default` empty, as they may beside routers."""

VENDORS = {"postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}


def unconnected(connection: Any, request: Any) -> None:
    """Let a connection answer what is known without a server, and refuse the rest."""
    server = request["server"]
    version = request["version"] if VENDORS.get(server) == connection.vendor else ()

    def refuse(*_: Any, **__: Any) -> None:
        raise AsksDatabase("it asks the database")

    if connection.vendor == "sqlite":
        connection.settings_dict["NAME"] = ":memory:"
        return
    connection.connect = connection.ensure_connection = connection.get_new_connection = refuse
    if connection.vendor == "postgresql":
        major = version[0] if version else 17
        connection.__dict__["pg_version"] = major * 10000
        connection.ops.compose_sql = lambda sql, params: composed(connection, sql, params)
    if connection.vendor == "mysql":
        plain = MARIADB if server == "mariadb" else MYSQL
        numbers = ".".join(map(str, (*version, 0, 0, 0)[:3] if version else plain))
        connection.__dict__["mysql_server_data"] = {
            "version": numbers + ("-MariaDB" if server == "mariadb" else ""),
            "sql_mode": "STRICT_TRANS_TABLES",
            "default_storage_engine": "InnoDB",
            "lower_case_table_names": 0,
            "has_zoneinfo_database": True,
        }


def uncoded() -> None:
    """Let code below other operations (SeparateDatabaseAndState) not run: it is told as code."""
    from django.db.migrations.operations import RunPython

    def nothing(*_given: Any, **_named: Any) -> None:
        return None

    RunPython.database_forwards = RunPython.database_backwards = nothing


def composed(connection: Any, sql: str, params: Any) -> str:
    """Put parameters into a statement, as Django's PostgreSQL backend does through a connection."""
    editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
    return sql % tuple(str(editor.quote_value(each)) for each in params)


def unit_of(
    migration: Any,
    state: Any,
    connection: Any,
    names: Any,
    fault_of: Any,
    relative: Any,
    others: Any = (),
) -> Any:
    """Return a migration with its SQL both ways, and the state after it."""
    path = inspect.getfile(type(migration))
    lines = lines_of(path, len(migration.operations))
    wrapped = bool(connection.features.can_rollback_ddl and migration.atomic)
    up = {"pieces": [], "troubles": [], "transaction": wrapped, "line": lines[-1]}
    steps = []
    for operation in migration.operations:
        new = state.clone()
        operation.state_forwards(migration.app_label, new)
        steps.append((operation, state, new))
        state = new
    from django.db.migrations import Migration

    if type(migration).apply is not Migration.apply:
        said = "this migration has an apply() of its own"
        up["troubles"].append({"kind": "code", "said": said, "path": "", "line": lines[-1]})
    way(migration, [*zip(steps, lines)], "forwards", connection, names, up, fault_of)
    routed(migration, [*zip(steps, lines)], up, others)
    down = None
    if all(operation.reversible for operation in migration.operations):
        down = {"pieces": [], "troubles": [], "transaction": wrapped, "line": lines[-1]}
        back = [*reversed([*zip(steps, lines)])]
        way(migration, back, "backwards", connection, copy.deepcopy(names), down, fault_of)
    unit = {
        "key": migration.app_label + "." + migration.name,
        "path": relative(path),
        "module": type(migration).__module__,
        "up": up,
        "down": down,
    }
    return unit, state


def way(
    migration: Any, steps: Any, name: str, connection: Any, names: Any, record: Any, fault_of: Any
) -> None:
    """Collect the SQL of a migration's operations one way."""
    editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
    editor.deferred_sql = []
    # An operation asks for the constraints that it must drop or rename.
    editor._constraint_names = names.asked()
    owners: Any = {}
    original = editor.execute

    def execute(sql: Any, params: Any = ()) -> None:
        before = len(editor.collected_sql)
        original(sql, params)
        for text in editor.collected_sql[before:]:
            names.follow(text)
            record["pieces"].append({"sql": text, "line": editor.cdkit_line})

    editor.execute = execute
    for (operation, old, new), line in steps:
        editor.cdkit_line = line
        try:
            one(operation, migration.app_label, name, editor, old, new, record, line)
        except Exception as fault:
            told = fault_of(fault)
            told["line"], told["path"] = line, ""
            record["troubles"].append(told)
        for sql in editor.deferred_sql:
            owners.setdefault(id(sql), line)
    for sql in list(editor.deferred_sql):
        editor.cdkit_line = owners.get(id(sql), record["line"])
        editor.execute(sql, None)


def routed(migration: Any, steps: Any, record: Any, others: Any) -> None:
    """Tell what a router keeps from the default database and lets run on one with no backend."""
    lines = {piece["line"] for piece in (*record["pieces"], *record["troubles"])}
    for connection in others:
        for (operation, old, new), line in steps:
            if line in lines:
                continue
            editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
            editor.deferred_sql = []
            try:
                operation.database_forwards(migration.app_label, editor, old, new)
                runs = bool(editor.collected_sql or editor.deferred_sql)
            except Exception:
                # It wants to do something there, and needs the database for it.
                runs = True
            if runs:
                said = type(operation).__name__ + " runs on the database " + connection.alias
                record["troubles"].append({"kind": "code", "said": said, "path": "", "line": line})
                lines.add(line)


def codes(operation: Any) -> Any:
    """Yield the operations of an operation, it and those below it, that no SQL stands for."""
    if not operation.reduces_to_sql:
        yield operation
    for below in getattr(operation, "database_operations", None) or ():
        yield from codes(below)


def one(
    operation: Any, app: str, name: str, editor: Any, old: Any, new: Any, record: Any, line: int
) -> None:
    """Run one operation into the editor, or say that it is code."""
    from django.db import router

    for each in codes(operation):
        if not router.allow_migrate(editor.connection.alias, app, **getattr(each, "hints", {})):
            continue
        code = getattr(each, "code" if name == "forwards" else "reverse_code", None)
        if code is None or getattr(code, "__name__", "") != "noop":
            said = type(each).__name__ + " runs " + getattr(code, "__name__", "code")
            told = {"kind": "code", "said": said, "path": "", "line": line}
            record["troubles"].append(told)
    if not operation.reduces_to_sql:
        return
    if name == "forwards":
        operation.database_forwards(app, editor, old, new)
    else:
        operation.database_backwards(app, editor, new, old)


def lines_of(path: str, count: int) -> Any:
    """Return the line of each operation in a migration's file, and that of its class last."""
    try:
        with open(path, "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return [0] * (count + 1)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            for item in node.body:
                targets = getattr(item, "targets", [getattr(item, "target", None)])
                named = [getattr(each, "id", "") for each in targets]
                value: Any = getattr(item, "value", None)
                if "operations" in named and isinstance(value, ast.List):
                    found = [each.lineno for each in value.elts]
                    if len(found) == count:
                        return [*found, node.lineno]
            return [node.lineno] * (count + 1)
    return [0] * (count + 1)
