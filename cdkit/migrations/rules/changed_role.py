"""What every later session begins with changes: its search path, its settings, its right to log in.

A changed `search_path` makes the running version find other tables under the same names, or none. A
role that is gone cannot log in.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeRole
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_HARSH = frozenset(
    {"set role", "set default_transaction_read_only", "drop role", "drop user", "rename user"}
    | {"set session_replication_role"}
)
_SHOWN = frozenset(
    {"set timezone", "set datestyle", "set intervalstyle", "set bytea_output", "set row_security"}
    | {"set standard_conforming_strings", "set lc_monetary", "set lc_numeric", "set lc_time"}
    | {"set extra_float_digits", "set session_authorization", "set default_text_search_config"}
    | {"set transform_null_equals", "set array_nulls", "set xmlbinary", "set xmloption"}
    | {"set client_encoding", "set default_transaction_isolation", "set backslash_quote"}
    | {"reset all"}
)
"""Settings that change what values look like or mean (PostgreSQL manual, 20.11 and 20.13), or which
statements fail; or all of them. In small letters: a name means the same in any."""
_USUAL = frozenset({("off",), ("false",), ("origin",)})
_NEEDED = frozenset({"no canlogin", "password", "no bypassrls", "no superuser", "validUntil"})
_NEEDED |= {"no inherit", "no rolemembers"}


def check(operation: ChangeRole, context: Context) -> Iterator[Hit]:
    """Flag each change; only some break anybody for sure."""
    if operation.action == "CREATE ROLE":
        return
    if context.schema.is_new(context.schema.roles.get(operation.role, 0)):
        return
    yield Hit(
        message=f"{operation.action} for {operation.role or 'all'}: later sessions of a running "
        "version begin otherwise",
        about=operation.role,
        severity=_severity(operation, context),
        fix=Fix(
            summary="set it in the application's own connection, release by release",
            replacement=later(operation, "a version that sets what it needs itself"),
        ),
    )


def _severity(operation: ChangeRole, context: Context) -> Severity | None:
    if operation.action == "SET search_path":
        return None if _finds_the_same(operation, context) else Severity.HIGH
    if _is_global_mode(operation.action):
        return Severity.HIGH
    action = operation.action.lower()
    if action in _HARSH:
        return None if operation.values in _USUAL else Severity.HIGH
    if action in _SHOWN:
        return Severity.MEDIUM
    if set(operation.values) & {"no canlogin", "no connectionlimit"}:
        return Severity.HIGH
    sees_all = set(operation.values) & {"bypassrls", "superuser"} and any(
        each.row_security for each in context.released.tables.values()
    )
    return Severity.MEDIUM if sees_all or set(operation.values) & _NEEDED else None


def _finds_the_same(operation: ChangeRole, context: Context) -> bool:
    """Whether a bare name means what it meant: the old schema is on the path, nothing before it."""
    home, known = context.schema.home, {*context.schema.tables, *context.schema.things}
    path = [part.strip().strip('"') for value in operation.values for part in value.split(",")]
    if home not in path:
        return False
    ahead = set(path[: path.index(home)]) - {"$user"}
    here = {name.name for name in known if name.schema == home}
    return not any(name.schema in ahead and name.name in here for name in known)


def _is_global_mode(action: str) -> bool:
    """Whether every session of a MySQL server gets another sql_mode, or may not write."""
    return action.startswith(("SET GLOBAL", "SET PERSIST")) and (
        "sql_mode" in action or "read_only" in action
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeRole,),
    check=check,
    instead="Set it in the application's own connection, release by release.",
    bad=(
        Example(text="ALTER ROLE app SET search_path = shop;", line=1),
        Example(text="DROP ROLE app;", line=1),
        Example(text="ALTER ROLE app SET default_text_search_config = german;", line=1),
        Example(text="ALTER ROLE app RESET ALL;", line=1),
        Example(text="ALTER ROLE app CONNECTION LIMIT 0;", line=1),
        Example(text="ALTER ROLE app NOINHERIT;", line=1),
        Example(text="ALTER ROLE app VALID UNTIL '2030-01-01' LOGIN;", line=1),
        Example(text="ALTER ROLE app PASSWORD 'infinity';", line=1),
        Example(
            text="DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN\n"
            "  CREATE ROLE app;\nEND IF; END $$;\nALTER ROLE app NOLOGIN;",
            line=4,
        ),
        Example(
            text="DO $$ BEGIN CREATE ROLE app;\nEXCEPTION WHEN duplicate_object THEN NULL;\n"
            "END $$;\nALTER ROLE app NOLOGIN;",
            line=4,
        ),
        Example(text="ALTER GROUP writers DROP USER app;", line=1),
        Example(text="-- server mysql:8.0\nALTER USER 'app'@'%' ACCOUNT LOCK;", line=2),
        Example(text="-- server mysql:8.0\nALTER USER 'app'@'%' IDENTIFIED BY 'x';", line=2),
    ),
    good=(
        Example(text="CREATE ROLE reports;"),
        Example(text="CREATE ROLE reports;\nALTER ROLE reports NOLOGIN;"),
        Example(text="ALTER ROLE app VALID UNTIL 'infinity';"),
        Example(text="ALTER ROLE app LOGIN CREATEDB CREATEROLE REPLICATION CONNECTION LIMIT -1;"),
        Example(text="ALTER GROUP writers ADD USER app;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-alterrole.html",),
)
