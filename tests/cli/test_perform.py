from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdkit.ci.detect import detect
from cdkit.cli.exits import Exit
from cdkit.cli.perform import Performed, perform, set_outputs
from cdkit.core.documents.fact import read_fact
from cdkit.core.errors import RequestError, Unwritable
from cdkit.core.world import Completed, Processes, World
from tests.cli.steps import ASK, AskOptions
from tests.worlds import NoProcesses, Notebook, world

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "out", "GITHUB_STEP_SUMMARY": "summary.md"}


def performed(folder: Path, environ: dict[str, str] | None = None, **options: object) -> Performed:
    around = world(folder, environ=environ)
    system = detect(around.environ)
    return perform(ASK, AskOptions(**options), around, system)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "code"), [("yes", Exit.YES), ("no", Exit.NO), ("cannot-tell", Exit.CANNOT_TELL)]
)
@pytest.mark.parametrize("shape", ["text", "json", "sarif", "junit", "markdown"])
def test_the_verdict_decides_the_exit_code_in_every_format(
    tmp_path: Path, answer: str, code: Exit, shape: str
) -> None:
    assert performed(tmp_path, answer=answer, format=shape).exit == code


def test_report_mode_lets_a_no_pass_and_still_says_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = performed(tmp_path, answer="no", mode="report")
    assert done.exit is Exit.YES
    assert done.outputs["verdict"] == "no"
    assert "something is bad" in capsys.readouterr().err


def test_the_fact_is_kept_and_can_be_read_back(tmp_path: Path) -> None:
    done = performed(tmp_path)
    path = tmp_path / done.outputs["record"]
    fact = read_fact(path.read_bytes(), where=str(path))
    assert fact.kind == "asked"
    assert fact.keys == {"sha256:" + "a" * 64}


def test_the_fact_is_also_written_where_the_user_asked(tmp_path: Path) -> None:
    performed(tmp_path, record="in/data.json")
    path = tmp_path / "in" / "data.json"
    assert read_fact(path.read_bytes(), where="data.json").kind == "asked"


def test_a_step_that_shall_leave_no_record_leaves_none(tmp_path: Path) -> None:
    assert performed(tmp_path, records="none").outputs["record"] == ""
    assert not list(tmp_path.iterdir())


def test_a_record_that_cannot_be_written_makes_a_yes_a_cannot_tell(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file stands in the way")
    done = performed(tmp_path, records="records")
    assert done.exit is Exit.CANNOT_TELL
    assert done.outputs["verdict"] == "cannot-tell"


def test_a_report_that_cannot_be_written_leaves_a_no_a_no(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert performed(tmp_path, answer="no", write={"json": "file/x.json"}).exit is Exit.NO
    assert performed(tmp_path, write={"json": "file/x.json"}).exit is Exit.CANNOT_TELL


@pytest.mark.parametrize(
    ("fail", "code"), [("no-input", Exit.NO_INPUT), ("cannot-tell", Exit.CANNOT_TELL)]
)
def test_a_failure_is_an_answer_with_its_reason(tmp_path: Path, fail: str, code: Exit) -> None:
    done = performed(tmp_path, fail=fail)
    assert done.exit is code
    assert done.outputs["verdict"] == "cannot-tell"
    assert done.outputs["reasons"]


def test_no_input_is_fine_where_it_is_allowed(tmp_path: Path) -> None:
    assert performed(tmp_path, fail="no-input", allow_empty=True).exit is Exit.YES


def test_an_unknown_format_is_refused_before_the_step_runs(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no report format 'yaml'"):
        performed(tmp_path, format="yaml", fail="bug")


@pytest.mark.parametrize(
    "options",
    [
        {"write": {"json": "out/x", "sarif": "out/./x"}},
        {"write": {"json": "out/x"}, "record": "out/x"},
    ],
)
def test_two_outputs_to_one_file_are_refused_before_the_step_runs(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(RequestError, match="would both be written to out/"):
        performed(tmp_path, fail="bug", **options)


def test_a_format_that_a_failed_scan_does_not_give_hides_no_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    around = world(tmp_path)
    step = replace(ASK, name="scan-image")
    options = AskOptions(fail="cannot-tell", format="cyclonedx", write={"gitlab": "scan.json"})
    done = perform(step, options, around, detect(around.environ))

    told = capsys.readouterr()
    assert done.exit is Exit.CANNOT_TELL
    assert told.out == ""
    assert "cannot tell: the tool died" in told.err
    assert "would read as clean" in done.outputs["reasons"]
    assert '"status": "failure"' in (tmp_path / "scan.json").read_text()


def test_data_goes_to_standard_output_and_talk_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    performed(tmp_path)
    told = capsys.readouterr()
    assert told.out == "the-data\n"
    assert "all is well" in told.err


def test_on_github_outputs_summary_and_annotations_are_written(tmp_path: Path) -> None:
    around: World = world(tmp_path, environ=GITHUB)
    perform(ASK, AskOptions(answer="no"), around, detect(GITHUB))
    assert "verdict" in (tmp_path / "out").read_text()
    assert "something is bad" in (tmp_path / "summary.md").read_text()
    assert isinstance(around.talk, Notebook)
    assert any(
        line.startswith("::error") for text in around.talk.said for line in text.splitlines()
    )


def test_a_summary_that_cannot_be_written_never_leaves_the_output_yes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environ = {**GITHUB, "GITHUB_STEP_SUMMARY": "file/summary.md"}
    done = performed(tmp_path, environ)
    assert done.exit is Exit.CANNOT_TELL
    assert "cannot-tell" in (tmp_path / "out").read_text()


class Agent:
    """A program of the CI system's own, which writes down what it is asked."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.asked: list[tuple[tuple[str, ...], bytes]] = []

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}"

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,  # noqa: ARG002
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        self.asked.append((tuple(argv), stdin))
        return Completed(code=self.code, stdout=b"", stderr=b"no such build\n")


BUILDKITE = {"BUILDKITE": "true", "BUILDKITE_STEP_KEY": "ask", "BUILDKITE_JOB_ID": "e44f"}


def _on_buildkite(folder: Path, processes: Processes) -> Performed:
    around = world(folder, environ=BUILDKITE, processes=processes)
    return perform(ASK, AskOptions(answer="no"), around, detect(around.environ))


def test_on_buildkite_the_agent_keeps_outputs_and_shows_the_summary(tmp_path: Path) -> None:
    agent = Agent()
    assert _on_buildkite(tmp_path, agent).exit is Exit.NO
    (annotated, summary), *kept = agent.asked
    assert annotated[:2] == ("buildkite-agent", "annotate")
    assert b"something is bad" in summary
    assert (("buildkite-agent", "meta-data", "set", "ask:verdict"), b"no") in kept


def test_in_a_container_without_the_agent_buildkite_has_no_place_for_outputs(
    tmp_path: Path,
) -> None:
    assert _on_buildkite(tmp_path, NoProcesses()).exit is Exit.NO


def test_an_agent_that_refuses_an_output_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match=r"meta-data set ended with 1: no such build"):
        set_outputs(
            {"verdict": "yes"},
            detect(BUILDKITE),
            world(tmp_path, environ=BUILDKITE, processes=Agent(code=1)),
        )


def test_on_azure_outputs_are_said_on_standard_error(tmp_path: Path) -> None:
    environ = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path)}
    around = world(tmp_path, environ=environ)
    perform(ASK, AskOptions(answer="no"), around, detect(environ))
    assert isinstance(around.talk, Notebook)
    assert around.talk.said[0] == f"##vso[task.uploadsummary]{tmp_path}/cdkit-summary.md"
    assert "##vso[task.setvariable variable=CDKIT_VERDICT;isOutput=true]no" in around.talk.said
    assert "something is bad" in (tmp_path / "cdkit-summary.md").read_text()
