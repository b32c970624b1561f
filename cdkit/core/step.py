"""What a pipeline step is: options, a run, an outcome; everything else follows from these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from cdkit.core.documents.document import Document
from cdkit.core.documents.statement import Statement
from cdkit.core.finding import Finding
from cdkit.core.rule import Rule
from cdkit.core.subject import Subject
from cdkit.core.verdict import Verdict
from cdkit.core.world import World


def option(
    help: str,  # noqa: A002 - what every command-line library calls it
    *,
    argument: bool = False,
    flag: str = "",
    shared: bool = False,
    metavar: str = "",
) -> Meta:
    """Describe one input of a step, for `typing.Annotated`.

    `argument` makes it positional on the command line; `flag` names the flag where it is not the
    option's own name (a list's singular: `--report` for `reports`); `shared` also reads
    `CDKIT_<OPTION>`, which several steps understand alike.
    """
    extra = {"argument": argument, "flag": flag, "shared": shared, "metavar": metavar}
    return Meta(description=help, extra=extra)


class Options(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The inputs that every step has. A step's own Options derive from this.

    Types: str, int, float, bool, a Literal of strings, tuple[str, ...], dict[str, str], and, in
    the configuration file only, tuple[str | SomeStruct, ...].
    """

    mode: Annotated[
        Literal["enforce", "report"],
        option("`report` shows what would have failed and exits 0: the way to begin."),
    ] = "enforce"
    records: Annotated[
        str,
        option(
            "Where facts are kept: a folder, `oci` (the registry, beside the image), "
            "`oci://registry/repository`, `s3://bucket/prefix`, or `none`; of several with commas "
            "the first is written to, and all are read. `auto` is `.cdkit/records`, and in a CI "
            "job that names an image the registry too (docs/evidence-stores.md).",
            shared=True,
            metavar="PLACE",
        ),
    ] = "auto"
    record: Annotated[
        str, option("Also write the fact that this step leaves to this file.", metavar="FILE")
    ] = ""
    sign: Annotated[
        str,
        option(
            "Who signs the fact: `none`, `key` (CDKIT_SIGNING_KEY), `keyless` (Sigstore, a public "
            "log), or a key of a cloud, `awskms:///alias/NAME` (docs/signing.md). Without it the "
            "key where there is one.",
            shared=True,
            metavar="SIGNER",
        ),
    ] = ""
    format: Annotated[
        str,
        option("The report on standard output: `text`, or a name as in `write`."),
    ] = "text"
    write: Annotated[
        dict[str, str],
        option(
            "Reports to write as well, `sarif=out.sarif`: see `docs/reports.md`.",
            metavar="FORMAT=FILE",
        ),
    ] = {}


class Outputs(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The outputs that every step has, set on failure too. A step's own derive from this.

    All are strings, since a CI system hands over nothing else.
    """

    verdict: Annotated[str, Meta(description="`yes`, `no` or `cannot-tell`.")] = ""
    reasons: Annotated[str, Meta(description="The reasons, one a line.")] = ""
    record: Annotated[str, Meta(description="The path of the fact that the step left.")] = ""


class Table(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table for the summary: a heading, column names, rows of plain text.

    One that is `ahead` says what to do, and stands before the reasons and findings.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ahead: bool = False


class Outcome(Struct, frozen=True, kw_only=True):
    """What a step found out.

    `data` is what plain text on standard output should be (a tag, a path); empty where findings
    and reasons say it all. `document` about `subjects` becomes the fact that the step leaves;
    None leaves none; `more` holds further ones with their
    subjects. `notes` are for people: what was assumed, what was left out. `headline` counts in a
    few words what stands behind the answer; `examined` names what was, where that is more than the
    subjects (`watch-list`). One that `stands` keeps its answer where its fact cannot be kept: going
    on is worth more than the record, which is told. `written` are statements for others, each with
    the file that it goes to: signed as facts are, and kept nowhere else. `attached` are statements
    for others too: signed, kept where facts are, and beside the image in its registry. `exhibit` is
    what formats of this step's own are made of (cdkit/report/exhibits/): more than tables hold.
    """

    verdict: Verdict
    outputs: Outputs
    document: Document | None = None
    subjects: tuple[Subject, ...] = ()
    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    data: str = ""
    more: tuple[tuple[Document, tuple[Subject, ...]], ...] = ()
    headline: str = ""
    examined: str = ""
    stands: bool = False
    written: tuple[tuple[str, Statement], ...] = ()
    attached: tuple[Statement, ...] = ()
    exhibit: Struct | None = None


class Hook(Struct, frozen=True, kw_only=True):
    """How pre-commit runs a step: which files (a regular expression), with which arguments.

    `always` runs it where a commit holds no such file, too: one that is deleted counts as none.
    """

    files: str
    always: bool = False
    args: tuple[str, ...] = ()
    name: str


O = TypeVar("O", bound=Options)  # noqa: E741 - the type variable of options


@dataclass(frozen=True, kw_only=True, slots=True)
class Step(Generic[O]):
    """One pipeline step. `question` is what it answers; `example` a cdkit.yaml section that works.

    `run` raises RequestError for wrong requests, NoInput where there is nothing of its kind, and
    may raise CannotTell; whatever was found out despite a failure belongs into the Outcome.
    `shares` names another step, and the inputs that this one takes from that step's section of the
    configuration where its own says nothing. `judges` is set where the change under judgement may
    not say how: in CI its section counts as the branch has it that the change wants to enter.
    """

    name: str
    summary: str
    question: str
    options: type[O]
    outputs: type[Outputs]
    run: Callable[[O, World], Outcome]
    rules: Callable[[], tuple[Rule, ...]] = tuple
    hook: Hook | None = None
    icon: str = "check"
    shares: tuple[str, tuple[str, ...]] = ("", ())
    judges: bool = False


AnyStep = Step[Any]
