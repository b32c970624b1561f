"""Every reader of evidence, given what nobody wrote: what was found before, and a short search.

The long search is `make fuzz`.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from cdkit.core.documents.fact import read_fact
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.verdict import Answer
from cdkit.evidence.format import formats
from tests.evidence.doubles import SUBJECT, evidence
from tests.fuzz.oracles import JSON, XML, check_evidence, check_opened, check_report
from tests.fuzz.targets import CASES, cases, targets
from tests.gate.asking import ask

TARGETS = targets()
FOUND = [pytest.param(name, path, id=path.name) for name in TARGETS for path in cases(name)]
SHORT = ("report-junit", "envelope", "policy")
"""Targets that a test searches too: one format, what signatures are under, what decides."""

INPUTS = 300


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds_and_what_is_left_of_them(name: str) -> None:
    assert TARGETS[name].seeds
    for seed in TARGETS[name].seeds:
        for cut in range(0, min(len(seed), 4000) + 1, max(1, min(len(seed), 4000) // 9)):
            TARGETS[name].run(seed[:cut])
        TARGETS[name].run(seed)


@pytest.mark.parametrize(("name", "path"), FOUND)
def test_what_was_found_before_is_mended(name: str, path: Path) -> None:
    TARGETS[name].run(path.read_bytes())


def test_every_case_belongs_to_a_target() -> None:
    assert {path.name for path in (CASES / "fuzz").glob("*")} <= set(TARGETS)


def test_every_format_of_one_document_is_held_against_another_parser() -> None:
    lines = {"dart", "gatling-log", "go-cover", "go-test", "jmeter-csv", "lcov", "locust", "tap"}
    assert {found.name for found in formats().values()} == XML | JSON | lines


def test_the_oracles_see_a_yes_that_is_none() -> None:
    lying = evidence(counts=None)
    check_evidence(lying)
    with pytest.raises(AssertionError, match="holds a failure"):
        check_report("junit", b"<testsuite><testcase><error/></testcase></testsuite>", lying)
    opened = ask(read_fact(encode_statement(state(evidence(), SUBJECT)), where="fact.json"))
    assert opened.verdict.answer is Answer.YES
    with pytest.raises(AssertionError, match="the gate opened"):
        check_opened(opened, may=False)


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="Atheris is not installed: make fuzz does so, where it can be",
)
@pytest.mark.parametrize("name", SHORT)
def test_a_short_search_finds_nothing(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", f"--runs={INPUTS}", f"--corpus={tmp_path}", name]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=CASES.parents[1]
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
    assert done.stdout.endswith(f"{name}: nothing\n")
    assert len(list((tmp_path / name).iterdir())) >= len(TARGETS[name].seeds)
