"""A small step for the tests of the command line: it answers whatever it is told to."""

from __future__ import annotations

from typing import Annotated, Literal

from cdkit.core.documents.document import Origin
from cdkit.core.documents.kinds import Findings, Tool
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.subject import Subject
from cdkit.core.verdict import cannot_tell, judge, no, yes
from cdkit.core.world import World


class AskOptions(Options, frozen=True, kw_only=True):
    paths: Annotated[tuple[str, ...], option("What to look at.", argument=True)] = ()
    answer: Annotated[Literal["yes", "no", "cannot-tell"], option("The answer.")] = "yes"
    image: Annotated[str, option("The image.", shared=True)] = ""
    fail: Annotated[str, option("How to fail.")] = ""
    reports: Annotated[dict[str, str], option("Reports.", flag="--report")] = {}  # noqa: RUF012 - msgspec copies it
    count: Annotated[int, option("How many.")] = 1
    share: Annotated[float, option("How much.")] = 0.5
    quiet: Annotated[bool, option("Say less.")] = False
    allow_empty: Annotated[bool, option("Nothing to look at is fine.")] = False


class AskOutputs(Outputs, frozen=True, kw_only=True):
    image: str = ""


def run(options: AskOptions, world: World) -> Outcome:
    """Answer as told."""
    del world
    match options.fail:
        case "request":
            raise RequestError("is wrong", where="x.yaml", remedy="mend it")
        case "no-input":
            raise NoInput("there is nothing here", remedy="give something")
        case "cannot-tell":
            raise CannotTell("the tool died", remedy="start it again")
        case "bug":
            raise ZeroDivisionError
        case _:
            pass
    reasons = {
        "yes": yes("all is well"),
        "no": no("something is bad", remedy="mend it"),
        "cannot-tell": cannot_tell("nobody knows", remedy="look again"),
    }
    verdict = judge([reasons[options.answer]])
    origin = Origin(recorded_at="2026-11-23T12:00:00Z", tool="cdkit test", step="ask")
    document = Findings(
        origin=origin,
        evidence="asked",
        verdict=verdict,
        tool=Tool(name="ask"),
        examined={"files": 1},
    )
    return Outcome(
        verdict=verdict,
        outputs=AskOutputs(image=options.image),
        document=document,
        subjects=(Subject(name="acme/orders", digest={"sha256": "a" * 64}),),
        data="the-data",
    )


ASK = Step(
    name="ask",
    summary="Ask a question.",
    question="What is the answer?",
    options=AskOptions,
    outputs=AskOutputs,
    run=run,
)
