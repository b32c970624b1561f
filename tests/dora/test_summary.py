"""What a job's summary says: numbers, what was before, and the course in letters."""

from __future__ import annotations

import pytest
from msgspec import structs

from cdkit.core.documents.delivery import Part
from cdkit.core.step import Table
from cdkit.dora.summary import course, tables
from tests.dora.lives import LIVES, delivered, example, told


def row(table: Table, metric: str) -> tuple[str, ...]:
    return next(one for one in table.rows if one[0] == metric)


@pytest.mark.parametrize(
    ("values", "letters"),
    [
        ((0.0, 50.0, 100.0), "▁▅█"),
        ((None, 2.0, None), "·█·"),
        ((0.0, 0.0), "▁▁"),
        ((None, None), ""),
        ((), ""),
    ],
)
def test_the_course_is_drawn_from_zero_and_shows_its_gaps(
    values: tuple[float | None, ...], letters: str
) -> None:
    assert course([Part(value=value) for value in values]) == letters


def test_several_services_have_a_row_each_then_the_roll_up_then_each_by_itself() -> None:
    headings = [table.heading for table in tables(example())]
    assert headings == [
        "5 services",
        "all services together (5 services: a roll-up)",
        *("billing", "catalogue", "orders", "payments", "search"),
    ]


def test_one_service_has_one_table() -> None:
    (table,) = tables(delivered(told(LIVES[4])))
    assert table.heading == "billing"


def test_a_row_says_what_was_before_and_whether_it_is_better() -> None:
    orders = tables(example())[4]
    assert row(orders, "change lead time, from commit") == (
        "change lead time, from commit",
        *("1.22 days", "203", "one day to one week"),
        "90 % within 2.04 days, 95 % within 2.18 days",
        *("1.94 days (better: shorter)", "▅▇▇▇▇█▆▇▆▆▅▅▄"),
    )
    assert row(orders, "change fail rate")[5] == "5.88 % (no clear change)"


def test_many_services_have_no_table_of_their_own() -> None:
    many = structs.replace(example(), services=example().services * 70)
    told_of = tables(many)
    assert [table.heading for table in told_of] == [
        "350 services, the 300 that deploy most; 50 left out",
        "all services together (5 services: a roll-up)",
    ]
    assert len(told_of[0].rows) == 300
