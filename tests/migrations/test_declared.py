"""What migrations say of themselves: their phase, and that nothing takes them back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.finding import Location
from cdkit.migrations.contract import declarations
from cdkit.migrations.declared import Declared, by_pattern, declared, irreversible, parse_phase
from cdkit.migrations.server import engines
from cdkit.migrations.source import Migration, Script
from cdkit.migrations.text import Rendered, Spot, Text

DIALECT = engines()["postgres"].dialect()


def said(text: str) -> Declared:
    found = declared(Text("1.sql", text.encode()))
    assert found
    return found


@pytest.mark.parametrize(
    "comment",
    [
        "-- cdkit: phase contract since v1.4: orders.note, a.b (unused (both))",
        "# cdkit: phase contract since v1.4: orders.note, a.b (unused (both))",
        "// cdkit:phase contract since v1.4: orders.note, a.b (unused (both))",
        "/* cdkit: phase contract since v1.4: orders.note, a.b (unused (both)) */",
        "<!-- cdkit: phase contract since v1.4: orders.note, a.b (unused (both)) -->",
        "    -- cdkit: phase contract since v1.4: orders.note,a.b   (unused (both))\r",
    ],
)
def test_a_contract_is_read_in_every_kind_of_comment(comment: str) -> None:
    found = said(f"SELECT 1;\n{comment}\nSELECT 2;")
    assert not found.fault
    assert (found.phase, found.since, found.objects, found.reason) == (
        "contract", "v1.4", ("orders.note", "a.b"), "unused (both)",
    )  # fmt: skip
    assert found.place == Location(path="1.sql", line=2)


@pytest.mark.parametrize(
    ("rest", "since", "objects"),
    [
        ("contract", "", ()),
        ("contract since v1.4", "v1.4", ()),
        ("contract since release/1.4.0+b (x)", "release/1.4.0+b", ()),
        (f"contract since sha256:{'a' * 64}", f"sha256:{'a' * 64}", ()),
        (f"contract since reg.example:5000/o@sha256:{'a' * 64}: o.a",
         f"reg.example:5000/o@sha256:{'a' * 64}", ("o.a",)),
        ("contract: orders.note", "", ("orders.note",)),
    ],
)  # fmt: skip
def test_a_release_is_a_tag_a_commit_or_a_digest(
    rest: str, since: str, objects: tuple[str, ...]
) -> None:
    found = said(f"-- cdkit: phase {rest}")
    assert (found.fault, found.since, found.objects) == ("", since, objects)


@pytest.mark.parametrize(
    "rest",
    [
        "", "shrink", "Contract", "contract since", "contract since: orders.note",
        "contract v1.4", "expand since v1.4", "migrate: orders.note", "contract since v1.4 orders",
        "contract since v1.4 (why) more", "contracts", "contract " + "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_phase_is_a_fault_and_excuses_nothing(rest: str) -> None:
    assert said(f"-- cdkit: phase {rest}").fault


def test_two_phases_in_one_file_are_a_fault() -> None:
    found = said("-- cdkit: phase expand\nSELECT 1;\n-- cdkit: phase contract since v1\n")
    assert found.fault == "line 3 declares another phase for the same migration"
    assert not said("-- cdkit: phase expand (a)\n-- cdkit: phase expand (b)").fault


def test_a_file_that_says_nothing_declares_nothing() -> None:
    assert declared(Text("1.sql", b"-- phase contract\nSELECT 'cdkit: phase expand';")) is None


@pytest.mark.parametrize(
    ("objects", "about", "named"),
    [
        ((), "orders.note", True),
        (("orders.note",), "orders.note", True),
        (("orders.note",), "orders.no", False),
        (("orders.note",), "orders.note_2", False),
        (("orders",), "orders.note", True),
        (("orders.note",), "orders", False),
        (("public.Orders.note",), "orders.note", True),
        (('"orders"."note"',), "orders.note", True),
        (("audit.orders",), "orders", False),
    ],
)
def test_a_contract_covers_what_it_names(
    objects: tuple[str, ...], about: str, *, named: bool
) -> None:
    place = Location(path="1.sql")
    assert Declared(phase="contract", objects=objects, place=place).names(about) is named


def test_a_pattern_gives_the_phase_of_files_that_say_nothing() -> None:
    given_ = {"db/contract/*": "contract since v1.4: a.b (why)", "*": "expand"}
    found = by_pattern(given_, "db/contract/2.sql")
    assert found
    assert (found.phase, found.since, found.objects) == ("contract", "v1.4", ("a.b",))
    other = by_pattern(given_, "db/1.sql")
    assert other
    assert other.phase == "expand"
    assert by_pattern({"x": "expand"}, "db/1.sql") is None


def changesets(text: str, lines: tuple[int, ...]) -> dict[str, Declared]:
    """Declarations of a file that holds one migration that begins in each of these lines."""
    whole = Text("log.sql", text.encode())
    migrations = [
        Migration(
            text=Rendered("log.sql", b"SELECT 1;", [Spot(0, line, 1)]),
            script=Script(sql=b"SELECT 1;"),
            source="plain",
            order=((0, line, ""),),
            key=str(line),
            written=whole,
        )
        for line in lines
    ]
    return declarations(migrations, frozenset(each.name for each in migrations), {}, DIALECT)


def test_in_a_file_of_several_a_declaration_is_of_the_one_that_follows() -> None:
    text = "one\n-- cdkit: phase contract since v1\ntwo\nthree\n"
    found = changesets(text, (1, 3, 4))
    assert {name: each.phase for name, each in found.items()} == {"log.sql#3": "contract"}


def test_a_declaration_at_the_top_of_several_is_of_the_first_only() -> None:
    found = changesets("-- cdkit: phase contract since v1\none\ntwo\n", (2, 3))
    assert list(found) == ["log.sql#2"]


def test_the_word_irreversible_wants_a_reason() -> None:
    found = irreversible(Text("1.sql", b"x\n-- cdkit: irreversible (merged rows)"))
    assert found
    assert (found.reason, found.line) == ("merged rows", 2)
    bare = irreversible(Text("1.sql", b"-- cdkit: irreversible"), Text("2.sql", b""))
    assert bare
    assert not bare.reason
    assert irreversible(Text("1.sql", b"-- irreversible")) is None


@given(st.text(max_size=300), st.sampled_from(["phase", "irreversible"]))
def test_whatever_stands_there_is_read_or_refused(rest: str, word: str) -> None:
    text = Text("1.sql", f"-- cdkit: {word}{rest}".encode("utf-8", "replace"))
    found = declared(text)
    assert found is None or found.fault or found.phase in {"expand", "migrate", "contract"}
    irreversible(text)


@given(st.from_regex(r"( |:|\(|\)|since|contract|a)*", fullmatch=True).map(lambda x: x[:2000]))
def test_a_strange_declaration_is_read_in_no_time(rest: str) -> None:
    assert parse_phase(rest, Location(path="1.sql")).phase in {"", "contract"}
