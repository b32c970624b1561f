"""Which server is meant, and what to write where none is."""

from __future__ import annotations

import pytest

from cdkit.core.errors import RequestError
from cdkit.migrations.server import server_of


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("postgres:9.6", "postgres:12"),
        ("postgres:99", "postgres:19"),
        ("postgres: 16", "postgres:19"),
        ("mysql:5.6", "mysql:5.7"),
        ("mariadb:10.4", "mariadb:10.5"),
        ("mariadb:12", "mariadb:11"),
    ],
)
def test_a_version_that_nobody_here_knows_is_sent_to_the_nearest(given: str, nearest: str) -> None:
    with pytest.raises(RequestError) as raised:
        server_of(given)
    assert raised.value.remedy == f"write the nearest to yours: `{nearest}`"
