from __future__ import annotations

import pytest

from cdkit.cli.exits import Exit, exit_of_answer, exit_of_kind, in_mode, worst
from cdkit.core.errors import Kind
from cdkit.core.verdict import Answer


@pytest.mark.parametrize("answer", Answer)
def test_only_yes_exits_with_zero(answer: Answer) -> None:
    assert (exit_of_answer(answer) == 0) == (answer is Answer.YES)


@pytest.mark.parametrize("kind", Kind)
def test_no_failure_exits_with_zero_or_as_a_no(kind: Kind) -> None:
    assert exit_of_kind(kind) not in {Exit.YES, Exit.NO}


@pytest.mark.parametrize("code", Exit)
def test_report_mode_hides_verdicts_and_nothing_else(code: Exit) -> None:
    shown = {Exit.REQUEST, Exit.BUG, Exit.INTERRUPTED, Exit.TERMINATED}
    assert in_mode(code, "report") == (code if code in shown else Exit.YES)
    assert in_mode(code, "enforce") == code


def test_a_no_outweighs_a_cannot_tell_and_both_a_yes() -> None:
    assert worst([Exit.YES, Exit.CANNOT_TELL, Exit.NO]) is Exit.NO
    assert worst([Exit.YES, Exit.CANNOT_TELL]) is Exit.CANNOT_TELL
    assert worst([Exit.YES, Exit.YES]) is Exit.YES


def test_a_walk_that_did_nothing_is_no_yes() -> None:
    assert worst([]) is Exit.CANNOT_TELL
