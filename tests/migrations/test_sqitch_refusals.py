"""Which plans Sqitch refuses: each expectation is what `sqitch plan` of Sqitch 1.3.1 said."""

from __future__ import annotations

import pytest

from cdkit.migrations.sqitch_refusals import complaints, faults

BY = " 2026-01-01T00:00:00Z A <a@example.com> # x\n"
HEAD = "%syntax-version=1.0.0\n%project=shop\n\n"


def plan(*entries: str) -> bytes:
    return (HEAD + "".join(f"{each}{BY}" for each in entries)).encode()


def said(data: bytes) -> list[tuple[str, int, str]]:
    return [(one.rule, one.line, one.about) for one in complaints("sqitch.plan", data)]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (("t", "n", "n"), ("duplicate-version", 6, "n")),
        (("t", "@v1", "@v1"), ("duplicate-version", 6, "@v1")),
        (("t", "@v1", "n", "n [n@v1]"), ("missing-migration", 7, "n@v1")),
        (("t", "n [zz]"), ("missing-migration", 5, "zz")),
        (("t", "@v1", "n [zz@v1]"), ("missing-migration", 6, "zz@v1")),
        (("n [n]",), ("missing-migration", 4, "n")),
        (("n [t]", "t"), ("out-of-order-version", 4, "n")),
    ],
)
def test_a_plan_is_refused(entries: tuple[str, ...], expected: tuple[str, int, str]) -> None:
    data = plan(*entries)
    assert faults("sqitch.plan", data) == ()
    assert expected in said(data)


@pytest.mark.parametrize(
    "entries",
    [
        ("t", "n [t]"),
        ("t", "@v1", "n [t@v1 @v1]", "t [t@v1]"),
        ("t", "n [other:z !old !t]"),
        ("+ t", "+n [t]"),
        ("t", "n [62ceb40dddfaf9e5be4ea0a9e3f4d4ff5aafa8e2]"),
        ("_x", "x-1", "more/b", "ünï", "x.sql", "a=b"),
    ],
)
def test_a_plan_is_taken(entries: tuple[str, ...]) -> None:
    data = plan(*entries)
    assert faults("sqitch.plan", data) == ()
    assert said(data) == []


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD", "=======", "n", "n 2026-01-01 A <a@example.com>", "n 2026-01-01T00:00:00Z",
        "n [t 2026-01-01T00:00:00Z A <a@example.com>", "n [] 2026-01-01T00:00:00Z A <a@b>",
        "n:x 2026-01-01T00:00:00Z A <a@b>", "n 2026-01-01T00:00:00Z <a@b>",
    ],
)  # fmt: skip
def test_a_line_that_is_none_of_a_plan_s_is_said(line: str) -> None:
    (found,) = faults("sqitch.plan", plan("t") + f"{line}\n".encode())
    assert found.where is not None
    assert found.where.line == len(HEAD.splitlines()) + 2


def test_comments_pragmas_and_windows_line_ends_are_no_faults() -> None:
    data = plan("t", "n [t]").replace(b"\n", b"\r\n") + b"\r\n# c\r\n   # d\r\n"
    assert faults("sqitch.plan", data) == ()
    assert said(data) == []
