"""Enums: their values through a history, and types that are made anew under the old name."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Severity
from cdkit.migrations.nouns import Name
from tests.migrations.judging import judged
from tests.migrations.test_replay import after

MADE = "CREATE TYPE role AS ENUM ('user', 'admin');\n"
USED = f"{MADE}CREATE TABLE people (id int, role role NOT NULL DEFAULT 'user');\n-- released\n"
TYPEORM = """ALTER TYPE public.role RENAME TO role_old;
CREATE TYPE public.role AS ENUM ({values});
ALTER TABLE people ALTER COLUMN role DROP DEFAULT;
ALTER TABLE people ALTER COLUMN role TYPE public.role USING role::"text"::public.role;
ALTER TABLE people ALTER COLUMN role SET DEFAULT 'user';
DROP TYPE public.role_old;
"""
PRISMA = """CREATE TYPE role_new AS ENUM ({values});
ALTER TABLE people ALTER COLUMN role DROP DEFAULT;
ALTER TABLE people ALTER COLUMN role TYPE role_new USING (role::text::role_new);
ALTER TYPE role RENAME TO role_old;
ALTER TYPE role_new RENAME TO role;
DROP TYPE role_old;
ALTER TABLE people ALTER COLUMN role SET DEFAULT 'user';
"""
BREAKS = {"changed-column-type", "dropped-object", "renamed-object"}
MORE = "'guest', 'user', 'admin'"


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ("ADD VALUE 'guest'", ("user", "admin", "guest")),
        ("ADD VALUE 'guest' BEFORE 'admin'", ("user", "guest", "admin")),
        ("ADD VALUE 'guest' AFTER 'user'", ("user", "guest", "admin")),
        ("ADD VALUE IF NOT EXISTS 'admin'", ("user", "admin")),
        ("RENAME VALUE 'admin' TO 'owner'", ("user", "owner")),
    ],
)
def test_a_schema_knows_the_values_of_an_enum(change: str, values: tuple[str, ...]) -> None:
    made = after(MADE, f"ALTER TYPE role {change};").thing(Name("", "role"))
    assert made is not None
    assert made.labels == values


def test_columns_keep_a_type_that_is_renamed() -> None:
    schema = after(
        "CREATE TYPE app.role AS ENUM ('a'); CREATE TABLE t (r app.role[], s role);",
        "ALTER TYPE app.role RENAME TO old;",
    )
    table = schema.table(Name("", "t"))
    assert table is not None
    assert [each.type.name for each in table.columns.values()] == ["app.old", "role"]


def breaks(change: str) -> set[str]:
    """Return the rules that find something that breaks a running version."""
    found = judged(USED + change).findings
    return {
        each.rule
        for each in found
        if each.question == "compatible" and each.severity.rank >= Severity.MEDIUM.rank
    }


@pytest.mark.parametrize("form", [TYPEORM, PRISMA])
def test_an_enum_that_is_made_anew_with_all_its_values_breaks_nobody(form: str) -> None:
    assert breaks(f"BEGIN;\n{form.format(values=MORE)}COMMIT;") == set()


@pytest.mark.parametrize("form", [TYPEORM, PRISMA])
@pytest.mark.parametrize(
    "values", ["'user', 'guest'", "'admin', 'user'", "'user', 'Admin'"], ids=lambda v: v
)
def test_an_enum_that_lacks_a_value_or_sorts_otherwise_breaks(form: str, values: str) -> None:
    assert breaks(f"BEGIN;\n{form.format(values=values)}COMMIT;") == BREAKS


@pytest.mark.parametrize("form", [TYPEORM, PRISMA])
def test_outside_of_a_transaction_others_see_what_is_between(form: str) -> None:
    said = form.format(values=MORE).replace(";\n", ";\nCOMMIT;\nBEGIN;\n")
    assert "renamed-object" in breaks(f"BEGIN;\n{said}COMMIT;")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('USING role::"text"::public.role', "USING 'user'::text::public.role"),
        ('USING role::"text"::public.role', "USING id::text::public.role"),
        ('USING role::"text"::public.role', "USING left(role::text, 4)::public.role"),
        ('ALTER COLUMN role TYPE public.role USING role::"text"::public.role', "DROP COLUMN id"),
        ("public.role USING role::", "text USING role::"),
    ],
)
def test_a_column_that_holds_something_else_by_then_breaks(old: str, new: str) -> None:
    said = TYPEORM.format(values=MORE)
    assert old in said
    assert breaks(f"BEGIN;\n{said.replace(old, new)}COMMIT;") & BREAKS


def test_what_goes_along_with_a_type_is_lost() -> None:
    said = TYPEORM.format(values=MORE).replace("public.role_old;", "public.role_old CASCADE;")
    assert "dropped-object" in breaks(f"BEGIN;\n{said}COMMIT;")
