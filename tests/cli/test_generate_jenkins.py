"""The Jenkins library: compiled, and run by a real shell, with Jenkins' own steps stood in for."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest

from cdkit.cli.generate.jenkins import camel_case, help_text, jenkins, script
from cdkit.cli.inputs import inputs_of, variable
from cdkit.cli.table import STEP_NAMES, STEPS
from cdkit.core.step import AnyStep, option
from tests.actions.checkout import ROOT
from tests.cli.steps import ASK, AskOptions
from tests.parts.groovy import Groovy

PIPELINE = ROOT / "tests/cli/groovy/pipeline.groovy"
SHARED = ROOT / "jenkins/vars/cdkit.groovy"
HOSTILE = (ROOT / "tests/actions/samples/hostile.txt").read_text() + "${HOME} $$ %PATH%"
NAMES = ("ask", *STEP_NAMES)
TEXTS = [one.name for one in inputs_of(ASK.options) if one.name != "write"]
#: Characters that Python takes for the end of a line: an entry with one would be two.
ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"

runs = pytest.mark.needs("groovy")
each_step = pytest.mark.parametrize("name", NAMES)


def step_of(name: str) -> AnyStep:
    found = [entry.module for entry in STEPS if entry.name == name]
    step: AnyStep = importlib.import_module(found[0]).STEP if found else ASK
    return step


def case(name: str, args: object = None, **more: object) -> dict[str, object]:
    return {"name": name, "call": "cdkitAsk", "args": args, **more}


CASES = [
    case("nothing"),
    *(case(f"hostile-{name}", {camel_case(name): HOSTILE}) for name in TEXTS),
    case("list", {"paths": ["a b", "$(touch pwned-5)"]}),
    case("map", {"reports": {"unit": "in/*.xml", "e2e": "x=y"}}),
    case("numbers", {"count": 3, "share": 0.25, "quiet": True, "allowEmpty": False}),
    case("interpolated", gstring="image"),
    *(case(f"end-{ord(end)}", {"paths": [f"a{end}b"]}) for end in ENDS),
    case("end-in-map", {"reports": {"unit": "a\nb"}}),
    case("name-in-map", {"reports": {"a=b": "c"}}),
    case("nested", {"paths": [["a"]]}),
    case("unknown", {"path": "migrations"}),
    case("kebab", {"allow-empty": True}),
    case("json", {"write": {"json": "mine.json"}}),
    case("json-text", {"write": "sarif=a\n json = mine.json"}),
    case("sarif", {"write": {"sarif": "out.sarif"}}),
    case("no", {"answer": "no"}),
    case("no-but-told", {"answer": "no", "returnStatus": True}),
    case("no-told-by-text", {"answer": "no", "returnStatus": "true"}),
    case("broken", {"fail": "request", "returnStatus": True}),
    case("broken-fails", {"fail": "request"}),
    case("silent", {"fail": "silent"}),
    case("windows", {"count": 2}, unix=False),
]

#: What stands in for cdkit: it writes its environment down, and the report that was asked for.
TELLS = f"""#!{sys.executable}
import json, os, pathlib, sys
ours = {{k: v for k, v in os.environ.items() if k.startswith("CDKIT_")}}
pathlib.Path("told.json").write_text(json.dumps([sys.argv[1:], ours]), encoding="utf-8")
fail, answer = ours.get("CDKIT_ASK_FAIL"), ours.get("CDKIT_ASK_ANSWER")
if fail in ("request", "silent"):
    sys.exit({{"request": 2, "silent": 0}}[fail])
kind, _, path = ours["CDKIT_ASK_WRITE"].split("\\n")[0].partition("=")
assert kind == "json" and os.path.isabs(path), path
outputs = {{"verdict": "no" if answer == "no" else "yes", "reasons": "because \\u2028 so",
           "record": "r.json", "config-digest": "sha256:0"}}
pathlib.Path(path).parent.mkdir(parents=True)
pathlib.Path(path).write_text(json.dumps({{"outputs": outputs}}), encoding="utf-8")
sys.exit(1 if answer == "no" else 0)
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ran:
    """The workspaces of all cases, and what came of each."""

    work: Path
    answers: dict[str, Any]

    def told(self, name: str) -> tuple[list[str], dict[str, str]]:
        """Return the arguments and the environment of ours that `cdkit` was called with."""
        argv, environ = json.loads((self.work / name / "told.json").read_text(encoding="utf-8"))
        return argv, environ


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, groovy: Groovy) -> Ran:
    """Every case, in one start of Java."""
    folder = tmp_path_factory.mktemp("jenkins")
    library, commands, work = folder / "vars", folder / "bin", folder / "work"
    for each in (library, commands, work):
        each.mkdir()
    (library / "cdkit.groovy").write_bytes(SHARED.read_bytes())
    (library / "cdkitAsk.groovy").write_text(script(ASK))
    (commands / "cdkit").write_text(TELLS)
    (commands / "cdkit").chmod(0o755)
    (folder / "cases.json").write_text(json.dumps(CASES))
    arguments = [str(library), str(folder / "cases.json"), str(work)]
    done = groovy.run("groovy", str(PIPELINE), *arguments, path=str(commands))
    assert done.returncode == 0, done.stderr
    return Ran(work=work, answers=json.loads(done.stdout))


def calls() -> list[tuple[str, str]]:
    """Return each call in docs/jenkins.md: the variable, and its arguments as they stand there."""
    text = (ROOT / "docs/jenkins.md").read_text(encoding="utf-8")
    found = "".join(re.findall(r"^```groovy\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert found
    return re.findall(r"(cdkit[A-Z]\w*)\(((?:[^()]|\([^()]*\))*)\)", found)


@pytest.mark.parametrize(("called", "given"), calls())
def test_every_argument_in_the_guide_is_one(called: str, given: str) -> None:
    step = next(step_of(name) for name in NAMES if camel_case(f"cdkit-{name}") == called)
    named = set(re.findall(r"(?<![?\[\w])\s*(\w+): ", re.sub(r"\[.*?\]", "[]", given)))
    assert named <= {camel_case(one.name) for one in inputs_of(step.options)}
    assert named


def test_the_guide_calls_every_step() -> None:
    assert {called for called, _ in calls()} == {camel_case(f"cdkit-{n}") for n in STEP_NAMES}


@each_step
def test_a_variable_holds_names_and_no_value(name: str) -> None:
    step = step_of(name)
    known = dict(re.findall(r"^        (\w+): '(\w+)',$", script(step), re.MULTILINE))
    own = {camel_case(one.name): variable(name, one.name) for one in inputs_of(step.options)}
    assert known == {**own, "config": "CDKIT_CONFIG", "directory": "CDKIT_DIRECTORY"}


@each_step
def test_the_help_tells_every_argument_and_every_output(name: str) -> None:
    step = step_of(name)
    told = re.findall(r"^  (\w+)$", help_text(step), re.MULTILINE)
    names = [camel_case(one.name) for one in inputs_of(step.options)]
    assert set(names) | {"returnStatus", "exitCode", "verdict", "reasons", "record"} <= set(told)


def test_a_step_whose_option_is_an_argument_of_the_library_itself_is_refused() -> None:
    class TakenOptions(AskOptions, frozen=True, kw_only=True):
        return_status: Annotated[str, option("Mine.")] = ""

    taken = dataclasses.replace(ASK, name="taken", options=TakenOptions)
    with pytest.raises(ValueError, match="taken: the Jenkins library has an argument returnStatus"):
        script(taken)


def test_the_same_steps_give_the_same_library() -> None:
    assert jenkins([ASK]) == jenkins([ASK])
    assert [*jenkins([ASK])] == ["jenkins/vars/cdkitAsk.groovy", "jenkins/vars/cdkitAsk.txt"]


@runs
def test_everything_compiles(tmp_path: Path, groovy: Groovy) -> None:
    paths = [str(SHARED)]
    for name in NAMES:
        path = tmp_path / f"{camel_case(f'cdkit-{name}')}.groovy"
        path.write_text(script(step_of(name)))
        paths.append(str(path))
    done = groovy.run("groovyc", "-d", str(tmp_path / "classes"), *paths)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@runs
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_argument_arrives_as_it_was_written(name: str, ran: Ran) -> None:
    argv, environ = ran.told(f"hostile-{name}")
    assert (argv, environ[variable("ask", name)]) == (["ask"], HOSTILE)


@runs
def test_a_hostile_argument_runs_nothing(ran: Ran) -> None:
    assert list(ran.work.rglob("pwned*")) == []


@runs
def test_the_command_is_the_same_whatever_the_arguments_are(ran: Ran) -> None:
    commands = {each for answer in ran.answers.values() for each in answer["commands"]}
    assert commands == {"sh cdkit ask", "bat cdkit ask"}


@runs
def test_what_is_not_given_is_no_variable(ran: Ran) -> None:
    of_the_tests = {"CDKIT_REQUIRE", "CDKIT_TRIVY_BINARY"}
    assert ran.told("nothing")[1].keys() - of_the_tests == {"CDKIT_ASK_WRITE"}


@runs
def test_a_list_is_one_entry_a_line(ran: Ran) -> None:
    assert ran.told("list")[1]["CDKIT_ASK_PATHS"] == "a b\n$(touch pwned-5)"


@runs
def test_a_map_is_one_pair_a_line(ran: Ran) -> None:
    assert ran.told("map")[1]["CDKIT_ASK_REPORTS"] == "unit=in/*.xml\ne2e=x=y"


@runs
def test_numbers_and_booleans_are_written_as_cdkit_reads_them(ran: Ran) -> None:
    told = ran.told("numbers")[1]
    names = ("COUNT", "SHARE", "QUIET", "ALLOW_EMPTY")
    assert [told[f"CDKIT_ASK_{name}"] for name in names] == ["3", "0.25", "true", "false"]


@runs
def test_an_interpolated_text_is_a_text(ran: Ran) -> None:
    assert ran.told("interpolated")[1]["CDKIT_ASK_IMAGE"] == "a5b"


@runs
@pytest.mark.parametrize("end", ENDS, ids=lambda end: str(ord(end)))
def test_an_entry_with_a_line_end_is_refused(end: str, ran: Ran) -> None:
    answer = ran.answers[f"end-{ord(end)}"]
    wanted = "cdkit ask: paths has an entry of more than one line"
    assert (answer["error"], answer["commands"]) == (wanted, [])


@runs
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("end-in-map", "reports has an entry of more than one line"),
        ("name-in-map", "reports has a name with = in it"),
        ("nested", "paths must be text, a number, true or false, or a list or map of these"),
        ("unknown", "there is no argument path; there are paths, answer, image"),
        ("kebab", "there is no argument allow-empty; there are paths, answer, image"),
        ("json", "write cannot have json"),
        ("json-text", "write cannot have json"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused(name: str, message: str, ran: Ran) -> None:
    answer = ran.answers[name]
    assert answer["error"].startswith(f"cdkit ask: {message}")
    assert answer["commands"] == []


@runs
def test_our_report_stands_before_the_pipelines_own(ran: Ran) -> None:
    ours, own = ran.told("sarif")[1]["CDKIT_ASK_WRITE"].split("\n")
    assert re.fullmatch(rf"json={re.escape(str(ran.work))}/sarif/\.cdkit/jenkins/.+\.json", ours)
    assert own == "sarif=out.sarif"


@runs
def test_a_good_step_returns_its_outputs(ran: Ran) -> None:
    outputs = {"verdict": "yes", "reasons": "because \u2028 so", "record": "r.json"}
    result = {"exitCode": 0, **outputs, "configDigest": "sha256:0"}
    assert ran.answers["nothing"]["result"] == result


@runs
def test_what_is_returned_outlives_a_restart_of_jenkins(ran: Ran) -> None:
    assert ran.answers["nothing"]["serialisable"] is True


@runs
def test_a_step_that_says_no_fails_the_build(ran: Ran) -> None:
    assert ran.answers["no"]["error"] == "cdkit ask: no (exit code 1); its log above says why"


@runs
def test_a_step_whose_status_is_asked_for_returns_it(ran: Ran) -> None:
    result = ran.answers["no-but-told"]["result"]
    assert (result["exitCode"], result["verdict"]) == (1, "no")


@runs
def test_only_true_itself_asks_for_the_status(ran: Ran) -> None:
    assert "cdkit ask: no (exit code 1)" in ran.answers["no-told-by-text"]["error"]


@runs
def test_a_step_that_could_not_begin_cannot_tell(ran: Ran) -> None:
    result = ran.answers["broken"]["result"]
    assert (result["exitCode"], result["verdict"]) == (2, "cannot-tell")


@runs
def test_a_step_that_could_not_begin_fails_the_build(ran: Ran) -> None:
    assert "cannot-tell (exit code 2)" in ran.answers["broken-fails"]["error"]


@runs
def test_a_step_that_ends_well_without_a_report_is_no_pass(ran: Ran) -> None:
    assert "left no report, so its answer is not known" in ran.answers["silent"]["error"]


@runs
def test_the_report_is_removed_once_it_is_read(ran: Ran) -> None:
    assert list((ran.work / "nothing/.cdkit/jenkins").iterdir()) == []


@runs
def test_a_windows_agent_runs_the_same_command_by_its_own_shell(ran: Ran) -> None:
    assert ran.answers["windows"]["commands"] == ["bat cdkit ask"]


@runs
def test_the_real_step_tells_its_verdict(tmp_path: Path, groovy: Groovy) -> None:
    work = tmp_path / "work"
    (work / "lint/migrations").mkdir(parents=True)
    sql = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"
    (work / "lint/migrations/0001_orders.sql").write_text(sql)
    (work / "lint/migrations/0002_drop.sql").write_text("ALTER TABLE orders DROP COLUMN note;\n")
    cases = tmp_path / "cases.json"
    given = {"paths": ["migrations"], "returnStatus": True}
    cases.write_text(json.dumps([{"name": "lint", "call": "cdkitLintMigrations", "args": given}]))
    library = tmp_path / "vars"
    library.mkdir()
    (library / "cdkit.groovy").write_bytes(SHARED.read_bytes())
    (library / "cdkitLintMigrations.groovy").write_text(script(step_of("lint-migrations")))
    here = str(Path(sys.executable).parent)
    done = groovy.run("groovy", str(PIPELINE), str(library), str(cases), str(work), path=here)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["lint"]["result"]
    assert (result["exitCode"], result["verdict"]) == (1, "no")
    assert "migrations/0002_drop.sql:1:" in result["reasons"]
