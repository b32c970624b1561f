"""The report as a document of ours: kind `report`, version 1."""

from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.finding import Finding
from cdkit.core.rule import Rule
from cdkit.core.step import Table
from cdkit.core.verdict import Verdict


class ReportDocument(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="report"
):
    """What a step found out, for programs.

    `verdict.answer` is `yes`, `no` or `cannot-tell`; a program that wants a pass looks for `yes`
    and for no `replay`. `findings` holds the suppressed ones too; `counts` counts the others by
    severity, and `suppressed`.
    """

    version: int
    step: str
    question: str
    verdict: Verdict
    counts: dict[str, int]
    tool: str
    context: BuildContext
    replay: Replay | None = None
    subject: str = ""
    record: str = ""
    outputs: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    data: str = ""
