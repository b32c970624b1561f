"""Coverage reports: what counts as a line, what is joined, what is refused."""

import io
import json

import pytest

from cdkit.core.documents.kinds import Coverage
from cdkit.core.errors import Unreadable
from cdkit.evidence.format import Format
from cdkit.evidence.formats.cobertura import FORMAT as COBERTURA
from cdkit.evidence.formats.coverage_py import FORMAT as COVERAGE_PY
from cdkit.evidence.formats.lcov import FORMAT as LCOV
from cdkit.evidence.lines import Source, Sources, all_joined, joined, total
from cdkit.evidence.reading import Reading


def read(found: Format, text: str) -> Reading:
    return found.read(io.BytesIO(text.encode()), "report")


def covered(found: Format, text: str) -> Coverage:
    return total(read(found, text).sources or {})


def cobertura(lines: str, root: str = "") -> str:
    return f'<coverage line-rate="1" {root}><class filename="a.py">{lines}</class></coverage>'


def coverage_py(**file: object) -> str:
    whole = {"executed_lines": [], "missing_lines": []} | file
    totals = {"covered_lines": 1, "num_statements": 2}
    return json.dumps(
        {"meta": {"branch_coverage": True}, "files": {"a.py": whole}, "totals": totals}
    )


# Cobertura


def test_a_line_of_a_method_is_not_counted_twice() -> None:
    line = '<line number="1" hits="1"/>'
    found = covered(COBERTURA, cobertura(f"<methods>{line}</methods><lines>{line}</lines>"))
    assert (found.lines_covered, found.lines) == (1, 1)


def test_branches_are_read_from_the_condition_coverage() -> None:
    line = '<line number="1" hits="1" branch="true" condition-coverage="50% (1/2)"/>'
    found = covered(COBERTURA, cobertura(line))
    assert (found.branches_covered, found.branches) == (1, 2)


@pytest.mark.parametrize(
    "line",
    [
        '<line hits="1"/>',
        '<line number="1"/>',
        '<line number="one" hits="1"/>',
        '<line number="1" hits="1.5"/>',
        '<line number="-1" hits="1"/>',
        '<line number="99999999999" hits="1"/>',
    ],
)
def test_a_line_without_a_number_or_hits_makes_cobertura_unreadable(line: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(COBERTURA, cobertura(line))
    assert str(caught.value.where) == "report:1"


def test_totals_that_are_wrong_do_not_count_and_are_said() -> None:
    found = read(COBERTURA, cobertura('<line number="1" hits="0"/>', 'lines-covered="9"'))
    assert total(found.sources or {}).lines_covered == 0
    assert "claims lines-covered='9' and lists 0" in found.notes[0]


# coverage.py


def test_arcs_of_a_line_are_its_branches() -> None:
    found = covered(
        COVERAGE_PY,
        coverage_py(
            executed_lines=[1],
            missing_lines=[2],
            executed_branches=[[1, 2]],
            missing_branches=[[1, -1]],
        ),
    )
    assert found == Coverage(lines_covered=1, lines=2, branches_covered=1, branches=2)


@pytest.mark.parametrize(
    "file", [{"executed_lines": ["1"]}, {"executed_lines": None}, {"missing_lines": [-1]}]
)
def test_lines_of_another_type_make_it_unreadable(file: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        read(COVERAGE_PY, coverage_py(**file))


def test_totals_of_coverage_py_that_are_wrong_are_said() -> None:
    found = read(COVERAGE_PY, coverage_py(executed_lines=[1, 2, 3]))
    assert found.notes == (
        "report claims 1 of 2 lines and lists 3 of 3: the listed lines were counted",
    )


# LCOV


def test_a_line_that_one_test_ran_is_covered_whatever_the_others_did() -> None:
    found = covered(LCOV, "TN:\nSF:a.c\nDA:1,0\nDA:1,2\nDA:2,0\nend_of_record\n")
    assert (found.lines_covered, found.lines) == (1, 2)


def test_a_section_of_the_same_file_is_joined() -> None:
    section = "SF:a.c\nDA:1,{}\nDA:2,{}\nend_of_record\n"
    found = covered(LCOV, section.format(1, 0) + section.format(0, 1))
    assert (found.lines_covered, found.lines) == (2, 2)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("SF:a.c\nDA:1\nend_of_record\n", 2, "no such record"),
        ("SF:a.c\nDA:1,many\nend_of_record\n", 2, "no such record"),
        ("SF:a.c\nBRDA:1,0,0\nend_of_record\n", 2, "no such record"),
        ("SF:a.c\nDA:1,1\n", 2, "cut off"),
        ("SF:a.c\nSF:b.c\n", 2, "before the one before has its end_of_record"),
        ("TN:\nend_of_record\n", 2, "ends a file that was not begun"),
        ("SF:a.c\n<html>\n", 2, "no record of a tracefile"),
        ("SF:a.c\nDA:999999999,1\nend_of_record\n", 1, "names the source line 999999999"),
        ("SF:a.c\n" + "x" * 200_000, 1, "over 64 KiB"),
    ],
)
def test_a_broken_tracefile_is_refused_at_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(Unreadable, match=what) as caught:
        read(LCOV, text)
    assert str(caught.value.where) == f"report:{line}"


def test_windows_line_ends_and_a_missing_last_one_are_read() -> None:
    found = covered(LCOV, "TN:\r\nSF:a.c\r\nDA:1,1\r\nend_of_record")
    assert found.lines == 1


def test_a_tracefile_that_lists_other_lines_than_it_claims_is_noted() -> None:
    found = read(LCOV, "SF:a.c\nDA:1,1\nLF:9\nLH:1\nend_of_record\n")
    assert found.notes == ("report:1: claims LF:9 and lists 1: the listed lines were counted",)


# Lines


def source(lines: int, covered: int, **branches: tuple[int, int]) -> Source:
    return Source(
        lines=lines, covered=covered, branches={int(n[1:]): pair for n, pair in branches.items()}
    )


def test_joining_two_reports_joins_the_lines_that_ran() -> None:
    assert joined(source(0b110, 0b010), source(0b110, 0b100)) == source(0b110, 0b110)


def test_joining_two_reports_never_makes_branches_better_than_one_of_them() -> None:
    one, other = source(2, 2, n1=(1, 2), n2=(0, 2)), source(2, 2, n1=(1, 2), n3=(2, 2))
    assert joined(one, other).branches == {1: (1, 2), 2: (0, 2), 3: (2, 2)}


def test_files_of_other_names_are_not_joined() -> None:
    found = all_joined([{"a": source(2, 2)}, {"b": source(2, 0)}])
    assert total(found) == Coverage(lines_covered=1, lines=2)


def test_line_numbers_that_would_fill_the_memory_are_refused() -> None:
    sources = Sources("report")

    def fill() -> None:
        for number in range(10_000):
            sources.add(f"f{number}", covered=[(1 << 20) - 1], missed=[], branches={})

    with pytest.raises(Unreadable, match="more source lines than this cdkit can hold"):
        fill()
