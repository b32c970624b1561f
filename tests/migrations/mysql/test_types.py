"""Changes of type in MySQL: who breaks."""

from __future__ import annotations

import pytest

from cdkit.migrations.mysql.columns import column_type
from cdkit.migrations.mysql.types import change
from cdkit.migrations.nouns import Type
from cdkit.migrations.reading.cursor import Cursor
from cdkit.migrations.reading.scan import scan


def kind(text: str) -> Type:
    return column_type(Cursor(scan(text.encode(), sqlite=False), len(text)))


@pytest.mark.parametrize(
    ("old", "new", "fares"),
    [
        ("int(11)", "INTEGER", "same"),
        ("int", "bigint", "wider"),
        ("bigint", "int", "narrower"),
        ("int", "int unsigned", "narrower"),
        ("int unsigned", "bigint", "wider"),
        ("int", "bigint unsigned", "narrower"),
        ("boolean", "tinyint(1)", "same"),
        ("varchar(20)", "varchar(40)", "same"),
        ("varchar(40)", "varchar(20)", "narrower"),
        ("varchar(40)", "text", "wider"),
        ("varchar(40)", "tinytext", "other"),
        ("char(4)", "varchar(4)", "wider"),
        ("varchar(4)", "char(4)", "other"),
        ("decimal", "decimal(10,0)", "same"),
        ("decimal(8,2)", "decimal(10,2)", "wider"),
        ("decimal(8,2)", "decimal(8,4)", "narrower"),
        ("datetime", "datetime(6)", "wider"),
        ("datetime", "timestamp", "other"),
        ("text", "mediumtext", "wider"),
        ("text", "tinytext", "narrower"),
        ("float", "double", "wider"),
        ("int", "varchar(20)", "other"),
        ("json", "text", "other"),
        ("enum('a')", "enum('a','b')", "wider"),
        ("enum('a','b')", "enum('a')", "narrower"),
        ("national varchar(9)", "varchar(9)", "same"),
        ("double precision", "real", "same"),
    ],
)
def test_a_type_fares_as_its_values_do(old: str, new: str, fares: str) -> None:
    assert change(kind(old), kind(new)).fares == fares
