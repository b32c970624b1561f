"""The example's own test suite: it passes for the good commit, and runs no test for the bad one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

COMMAND = [
    sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=reports/junit.xml",
    "--cov=orders", "--cov-report=xml:reports/coverage.xml",
]  # fmt: skip


def run_suite(tree: Path) -> tuple[int, str]:
    done = subprocess.run(COMMAND, cwd=tree, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def suite(tree: Path) -> dict[str, str]:
    found = ET.parse(tree / "reports" / "junit.xml").find("testsuite")  # noqa: S314 - pytest wrote it just now
    assert found is not None
    return found.attrib


def test_the_good_commit_passes_its_tests_and_skips_none(good_tree: Path) -> None:
    code, said = run_suite(good_tree)
    assert code == 0, said
    counted = {name: suite(good_tree)[name] for name in ("errors", "failures", "skipped")}
    assert counted == {"errors": "0", "failures": "0", "skipped": "0"}
    assert int(suite(good_tree)["tests"]) >= 25


def test_the_good_commit_covers_most_of_its_lines(good_tree: Path) -> None:
    run_suite(good_tree)
    coverage = ET.parse(good_tree / "reports" / "coverage.xml").getroot()  # noqa: S314 - coverage wrote it just now
    assert float(coverage.attrib["line-rate"]) >= 0.8


def test_the_bad_commit_runs_no_test(bad_tree: Path) -> None:
    code, said = run_suite(bad_tree)
    assert code == 5, said  # pytest's own code for "no tests ran"
    assert suite(bad_tree)["tests"] == "0"
    assert "deselected" in said
