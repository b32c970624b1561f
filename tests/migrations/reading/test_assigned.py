"""Which columns an UPDATE sets, by its tokens."""

from __future__ import annotations

import pytest

from cdkit.migrations.reading.assigned import assigned
from cdkit.migrations.reading.scan import scan

UPDATES = {
    "UPDATE t SET a = 1": ("a",),
    "UPDATE t SET a = 1, b = f(c, d), a = 2": ("a", "b"),
    "UPDATE t SET t.a = 1, `b c` = 2": ("a", "b c"),
    "UPDATE t SET a = (SELECT b FROM s WHERE s.set = 1), c = 2 WHERE d = 3": ("a", "c"),
    "UPDATE t SET (a, b) = (1, 2), c = 3": ("a", "b", "c"),
    "UPDATE t SET a = CASE WHEN b = 1 THEN 2 END ORDER BY c = 1 LIMIT 2": ("a",),
    "UPDATE t SET a = 1 FROM s WHERE s.b = t.b RETURNING c = 1": ("a",),
    "UPDATE t SET": (),
    "UPDATE t SET a": (),
    "UPDATE t SET = 1, ) = 2, ( = 3": (),
}


@pytest.mark.parametrize("sqlite", [True, False])
@pytest.mark.parametrize("sql", UPDATES)
def test_each_column_on_the_left_is_named_once(sql: str, *, sqlite: bool) -> None:
    assert assigned(scan(sql.encode(), sqlite=sqlite)) == UPDATES[sql]
