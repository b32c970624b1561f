"""What reading a large JUnit report costs, beside junitparser."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from tests.bench.measure import MIB, run, show


def junit(folder: Path) -> int:
    """Compare reading a JUnit report of 200 MB, a million tests, with junitparser, in one run."""
    large = folder / "large.xml"
    write_junit(large, 200 * MIB)
    ours = run([sys.executable, "-c", READ, str(large)], folder)
    peer = run([sys.executable, "-c", PEER, str(large)], folder)
    missed = show("seconds for 200 MB of JUnit / junitparser", ours.seconds / peer.seconds, 1 / 1.5)
    return missed + show("its memory / junitparser", ours.memory / peer.memory, 1 / 20)


READ = """
import sys
from cdkit.core.doors.files import DiskFiles
from cdkit.evidence.formats.junit import FORMAT
with DiskFiles().open(sys.argv[1]) as stream:
    assert FORMAT.read(stream, sys.argv[1]).counts.tests
"""
PEER = """
import sys
from junitparser import JUnitXml
report = JUnitXml.fromfile(sys.argv[1])
assert sum(len(list(suite)) for suite in report)
"""


def write_junit(path: Path, size: int) -> None:
    """Write a report of about this size, with a failure now and then; always the same one."""
    chance = random.Random(7)  # noqa: S311 - made-up tests, not secrets
    with path.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="big">\n')
        number = 0
        while stream.tell() < size if number % 1000 == 0 else True:
            number += 1
            name = f'classname="tests.test_{number // 500}" name="test_{number}"'
            stream.write(f'<testcase {name} time="{chance.random():.3f}">')
            if chance.random() < 0.001:
                stream.write('<failure message="assert 1 == 2">E   assert 1 == 2</failure>')
            stream.write("<system-out>some output of the test, as tests have it</system-out>")
            stream.write("</testcase>\n")
        stream.write("</testsuite></testsuites>\n")
