"""A view or function is another one from now on, under the name that the running version uses.

The server sees to it that a view keeps its columns and a function its signature. Whether it still
means the same is another matter: a view that filters otherwise shows other rows without any error,
a function with another body returns something else, one with another search path finds other
tables. A view that only gains a column, and a function that is replaced by itself, are left alone.
A materialized view that is refreshed WITH NO DATA cannot be read before it is refreshed again.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.bodies import does_the_same, finds_the_same, is_read, is_same_code, writes_of
from cdkit.migrations.mysql.marks import INVOKER, definer_of
from cdkit.migrations.net import other_rows
from cdkit.migrations.nouns import STEADY
from cdkit.migrations.operation import CreateObject, Refresh
from cdkit.migrations.reading.scan import scan
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.things import placed
from cdkit.migrations.ways import later


def check(operation: CreateObject | Refresh, context: Context) -> Iterator[Hit]:
    """Say so for what is replaced in place."""
    if isinstance(operation, Refresh):
        if operation.empties and not context.schema.is_new_thing(operation.view):
            yield _emptied(operation)
        return
    name = operation.name
    if not operation.replace or context.schema.is_new_thing(name):
        return
    if context.schema.thing(name) is None and context.schema.things:
        return
    severity, said = _judged(operation, context)
    if not said:
        return
    yield Hit(
        message=f"replaces the {operation.kind} {name}: {said}",
        about=str(name),
        severity=severity,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="see that the running version can live with what it returns now",
            replacement=later(operation, "code that can live with what it returns then"),
        ),
    )


def _emptied(operation: Refresh) -> Hit:
    return Hit(
        message=f"empties the materialized view {operation.view}: a running version cannot read it "
        "before it is refreshed again",
        about=str(operation.view),
        severity=Severity.HIGH,
        fix=Fix(
            summary="refresh it with its data, CONCURRENTLY (it needs a unique index)",
            replacement=f"REFRESH MATERIALIZED VIEW CONCURRENTLY {operation.view.sql};",
        ),
    )


def _judged(operation: CreateObject, context: Context) -> tuple[Severity | None, str]:
    """Return what is different; an empty text where nothing is."""
    if operation.function:
        return _of_function(operation, context)
    if operation.options and operation.query is None:
        return _of_options(operation, context)
    if operation.kind in {"function", "procedure", "package", "aggregate"}:
        return _of_body(operation, context)
    if operation.kind == "sequence":
        return Severity.MEDIUM, "it counts anew, and what it gave before comes again"
    return _of_view(operation, context)


def _of_body(operation: CreateObject, context: Context) -> tuple[Severity | None, str]:
    """What the model has the text of: a routine of MySQL, an aggregate."""
    found = context.schema.thing(operation.name)
    if found is None or not found.body:
        return None, "a running version gets what the new one does"
    if _is_same_text(found.body, operation.body, context):
        return None, ""
    return Severity.MEDIUM, "it does something else for a running version that calls it"


def _is_same_text(one: str, other: str, context: Context) -> bool:
    """Whether two texts are the same but for white space and comments that are none of MySQL's."""
    if context.server.engine == "postgres":
        return is_same_code(one, other, "sql")
    if "/*" in one or "/*" in other:
        return one == other
    texts = ([x.text for x in scan(each.encode(), sqlite=False)] for each in (one, other))
    return next(texts) == next(texts)


def _of_view(operation: CreateObject, context: Context) -> tuple[Severity | None, str]:
    if operation.other_rows:
        return Severity.MEDIUM, "a running version gets other rows"
    found = context.schema.thing(operation.name)
    if found and (who := _other_rights(found.body, operation.body)):
        return Severity.MEDIUM, f"it asks with the rights of {who}"
    if found is None or found.query is None or operation.query is None:
        return None, "a running version gets what the new one says"
    old, new = found.query, placed(context.schema, operation.query)
    if fault := other_rows(old, new):
        return Severity.MEDIUM, fault
    gone = [each for each in old.columns if "*" not in new.columns and each not in new.columns]
    if gone and context.server.engine != "postgres":
        return Severity.HIGH, f"it lacks {', '.join(gone)}"
    same = (old.rest, old.sources) == (new.rest, new.sources)
    joins = not same and len(new.columns) > len(old.columns)
    return None, "rows that its new columns have nothing for may be missing" if joins else ""


def _other_rights(old: str, new: str) -> str:
    """Say with whose rights a view of MySQL asks, where those are others than before."""
    if INVOKER in new:
        return "" if INVOKER in old else "whoever reads it"
    who = definer_of(new)
    return f"{who}, who may have none" if who and who != definer_of(old) else ""


def _of_function(operation: CreateObject, context: Context) -> tuple[Severity | None, str]:
    found, made = context.schema.thing(operation.name), operation.function
    old = found.routines.get(made.takes) if found and made else None
    if found and found.routines and old is None:
        return None, ""
    if old is None or made is None:
        return None, "a running version gets what the new one does"
    after = structs.replace(old, body=operation.body, function=made)
    if context.schema.is_new(old.epoch):
        return None, ""
    kept = not STEADY & set(made.options) or STEADY & set(old.function.options)
    if not kept and writes_of(after):
        return Severity.HIGH, _NOT_VOLATILE
    if does_the_same(old, after):
        return None, ""
    return Severity.MEDIUM, "it does something else for a running version that calls it"


_NOT_VOLATILE = "it writes, which the server refuses to a function that is not VOLATILE"


def _of_options(operation: CreateObject, context: Context) -> tuple[Severity | None, str]:
    """ALTER FUNCTION: most options are about how it is planned."""
    given = dict(each.partition("=")[::2] for each in operation.options)
    options = set(given)
    found = context.schema.thing(operation.name)
    routines = list(found.routines.values()) if found else []
    if options & STEADY and any(writes_of(each) for each in routines):
        return Severity.HIGH, _NOT_VOLATILE
    if (path := given.get("set search_path")) is not None and not (
        routines and all(finds_the_same(each, path, context.schema) for each in routines)
    ):
        return Severity.MEDIUM, "it looks for bare names elsewhere"
    if options & _SETTINGS:
        return Severity.MEDIUM, "what it returns is written or read in another way"
    if "security invoker" in options and not _callers_may(operation, context):
        return Severity.MEDIUM, "it runs with the rights of whoever calls it"
    if options & {"strict", "called on null input"}:
        return Severity.MEDIUM, "it does something else where an argument is null"
    return None, f"{', '.join(operation.options)} changes"


_SETTINGS_WORDS = """
    timezone datestyle intervalstyle bytea_output extra_float_digits lc_monetary lc_numeric lc_time
    row_security role standard_conforming_strings
"""
_SETTINGS = frozenset(f"set {name}" for name in _SETTINGS_WORDS.split())
"""Settings that change what values look like or which rows are seen (PostgreSQL manual, 20.11)."""


def _callers_may(operation: CreateObject, context: Context) -> bool:
    """Whether each role that migrations grant anything may write what the function writes."""
    grants, schema = context.schema.grants, context.schema
    found = schema.thing(operation.name)
    routines = list(found.routines.values()) if found else []
    if not routines or not all(is_read(each) and each.function.definer for each in routines):
        return bool(routines) and not any(each.function.definer for each in routines)
    written = {schema.full(name) for each in routines for name in writes_of(each)}
    using = [role for role in grants.roles if any(grants.may(role, "table", x) for x in written)]
    return bool(using) and all(
        "INSERT" in grants.may(role, "table", name) for role in using for name in written
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(CreateObject, Refresh),
    check=check,
    instead="See that the running version can live with what it returns now.",
    bad=(
        Example(
            text="-- server mariadb:10.11\nCREATE SEQUENCE s;\n-- released\n"
            "CREATE OR REPLACE SEQUENCE s START WITH 1;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE DEFINER = 'gone'@'%' VIEW v AS SELECT a FROM o;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE VIEW v AS SELECT a, b FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, b * 2 AS b FROM o;",
            line=4,
        ),
        Example(
            text="CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM o';\n"
            "ALTER FUNCTION f() SECURITY DEFINER;\n-- released\n"
            "ALTER FUNCTION f() SECURITY INVOKER;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE VIEW v AS SELECT a FROM o WHERE b = 1;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o WHERE b <> 1;",
            line=4,
        ),
        Example(text="REFRESH MATERIALIZED VIEW totals WITH NO DATA;", line=1),
        Example(
            text="CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);\n-- released\n"
            "CREATE OR REPLACE AGGREGATE total(int) (SFUNC = int4mi, STYPE = int);",
            line=3,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT DISTINCT a FROM o;",
            line=4,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o WHERE b;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o WHERE c;",
            line=3,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, b FROM app.o;",
            line=3,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o WHERE b IN (SELECT b FROM o);\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o WHERE b IN (SELECT b FROM app.o);",
            line=3,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, b FROM o WHERE c;",
            line=3,
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE VIEW v AS SELECT a, b FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o;",
            line=4,
        ),
        Example(text="CREATE OR REPLACE VIEW v AS SELECT 1 AS a;", line=1),
        Example(
            text="-- server mariadb:10.11\nCREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT a FROM o;",
            line=4,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o ORDER BY a;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o;",
            line=3,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o LIMIT 5;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o ORDER BY a LIMIT 5;",
            line=3,
        ),
        Example(text="ALTER FUNCTION total(int) STRICT;", line=1),
        Example(text="ALTER FUNCTION today() SET timezone = 'UTC';", line=1),
        Example(
            text="CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
            line=3,
        ),
    ),
    good=(
        Example(text="CREATE VIEW v AS SELECT 1 AS a;"),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o WHERE b;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, c FROM o WHERE b;"
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o WHERE b;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT x.a FROM o AS x WHERE x.b ORDER BY x.a;"
        ),
        Example(
            text="CREATE VIEW v AS SELECT o.a FROM o JOIN public.p USING (b);\n-- released\n"
            "CREATE OR REPLACE VIEW public.v AS SELECT o.a FROM public.o JOIN p USING (b);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createview.html",),
)
