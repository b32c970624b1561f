"""How often the lint and squawk are right about the corpus.

`python -m tests.migrations.corpus_numbers [SQUAWK]` prints, for each, how many of the breaking
cases it finds and how many of the harmless ones it flags. SQUAWK is its binary (PyPI:
squawk-cli). Of its rules those count that are about what runs (its "rollback compatibility" and
destructive ones), not those about locks, timeouts and style.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.migrations.corpus import Case, cases
from tests.migrations.test_corpus import is_flagged, truths

OPT_IN = """
ban-add-column ban-add-composite-attribute ban-add-enum-value ban-alter-database-options
ban-alter-function-options ban-alter-generated-expression ban-alter-policy-condition
ban-alter-policy-roles ban-alter-role-options ban-alter-row-level-security
ban-alter-sequence-values ban-alter-system-options ban-alter-view-options ban-create-policy
ban-detach-inheritance ban-disable-trigger ban-drop-index ban-drop-policy ban-drop-trigger
ban-new-write-restriction ban-replace-view-function ban-replica-identity ban-revoke ban-set-default
"""
DEFAULT = """
adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field
adding-required-field ban-alter-domain-with-add-constraint ban-alter-identity
ban-create-domain-with-constraint ban-drop-column ban-drop-constraint ban-drop-database
ban-drop-default ban-drop-domain ban-drop-extension ban-drop-function
ban-drop-generated-expression ban-drop-not-null ban-drop-schema ban-drop-sequence ban-drop-table
ban-drop-type ban-drop-view ban-set-schema ban-truncate-cascade changing-column-type
constraint-missing-not-valid disallowed-unique-constraint renaming-column renaming-object
renaming-table
"""


def main(arguments: list[str]) -> None:
    """Print a line for each."""
    _show("cdkit", lambda case: is_flagged(case.name))
    for binary in arguments:
        _show("squawk", partial(_squawk, binary, ""))
        _show("squawk, all", partial(_squawk, binary, OPT_IN))


def _show(name: str, flags: Callable[[Case], bool]) -> None:
    known = truths()
    for answer, said in (("breaks", "breaking cases found"), ("harmless", "harmless ones flagged")):
        of = [case for case in cases() if known[case.name].answer == answer]
        found = sum(flags(case) for case in of)
        sys.stdout.write(f"{name:12} {said:22} {found:3} of {len(of)}\n")


def _squawk(binary: str, opt_in: str, case: Case) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "change.sql"
        path.write_text(case.sql, encoding="utf-8")
        command = [binary, "--reporter", "json", str(path)]
        command += [] if case.alone else ["--assume-in-transaction"]
        for rule in opt_in.split():
            command += ["--include", rule]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = {each["rule_name"] for each in json.loads(done.stdout or "[]")}
    return bool(told & {*DEFAULT.split(), *opt_in.split()})


if __name__ == "__main__":
    main(sys.argv[1:])
