"""Which trigger bodies give a column a value for sure."""

from __future__ import annotations

import pytest

from cdkit.migrations.postgres.assigns import gives_value

SURE = [
    "BEGIN NEW.k := lower(NEW.a); RETURN NEW; END",
    'DECLARE n int := 1; BEGIN new."k" = 2; RETURN NEW; END',
    "BEGIN IF NEW.k IS NULL THEN NEW.k := now(); END IF; RETURN NEW; END",
    "BEGIN NEW.k := coalesce(NEW.k, NEW.b, 'x'::text); RETURN NEW; END",
    "BEGIN PERFORM 1; NEW.k := NEW.a || '-' || upper(NEW.a); RETURN NEW; END",
]
UNSURE = [
    "BEGIN NEW.k := NEW.b; RETURN NEW; END",
    "BEGIN NEW.k := lower(NEW.b); RETURN NEW; END",
    "BEGIN NEW.k := (SELECT 1); RETURN NEW; END",
    "BEGIN NEW.k := NULL; RETURN NEW; END",
    "BEGIN NEW.k := NULL::text; RETURN NEW; END",
    "BEGIN NEW.k := 1; NEW.k := NEW.b; RETURN NEW; END",
    "BEGIN NEW.k := 1; NEW := OLD; RETURN NEW; END",
    "BEGIN NEW.k := 1; SELECT * INTO NEW FROM o; RETURN NEW; END",
    "BEGIN NEW.k := 1; RETURN OLD; END",
    "BEGIN IF NEW.a = 'x' THEN RETURN NEW; END IF; NEW.k := 1; RETURN NEW; END",
    "BEGIN IF NEW.a = 'x' THEN NEW.k := 1; END IF; RETURN NEW; END",
    "BEGIN IF NEW.b IS NULL THEN NEW.k := 1; END IF; RETURN NEW; END",
    "BEGIN NEW.k := mine.now(); RETURN NEW; END",
    "BEGIN NEW.k := unknown(NEW.a); RETURN NEW; END",
    "BEGIN NEW.k := 1; EXECUTE 'x' INTO NEW; RETURN NEW; END",
    "BEGIN NEW.k := 1; EXCEPTION WHEN others THEN RETURN NEW; END",
    "BEGIN -- NEW.k := 1;\n RETURN NEW; END",
    "BEGIN NEW.other := 1; RETURN NEW; END",
    "BEGIN NEW.k := 1; RETURN NEW; END $cdkit$",
    "no code",
]


@pytest.mark.parametrize("body", SURE)
def test_what_gives_the_column_a_value_is_known(body: str) -> None:
    assert gives_value(body, "k", {"a"})


@pytest.mark.parametrize("body", UNSURE)
def test_what_may_leave_it_null_is_never_taken_for_sure(body: str) -> None:
    assert not gives_value(body, "k", {"a"})
