"""What the tests of evidence, gate and their steps have in common: an image, a source, origins."""

from cdkit.core.digest import Digest, sha256
from cdkit.core.documents.document import Document, Origin
from cdkit.core.documents.fact import Fact, fact_of
from cdkit.core.documents.kinds import Counts, Evidence, Identity
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.subject import Subject, image_subject, source_subject
from cdkit.core.verdict import Reason, Verdict, judge, yes
from tests.worlds import COMMIT, TREE

OTHER_TREE = "8" * 40
REPOSITORY = "registry.example/orders"
IMAGE = f"{REPOSITORY}@sha256:" + "a" * 64
IMAGE_KEY = "sha256:" + "a" * 64
SUBJECT = image_subject(REPOSITORY, Digest("sha256", "a" * 64))
OTHER_SUBJECT = image_subject(REPOSITORY, Digest("sha256", "b" * 64))
SOURCE = source_subject("orders", commit=COMMIT, tree=TREE)
PASSED = judge([yes("3 tests passed")])
THREE = Counts(tests=3, passed=3, failed=0, errors=0, skipped=0)


def origin(step: str = "record-evidence", **changes: object) -> Origin:
    """Return an origin an hour before noon, in run 1 of the clean source, with these changes."""
    usual: dict[str, object] = {
        "recorded_at": "2026-11-23T11:00:00Z",
        "tool": "cdkit test",
        "step": step,
        "system": "github",
        "run": "1",
        "attempt": 1,
        "commit": COMMIT,
        "tree": TREE,
    }
    return Origin(**(usual | changes))  # type: ignore[arg-type]


def evidence(
    kind: str = "unit",
    *,
    reasons: tuple[Reason, ...] = (),
    verdict: Verdict | None = None,
    counts: Counts | None = THREE,
    **changes: object,
) -> Evidence:
    """Return evidence that says yes, unless reasons or a verdict say otherwise."""
    told = verdict or (judge(reasons) if reasons else PASSED)
    return Evidence(
        origin=origin(**changes),  # type: ignore[arg-type]
        evidence=kind,
        verdict=told,
        reports=(),
        counts=counts,
    )


def identity(**changes: object) -> Identity:
    """Return the identity of the image, built from the clean source."""
    usual: dict[str, object] = {
        "origin": origin("tag-image"),
        "image": IMAGE,
        "repository": REPOSITORY,
        "digest": IMAGE_KEY,
        "commit": COMMIT,
        "tree": TREE,
    }
    return Identity(**(usual | changes))  # type: ignore[arg-type]


def fact(document: Document, *subjects: Subject) -> Fact:
    """Return a document as it is read back."""
    statement = state(document, *(subjects or (SUBJECT,)))
    digest = sha256(encode_statement(statement))
    return fact_of(statement, digest=str(digest), where=f"records/{digest.encoded[:8]}.json")
