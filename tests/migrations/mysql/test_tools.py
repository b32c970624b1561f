"""The command of a tool that changes a big table in small steps."""

from __future__ import annotations

import pytest

from tests.migrations.judging import RELEASED, judged

HISTORY = (
    "CREATE TABLE alone (id int PRIMARY KEY, a int);\n"
    "CREATE TABLE parents (id int PRIMARY KEY, a int);\n"
    "CREATE TABLE kids (id int PRIMARY KEY, a int, p int,\n"
    "  FOREIGN KEY (p) REFERENCES parents (id));\n"
)
GH_OST = "gh-ost --database=… --table=alone --alter='MODIFY a bigint' --execute"
PERCONA = "pt-online-schema-change --alter"
COMMANDS = {
    "ALTER TABLE alone MODIFY a bigint;": GH_OST,
    "ALTER TABLE alone MODIFY a bigint, ALGORITHM=COPY;": GH_OST,
    "ALTER TABLE kids MODIFY a bigint;": f"{PERCONA} 'MODIFY a bigint' 'D=…,t=kids' --execute",
    "ALTER TABLE parents MODIFY a bigint;": f"{PERCONA} 'MODIFY a bigint' "
    "--alter-foreign-keys-method auto 'D=…,t=parents' --execute",
    "ALTER TABLE kids MODIFY a bigint, DROP FOREIGN KEY kids_ibfk_1;": "",
}


@pytest.mark.parametrize("change", COMMANDS)
def test_a_tool_is_named_that_takes_the_table(change: str) -> None:
    found = judged(f"{HISTORY}{RELEASED}{change}", server="mysql:8.0").findings
    (fix,) = (each.fix for each in found if each.rule == "copying-alter")
    assert fix
    assert fix.replacement == COMMANDS[change]
