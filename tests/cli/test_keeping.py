"""Where the fact of a step goes, and who signs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Raw

from cdkit.ci.detect import detect
from cdkit.cli.exits import Exit
from cdkit.cli.keeping import open_keeper
from cdkit.cli.perform import Performed, perform
from cdkit.core.context import BuildContext
from cdkit.core.digest import Digest
from cdkit.core.documents.envelope import open_envelope
from cdkit.core.documents.fact import read_fact
from cdkit.core.documents.statement import STATEMENT_TYPE, Statement
from cdkit.core.errors import RequestError
from cdkit.core.step import Outcome, Outputs
from cdkit.core.subject import image_subject
from cdkit.core.verdict import judge, yes
from cdkit.core.world import Http, World
from cdkit.evidence.store import open_store
from tests.cli.steps import ASK, AskOptions
from tests.evidence.doubles import evidence
from tests.evidence.places import networked, pushed_image
from tests.evidence.signing.keys import pem, verifier
from tests.parts import double
from tests.worlds import NoHttp, world

VSA = "https://slsa.dev/verification_summary/v1"
KEY = "sha256:" + "a" * 64
IMAGE = f"registry.example/orders@{KEY}"
IN_CI = BuildContext(system="github", run="1")
CHANGE = BuildContext(system="github", run="1", pull_request="7")


def around(
    folder: Path,
    *,
    context: BuildContext = IN_CI,
    key: bool = False,
    http: Http | None = None,
) -> World:
    environ = {"CDKIT_SIGNING_KEY": pem("p256")} if key else {}
    return world(folder, context=context, environ=environ, http=http or NoHttp())


def performed(outside: World, **options: object) -> Performed:
    return perform(ASK, AskOptions(**options), outside, detect({}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("records", "image", "system", "decided"),
    [
        ("auto", "", "github", ".cdkit/records"),
        ("auto", IMAGE, "terminal", ".cdkit/records"),
        ("auto", IMAGE, "github", ".cdkit/records,oci://registry.example/orders"),
        ("auto", f"orders@{KEY}", "github", ".cdkit/records"),
        (
            "auto",
            "docker.io/acme/orders:v1",
            "gitlab",
            ".cdkit/records,oci://docker.io/acme/orders",
        ),
        ("auto", "no reference!", "github", ".cdkit/records"),
        ("oci", IMAGE, "terminal", "oci://registry.example/orders"),
        ("none", IMAGE, "github", "none"),
        ("kept/here", IMAGE, "github", "kept/here"),
        ("a,b", IMAGE, "github", "a,b"),
    ],
)
def test_where_facts_are_kept_follows_from_the_job(
    tmp_path: Path, records: str, image: str, system: str, decided: str
) -> None:
    outside = around(tmp_path, context=BuildContext(system=system))
    assert open_keeper(AskOptions(records=records, image=image), outside).options.records == decided


def test_the_tag_that_was_pushed_names_the_registry_too(tmp_path: Path) -> None:
    class Tagged(AskOptions, frozen=True, kw_only=True):
        tag: str = "registry.example/orders:v1\nregistry.example/orders:v2"

    decided = open_keeper(Tagged(), around(tmp_path)).options.records
    assert decided == ".cdkit/records,oci://registry.example/orders"


def test_beside_the_image_needs_an_image(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no image with a registry is named"):
        performed(around(tmp_path), records="oci")


def test_a_fact_is_signed_where_a_key_is_there(tmp_path: Path) -> None:
    done = performed(around(tmp_path, key=True), record="out/a.json")
    for path in (done.outputs["record"], "out/a.json"):
        data = (tmp_path / path).read_bytes()
        assert read_fact(data, where=path, verifier=verifier()).signers == ("ci",)


def test_none_signs_nothing_though_a_key_is_there(tmp_path: Path) -> None:
    done = performed(around(tmp_path, key=True), sign="none")
    assert (tmp_path / done.outputs["record"]).read_bytes().startswith(b'{"_type":')


@pytest.mark.parametrize(
    ("sign", "said"),
    [("key", "no key is there to sign with"), ("gpg", "'gpg' is nothing that signs")],
)
def test_a_signer_that_cannot_sign_stops_before_the_step(
    tmp_path: Path, sign: str, said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        performed(around(tmp_path), sign=sign)
    assert not list(tmp_path.iterdir())


def test_a_signer_that_is_down_lets_the_step_answer_and_its_fact_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    done = performed(around(tmp_path), sign="awskms:///alias/x")
    assert done.exit is Exit.CANNOT_TELL
    assert done.outputs["record"] == ""
    assert "does not answer as a key that signs" in done.outputs["reasons"]
    assert "all is well" in done.outputs["reasons"]
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_none_stops_before_the_step(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no place that facts can be kept in"):
        performed(around(tmp_path), records="gopher://x")


def test_a_forks_change_without_a_key_is_judged_and_not_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = performed(around(tmp_path, context=CHANGE), sign="key", answer="no")
    assert done.exit is Exit.NO
    assert "not signed, as a fork's never is" in capsys.readouterr().err
    assert (tmp_path / done.outputs["record"]).read_bytes().startswith(b'{"_type":')


@pytest.mark.parametrize(
    ("records", "context", "code"),
    [("auto", IN_CI, Exit.YES), ("oci", CHANGE, Exit.YES), ("oci", IN_CI, Exit.CANNOT_TELL)],
)
def test_a_registry_that_may_not_be_written_leaves_facts_in_the_folder_unless_asked_for(
    tmp_path: Path, records: str, context: BuildContext, code: Exit
) -> None:
    with double.running() as registry:
        name, _ = pushed_image(registry.address, tmp_path)
        registry.read_only = True
        outside = around(tmp_path, context=context, http=networked(tmp_path).http)
        done = performed(outside, records=records, image=f"{name}@{KEY}")
    assert done.exit is code
    kept = open_store(".cdkit/records", world(tmp_path)).about(frozenset({KEY}))
    assert len(kept.facts) == (1 if code is Exit.YES else 0)
    noted = [note for note in done.report.notes if "packages: write" in note]
    assert len(noted) == (1 if code is Exit.YES else 0)
    if code is Exit.CANNOT_TELL:
        assert "does not allow it" in done.outputs["reasons"]


def test_in_ci_a_fact_stands_in_the_folder_and_beside_its_image(tmp_path: Path) -> None:
    with double.running() as registry:
        name, digest = pushed_image(registry.address, tmp_path)
        outside = around(tmp_path, http=networked(tmp_path).http)
        done = performed(outside, image=f"{name}@{digest}")
        performed(outside, records=".cdkit/records", answer="no")
        beside = open_store(f"oci://{name}", outside).about(frozenset({KEY}))
        both = open_store(f"oci://{name},.cdkit/records", outside)
        found = both.about(frozenset({KEY}))
        assert len(both.held(frozenset({KEY})).records) == 2
    assert done.outputs["record"].startswith(".cdkit/records/subjects/sha256/")
    assert [fact.kind for fact in beside.facts] == ["asked"]
    assert len(found.facts) == 2
    assert any("kept beside the image too" in note for note in done.report.notes)


def test_a_registry_that_is_down_costs_no_verdict_unless_it_was_asked_for(tmp_path: Path) -> None:
    done = performed(around(tmp_path), image=IMAGE)
    assert done.exit is Exit.YES
    assert any("kept in .cdkit/records only" in note for note in done.report.notes)
    assert performed(around(tmp_path), image=IMAGE, records="oci").exit is Exit.CANNOT_TELL


def test_a_statement_for_others_is_written_signed_and_kept_nowhere_else(tmp_path: Path) -> None:
    subject = image_subject("registry.example/orders", Digest("sha256", "a" * 64))
    statement = Statement(
        type=STATEMENT_TYPE,
        subject=(subject,),
        predicate_type="https://slsa.dev/verification_summary/v1",
        predicate=Raw(b'{"verificationResult":"PASSED"}'),
    )
    outcome = Outcome(
        verdict=judge([yes("fine")]), outputs=Outputs(), written=(("vsa.json", statement),)
    )
    outside = around(tmp_path, key=True)
    kept = open_keeper(AskOptions(records="none"), outside).keep(outcome)
    assert (kept.records, kept.reasons) == ((), ())
    envelope = open_envelope((tmp_path / "vsa.json").read_bytes(), where="vsa.json")
    assert envelope is not None
    assert verifier("p256").verified(envelope, where="vsa.json") == ("ci",)
    assert not (tmp_path / ".cdkit").exists()


class Attaching(AskOptions, frozen=True, kw_only=True):
    attach: bool = True


def summarised(*, stands: bool = False, file: str = "vsa.json") -> Outcome:
    """A fact, and a statement for others that is written and attached."""
    subject = image_subject("registry.example/orders", Digest.parse(KEY))
    predicate = Raw(b'{"verificationResult":"PASSED"}')
    statement = Statement(
        type=STATEMENT_TYPE, subject=(subject,), predicate_type=VSA, predicate=predicate
    )
    return Outcome(
        verdict=judge([yes("fine")]),
        outputs=Outputs(),
        document=evidence(),
        subjects=(subject,),
        written=((file, statement),),
        attached=(statement,),
        stands=stands,
    )


@pytest.mark.parametrize("records", ["auto", "none", "kept", "oci"])
def test_what_is_attached_stands_beside_the_image_and_where_facts_are(
    tmp_path: Path, records: str
) -> None:
    with double.running() as registry:
        name, _ = pushed_image(registry.address, tmp_path)
        outside = around(tmp_path, key=True, http=networked(tmp_path).http)
        options = Attaching(records=records, image=f"{name}@{KEY}")
        kept = open_keeper(options, outside).keep(summarised())
        assert kept.reasons == ()
        beside = open_store(f"oci://{name}", outside).attached(frozenset({KEY}))
    ((_, data),) = beside.records
    envelope = open_envelope(data, where="")
    assert envelope is not None
    assert verifier("p256").verified(envelope, where="") == ("ci",)
    folder = {"auto": ".cdkit/records", "kept": "kept"}.get(records)
    if folder:
        also = open_store(folder, outside).attached(frozenset({KEY})).records
        assert [one for _, one in also] == [data]
    assert [note.partition(" in ")[0] for note in kept.notes if note.startswith("attached")] == [
        f"attached: {VSA}"
    ]


@pytest.mark.parametrize(
    ("image", "environ", "said"),
    [
        (IMAGE, {}, "nobody signs here"),
        (f"acme/orders@{KEY}", {"key": True}, "no image with a registry is named"),
    ],
)
def test_what_cannot_be_attached_stops_before_the_step(
    tmp_path: Path, image: str, environ: dict[str, bool], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        open_keeper(Attaching(image=image), around(tmp_path, key=bool(environ)))


def test_a_forks_change_attaches_nothing_and_says_so(tmp_path: Path) -> None:
    keeper = open_keeper(Attaching(image=IMAGE, records="kept"), around(tmp_path, context=CHANGE))
    kept = keeper.keep(summarised())
    assert kept.reasons == ()
    assert "nothing is attached to the image, since nobody signs it" in kept.notes
    assert not (tmp_path / "kept" / "attached").exists()


def test_a_registry_that_refuses_it_is_told_though_facts_are_kept(tmp_path: Path) -> None:
    with double.running() as registry:
        name, _ = pushed_image(registry.address, tmp_path)
        registry.read_only = True
        outside = around(tmp_path, key=True, http=networked(tmp_path).http)
        kept = open_keeper(Attaching(image=f"{name}@{KEY}"), outside).keep(summarised())
    assert ["does not allow it (403)" in reason.what for reason in kept.reasons] == [True]
    assert len(kept.records) == 1


@pytest.mark.parametrize("stands", [True, False])
def test_a_decision_that_is_not_on_record_leaves_no_summary_unless_it_stands(
    tmp_path: Path, *, stands: bool
) -> None:
    outside = around(tmp_path, key=True)
    options = Attaching(image=IMAGE, records="oci")
    kept = open_keeper(options, outside).keep(summarised(stands=stands))
    assert len(kept.reasons) == 1
    assert (tmp_path / "vsa.json").exists() is stands
