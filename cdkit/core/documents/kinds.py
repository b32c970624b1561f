"""Our documents: identity, findings, evidence, decision, waiver, deployment, announcement."""

from msgspec import Struct, field

from cdkit.core.documents.document import Document
from cdkit.core.documents.inventory import Component, Known
from cdkit.core.documents.names import Names
from cdkit.core.finding import Finding, Location
from cdkit.core.verdict import Answer, Reason, Verdict


class Platform(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One platform of an image: `linux/amd64`, its manifest's digest and its config's digest."""

    platform: str
    digest: str
    config_digest: str = ""


class Identity(Document, frozen=True, kw_only=True, omit_defaults=True, tag="identity"):
    """What exactly is shipped: `image` is `repository@digest`, the name that cannot move.

    `digest` is that of the index, or of the one manifest where there is no index (`media_type`
    tells which); `tags` are labels for people; `labels` and `annotations` are what the image says
    of itself under names of the OCI; `commit` and `tree` name the source that it was built from,
    `base_name` and `base_digest` the image that it was built on, empty where nobody said.
    """

    image: str
    repository: str
    digest: str
    media_type: str = ""
    platforms: tuple[Platform, ...] = ()
    tags: tuple[str, ...] = ()
    reference: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    base_name: str = ""
    base_digest: str = ""
    commit: str = ""
    tree: str = ""


class Database(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data that a tool judged by, and when it was last updated (RFC 3339)."""

    updated_at: str = ""
    version: str = ""


class Tool(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tool that found something out."""

    name: str
    version: str = ""
    database: Database | None = None


class Made(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When reports that a step only judged say that their tool ran (RFC 3339, UTC).

    `started` is the earliest that any of them says, `ended` the latest, empty where none says it;
    `undated` counts those that say nothing.
    """

    started: str = ""
    ended: str = ""
    undated: int = 0


class Contract(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a migration takes away on the condition that a release is all that runs by then.

    `release` stopped using the `objects` (`orders.note`), as the migration has it at `where`;
    `commit` is the git commit that it names.
    """

    migration: str
    release: str
    commit: str
    objects: tuple[str, ...]
    reason: str = ""
    where: Location | None = None


class Findings(Document, frozen=True, kw_only=True, omit_defaults=True, tag="findings"):
    """What a linter or a scanner found.

    `evidence` is the kind of evidence that it counts as (`migrations`, `vulnerabilities`);
    `examined` names what was looked at and how many of each (`{"files": 2, "statements": 9}`).
    `contracts` are the conditions on which the verdict rests: the gate holds them against what
    runs. A scan's `inventory` are the packages that it looked at, and `known` all that it knew of;
    `findings` are the worst of them where `left_out` counts others, and `numbers` count all. `made`
    is set where the reports were made elsewhere: what they say is as old as they are.
    """

    evidence: str
    verdict: Verdict
    tool: Tool
    examined: dict[str, int]
    findings: tuple[Finding, ...] = ()
    contracts: tuple[Contract, ...] = ()
    left_out: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    inventory: tuple[Component, ...] = ()
    known: tuple[Known, ...] = ()
    made: Made | None = None

    @property
    def found_at(self) -> str:
        """When it was found out (RFC 3339): the earliest that a report says, else when recorded."""
        return (self.made.started if self.made else "") or self.origin.recorded_at


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A test that did not pass, with the first lines of what it said."""

    name: str
    message: str = ""
    where: str = ""


class Counts(Struct, frozen=True, kw_only=True):
    """How many tests did what. `tests` is all of them; `flaky` passed only after a failure."""

    tests: int
    passed: int
    failed: int
    errors: int
    skipped: int
    flaky: int = 0

    @property
    def executed(self) -> int:
        """How many tests ran: a skipped test proves nothing."""
        return self.tests - self.skipped


class Coverage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of the code the tests ran: lines, branches and statements, covered and in all.

    Statements are zero where the tool counts lines alone.
    """

    lines_covered: int
    lines: int
    branches_covered: int = 0
    branches: int = 0
    statements_covered: int = 0
    statements: int = 0

    @property
    def line_percent(self) -> float:
        """Covered lines in percent; 0.0 where there is no line."""
        return 100 * self.lines_covered / self.lines if self.lines else 0.0


class Report(Struct, frozen=True, kw_only=True):
    """The file that a fact was read from: its name, SHA-256 digest, size in bytes, format."""

    path: str
    digest: str
    size: int
    format: str


class Metric(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number that was measured: `p95`, 212.0, `ms`.

    `better` is `lower` or `higher`, empty where neither is. `samples` is how many measurements it
    rests on and `noise` their standard deviation in the same unit; zero where nobody said.
    """

    name: str
    value: float
    unit: str = ""
    better: str = ""
    samples: int = 0
    noise: float = 0.0


class Approval(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person's word for a change: who (the CI system's name), when (RFC 3339), of which commit.

    `how` says what vouches for it: `github-review`, `gitlab-approval`, `github-environment`.
    """

    who: str
    at: str = ""
    commit: str = ""
    how: str = ""
    url: str = ""


class Evidence(Document, frozen=True, kw_only=True, omit_defaults=True, tag="evidence"):
    """What a report says: of which kind it is evidence, its numbers, its failures.

    `failures` holds the first thousand and `failures_left_out` counts the others; `duration` is
    in seconds. `ran` are the names of the tests that ran, passed or not, and `flaky` the first
    thousand of those that passed only after a failure. `metrics` were measured; `found` counts the
    findings of an analysis by severity; `said` is what else a statement says of itself, by name
    (`builder`: the id of who built it). `approvals` are the people who stand for the change, its
    author not among them.
    """

    evidence: str
    verdict: Verdict
    reports: tuple[Report, ...]
    counts: Counts | None = None
    coverage: Coverage | None = None
    duration: float = 0.0
    failures: tuple[Failure, ...] = ()
    failures_left_out: int = 0
    ran: Names | None = None
    flaky: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    found: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()


class Answered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One requirement of a policy, its answer, and the facts (by digest) that answered it."""

    requirement: str
    answer: Answer
    reasons: tuple[Reason, ...]
    facts: tuple[str, ...] = ()


class PolicySource(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which policy decided: where it stood, its SHA-256 digest, the git revision it came from.

    Of one from a registry the revision is the digest of its manifest. `protected` is false where it
    was read from the change under judgement itself; `extends` is the policy that it adds to.
    """

    where: str
    digest: str
    revision: str = ""
    protected: bool = False
    extends: "PolicySource | None" = None


class Decision(Document, frozen=True, kw_only=True, omit_defaults=True, tag="decision"):
    """May this image enter this stage: the verdict, every requirement, the policy that asked.

    `question` is `enter`, `stay`, or `return` where the image was let in before and comes back;
    `environment` is where images of the stage are deployed.
    `incident` is set where a person opened the gate against the policy, for that incident and
    until `until` (RFC 3339); who it was stands in the origin's `actor`.
    """

    image: str
    stage: str
    verdict: Verdict
    policy: PolicySource
    requirements: tuple[Answered, ...]
    question: str = "enter"
    environment: str = ""
    incident: str = ""
    until: str = ""


class Waiver(Document, frozen=True, kw_only=True, omit_defaults=True, tag="waiver"):
    """A person's word that an image may pass without a requirement, for a reason, until a date.

    `requirement` is a kind of evidence, `rule` one rule or vulnerability of it (all where empty),
    `stage` the stage that asks (each where empty), `expires` the last day (`YYYY-MM-DD`, UTC). The
    person is the origin's `actor`, for whom the CI system vouches.
    """

    image: str
    requirement: str
    reason: str
    expires: str
    rule: str = ""
    stage: str = ""


class Deployment(Document, frozen=True, kw_only=True, omit_defaults=True, tag="deployment"):
    """What runs where: this image was put into (`deployed`) or taken out of (`removed`) a place.

    One that `failed` was to be put there, and was not: it tells nothing of what runs.
    `planned` is false where an incident made it necessary, `rollback` true where it went back; both
    are None where nobody said.
    """

    image: str
    environment: str
    service: str
    status: str
    commit: str = ""
    event: str = ""
    decision: str = ""
    planned: bool | None = None
    rollback: bool | None = None
    team: str = ""


class Announcement(Document, frozen=True, kw_only=True, omit_defaults=True, tag="announcement"):
    """That an event told of an artifact or a change: later events are linked to it by its id.

    `type` is its short type (`artifact.published`), `event` its id; `image` is the artifact,
    `repository@digest`, empty where it is about the change alone; `chain` the UUID of the chain of
    events that it belongs to, empty where it has none.
    """

    type: str
    event: str
    image: str = ""
    commit: str = ""
    chain: str = ""


AnyDocument = Identity | Findings | Evidence | Decision | Waiver | Deployment | Announcement
"""Any document of ours, told apart by its `kind`."""

OWN_KINDS = frozenset({"identity", "decision", "waiver", "deployment", "announcement"})
"""Kinds of evidence that only the document of that name can be: no report passes for one."""
