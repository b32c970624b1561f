"""Changes of type: what the server rewrites is checked in test_on_a_server; here, who breaks."""

from __future__ import annotations

import pytest

from cdkit.migrations.fares import TypeChange
from cdkit.migrations.nouns import Type
from cdkit.migrations.postgres.types import change


def kind(text: str) -> Type:
    name, _, inside = text.partition("(")
    sizes = inside.removesuffix(")").split(",") if inside else []
    return Type(name.removesuffix("[]"), tuple(map(int, sizes)), name.endswith("[]"))


@pytest.mark.parametrize(
    ("old", "new", "fares"),
    [
        ("varchar(20)", "varchar(40)", "same"),
        ("varchar(20)", "varchar(10)", "narrower"),
        ("varchar(20)", "text", "same"),
        ("text", "varchar(20)", "narrower"),
        ("varchar", "varchar(20)", "narrower"),
        ("numeric(8,2)", "numeric(8,2)", "same"),
        ("numeric(8,2)", "numeric", "same"),
        ("numeric", "numeric(8,2)", "narrower"),
        ("numeric(8,2)", "numeric(10,4)", "wider"),
        ("numeric(8,2)", "numeric(9,4)", "narrower"),
        ("numeric(8)", "numeric(10)", "same"),
        ("int2", "int4", "wider"),
        ("int8", "int4", "narrower"),
        ("int4", "numeric(4)", "narrower"),
        ("float4", "float8", "other"),
        ("float8", "float4", "other"),
        ("int4", "float8", "other"),
        ("timestamp", "timestamptz", "other"),
        ("timestamptz(3)", "timestamptz", "same"),
        ("interval(32767,3)", "interval(32767,6)", "same"),
        ("interval(32767,3)", "interval", "same"),
        ("interval(1032)", "interval", "same"),
        ("interval", "interval(32767,3)", "narrower"),
        ("interval", "interval(1032)", "narrower"),
        ("xml", "text", "other"),
        ("timestamptz", "timestamptz(3)", "narrower"),
        ("cidr", "inet", "same"),
        ("inet", "cidr", "other"),
        ("text", "citext", "other"),
        ("bpchar(4)", "bpchar(8)", "wider"),
        ("int4", "text", "other"),
        ("state", "text", "other"),
        ("int4", "int4[]", "other"),
    ],
)
def test_the_old_code_fares_so(old: str, new: str, fares: str) -> None:
    assert change(kind(old), kind(new)).fares == fares


def test_an_array_is_rewritten_even_where_its_elements_would_not_be() -> None:
    longer = change(Type("varchar", (20,), array=True), Type("varchar", (40,), array=True))
    assert longer == TypeChange(rewrites=True, fares="same")


def test_a_modifier_that_is_no_number_cannot_be_compared() -> None:
    assert change(Type("geometry", (None,)), Type("geometry", (4,))).breaks
