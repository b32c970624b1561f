"""The example's migrations, on a real PostgreSQL: each release lets the one before it go on."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from tests.examples.orders import BAD, EXAMPLE, migrate, releases, running

QUERIES = Path(__file__).parent / "queries"

ORDER = {
    "customer": {"email": "ada@example.com", "name": "Ada"},
    "lines": [{"sku": "TEA-GREEN", "quantity": 2, "unit_price_cents": 450}],
}


def test_each_migration_says_its_release() -> None:
    assert [name for name, _ in releases(EXAMPLE)] == ["1.0", "1.1", "1.2", "1.3", "1.4"]


def test_the_newest_release_has_two_migrations() -> None:
    _, newest = releases(EXAMPLE)[-1]
    assert [path.name for path in newest] == [
        "0011_add_orders_note.sql",
        "0012_create_order_events.sql",
    ]


def test_a_concurrent_index_is_alone_in_its_file() -> None:
    for path in sorted((EXAMPLE / "migrations").glob("*.sql")):
        statements = re.sub(r"--.*", "", path.read_text(encoding="utf-8")).split(";")
        if any("CONCURRENTLY" in each for each in statements):
            assert len([each for each in statements if each.strip()]) == 1, path


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("running_release", ["1.0", "1.1", "1.2", "1.3"])
def test_a_release_still_runs_after_the_next_one_migrated(
    postgres: str, running_release: str
) -> None:
    known = releases(EXAMPLE)
    at = [name for name, _ in known].index(running_release)
    queries = (QUERIES / f"{running_release}.sql").read_text(encoding="utf-8").splitlines()[1:]
    migrate(postgres, [path for _, paths in known[: at + 1] for path in paths])
    with psycopg.connect(postgres, autocommit=True, prepare_threshold=0) as connection:
        before = [_answer(connection, query) for query in queries]
        migrate(postgres, known[at + 1][1])
        # The same connection, with its statements prepared before the migration.
        after = [_answer(connection, query) for query in queries]
    assert [columns for columns, _ in after] == [columns for columns, _ in before]


def _answer(
    connection: psycopg.Connection[tuple[object, ...]], query: str
) -> tuple[list[str], int]:
    cursor = connection.execute(query.encode())
    return [column.name for column in cursor.description or []], cursor.rowcount


@pytest.mark.needs("postgres")
def test_the_backfill_gives_an_old_order_its_customer(postgres: str) -> None:
    known = dict(releases(EXAMPLE))
    migrate(postgres, known["1.0"] + known["1.1"])
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in ("Ada", "Ada L."):
            connection.execute(
                "INSERT INTO orders (customer_email, customer_name, status)"
                " VALUES ('ada@example.com', %s, 'open')",
                [name],
            )
        migrate(postgres, known["1.2"])
        found = connection.execute(
            "SELECT c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id"
        ).fetchall()
    assert found == [("Ada L.",), ("Ada L.",)]


@pytest.mark.needs("postgres")
def test_the_service_keeps_its_orders_in_postgresql(postgres: str) -> None:
    migrate(postgres, sorted((EXAMPLE / "migrations").glob("*.sql")))
    with running(EXAMPLE, postgres) as call:
        assert call("GET", "/health")[0] == 200
        made = call("POST", "/orders", {**ORDER, "note": "Ring twice."})
        assert made[0] == 201
        cancelled = call("POST", "/orders/1/cancel", {"reason": "changed my mind"})
        assert cancelled[1] == {
            **made[1],
            "status": "cancelled",
            "cancelled_at": cancelled[1]["cancelled_at"],
        }
        assert call("POST", "/orders/1/cancel")[0] == 409
        assert call("GET", "/orders/2")[0] == 404
        assert call("GET", "/orders?status=open")[1] == {"orders": [], "next_after": None}
        events = call("GET", "/orders/1/events")[1]["events"]
    assert [(each["kind"], each["detail"]) for each in events] == [
        ("created", None),
        ("cancelled", "changed my mind"),
    ]


@pytest.mark.needs("postgres")
def test_a_page_goes_on_after_the_one_before(postgres: str) -> None:
    migrate(postgres, sorted((EXAMPLE / "migrations").glob("*.sql")))
    with running(EXAMPLE, postgres) as call:
        for _ in range(3):
            call("POST", "/orders", ORDER)
        first = call("GET", "/orders?limit=2")[1]
        rest = call("GET", f"/orders?limit=2&after={first['next_after']}")[1]
    assert [each["id"] for each in first["orders"] + rest["orders"]] == [1, 2, 3]


@pytest.mark.needs("postgres")
def test_the_bad_migration_breaks_the_running_version(postgres: str) -> None:
    migrate(postgres, sorted((EXAMPLE / "migrations").glob("*.sql")))
    with running(EXAMPLE, postgres) as call:
        assert call("POST", "/orders", ORDER)[0] == 201
        migrate(postgres, sorted((BAD / "migrations").glob("*.sql")))
        assert call("GET", "/orders/1")[0] == 500
        assert call("POST", "/orders", ORDER)[0] == 500


@pytest.mark.needs("postgres")
def test_the_bad_commit_works_with_its_own_migration(postgres: str, bad_tree: Path) -> None:
    migrate(postgres, sorted((bad_tree / "migrations").glob("*.sql")))
    with running(bad_tree, postgres) as call:
        assert call("POST", "/orders", ORDER)[0] == 201
        shown = call("GET", "/orders/1")[1]
    assert shown["customer"] == ORDER["customer"]
    assert shown["note"] is None
