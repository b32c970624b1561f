"""`cdkit explain` finds our rule by another linter's name for it."""

from __future__ import annotations

import pytest

from cdkit.cli.main import main


def code(*argv: str) -> object:
    """Run cdkit, and return the code that it exits with."""
    with pytest.raises(SystemExit) as ended:
        main([*argv])
    return ended.value.code


def test_a_rule_of_another_linter_is_explained_by_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert code("explain", "squawk:ban-drop-column") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("squawk:ban-drop-column is dropped-column here.")
    assert "dropped-column: " in shown


def test_where_there_is_no_rule_it_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert code("explain", "squawk:ban-duplicate-column-assignments") == 0
    assert "has no rule here. The server refuses such a statement" in capsys.readouterr().out


def test_a_matter_of_taste_is_called_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert code("explain", "squawk:prefer-bigint-over-int") == 0
    assert "a matter of taste: looked for with `enable`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ("squawk:ban-drop-colum", "did you mean 'ban-drop-column'?"),
        ("nobody:rule", "strong-migrations"),
        ("squawk:", "docs/coming-from.md lists them"),
    ],
)
def test_a_name_that_is_none_is_a_wrong_request(
    asked: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code("explain", asked) == 2
    assert remedy in capsys.readouterr().err


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        ("no-distribution", "--accept no-distribution"),
        ("stale-database", "What to do: Let the scanner fetch a new database"),
        ("stale-database", "nobody can take that on"),
    ],
)
def test_a_doubt_of_a_scan_is_explained_with_what_lifts_it(
    doubt: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code("explain", doubt) == 0
    assert said in capsys.readouterr().out
