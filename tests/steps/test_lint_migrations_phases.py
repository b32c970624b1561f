"""lint-migrations: contracts held against git and what runs, code beside a contract, ways back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cdkit.core.digest import Digest
from cdkit.core.documents.document import Origin
from cdkit.core.documents.kinds import Contract, Deployment, Findings, Identity
from cdkit.core.documents.statement import state
from cdkit.core.errors import RequestError
from cdkit.core.finding import Location
from cdkit.core.step import Outcome
from cdkit.core.subject import image_subject
from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from cdkit.evidence.store import open_store
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.worlds import COMMIT, FakeGit, world

NEW = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"
LOCK = "SET lock_timeout = '2s';\n"
DROP = f"{LOCK}ALTER TABLE orders DROP COLUMN note;\n"
SAID = "-- cdkit: phase contract since {}: orders.note (unused)\n"
TAG = "refs/tags/v1.4"
ADDED = (Change(status="A", path="migrations/2.sql"),)


def linted(folder: Path, second: str, git: FakeGit | None = None, /, **options: object) -> Outcome:
    files = {"migrations/1.sql": NEW, "migrations/2.sql": second}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    # What open connections feel is another matter than what a release still uses.
    left = ("changed-result-type",)
    given: dict[str, object] = {"since": "main", "disable": left} | options
    there = world(folder, git=git or FakeGit(changed=ADDED))
    return run(LintMigrationsOptions(**given), there)  # type: ignore[arg-type]


def rules(outcome: Outcome) -> list[tuple[str, str]]:
    return [(each.rule, each.where) for each in outcome.findings if not each.suppressed]


def document(outcome: Outcome) -> Findings:
    assert isinstance(outcome.document, Findings)
    return outcome.document


def row(outcome: Outcome) -> Mapping[str, str]:
    (table,) = outcome.tables
    return dict(zip(table.columns, table.rows[-1], strict=True))


def origin(**more: object) -> Origin:
    return Origin(recorded_at="2026-11-20T01:00:00Z", tool="cdkit", step="s", **more)  # type: ignore[arg-type]


def test_a_contract_since_a_release_that_is_released_is_a_yes_on_a_condition(
    tmp_path: Path,
) -> None:
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP)
    assert outcome.verdict.answer is Answer.YES
    (reason,) = outcome.verdict.reasons
    assert reason.what == (
        "no known break in 1 migration once v1.4 is all that runs: `check-gate` holds that "
        "against what is deployed (contracts: 1)"
    )
    assert document(outcome).contracts == (
        Contract(
            migration="migrations/2.sql",
            release="v1.4",
            commit=TAG,
            objects=("orders.note",),
            reason="unused",
            where=Location(path="migrations/2.sql", line=1),
        ),
    )


def test_the_summary_shows_phase_verdicts_and_way_back(tmp_path: Path) -> None:
    shown = row(linted(tmp_path, SAID.format("v1.4") + DROP))
    assert shown == {
        "migration": "migrations/2.sql",
        "phase": "contract since v1.4 (declared)",
        "compatible": "once v1.4 runs everywhere",
        "safe to run": "nothing known",
        "locks on what was there before": "ACCESS EXCLUSIVE on orders",
        "way back": "none",
        "statements": "2",
        "findings": "0",
    }
    shown = row(linted(tmp_path, DROP))
    assert (shown["phase"], shown["compatible"]) == ("contract", "no (1)")


@pytest.mark.parametrize("name", ["v9.9", "main", "HEAD", "HEAD~1", "@", "--all"])
def test_what_is_no_tag_and_no_commit_is_no_release(tmp_path: Path, name: str) -> None:
    git = FakeGit(changed=ADDED, unknown=frozenset({f"refs/tags/{name}"}))
    outcome = linted(tmp_path, SAID.format(name) + DROP, git)
    assert rules(outcome) == [
        ("dropped-column", "migrations/2.sql:3:20"),
        ("unknown-release", "migrations/2.sql:1"),
    ]
    assert outcome.verdict.answer is Answer.NO


def test_a_branch_with_the_name_of_a_commit_is_no_release(tmp_path: Path) -> None:
    class Branch(FakeGit):
        def resolve(self, revision: str) -> str:
            return COMMIT if revision == "deadbeef" else super().resolve(revision)

    git = Branch(changed=ADDED, unknown=frozenset({"refs/tags/deadbeef"}))
    outcome = linted(tmp_path, SAID.format("deadbeef") + DROP, git)
    assert ("unknown-release", "migrations/2.sql:1") in rules(outcome)
    commit = FakeGit(changed=ADDED, unknown=frozenset({"refs/tags/deadbeef"}))
    assert rules(linted(tmp_path, SAID.format("deadbeef") + DROP, commit)) == []


def test_a_release_that_what_runs_does_not_contain_comes_too_early(tmp_path: Path) -> None:
    git = FakeGit(changed=ADDED, apart=frozenset({(TAG, "main")}))
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, git)
    assert rules(outcome) == [
        ("dropped-column", "migrations/2.sql:3:20"),
        ("early-contract", "migrations/2.sql:1"),
    ]
    assert document(outcome).contracts == ()


def test_a_release_that_brings_the_contract_itself_is_too_early(tmp_path: Path) -> None:
    git = FakeGit(changed=ADDED, contents={(TAG, "migrations/2.sql"): b"x"})
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, git)
    (early,) = (each for each in outcome.findings if each.rule == "early-contract")
    assert "that release brings this very migration" in early.message


def test_against_what_runs_the_release_must_be_part_of_it(tmp_path: Path) -> None:
    deployment = Deployment(
        origin=origin(),
        image=f"registry.example/orders@sha256:{'a' * 64}",
        environment="production",
        service="orders",
        status="deployed",
        commit="a1",
    )
    subject = image_subject("registry.example/orders", Digest("sha256", "a" * 64))
    open_store(".cdkit/records", world(tmp_path)).put(state(deployment, subject))
    options = {"since": "", "against": "production"}
    assert linted(tmp_path, SAID.format("v1.4") + DROP, **options).verdict.answer is Answer.YES
    git = FakeGit(changed=ADDED, apart=frozenset({(TAG, "a1")}))
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, git, **options)
    assert outcome.verdict.answer is Answer.NO
    (early,) = (each for each in outcome.findings if each.rule == "early-contract")
    assert "what runs in production (a1) does not contain it" in early.message


def identity(commit: str, *, dirty: bool = False) -> Identity:
    return Identity(
        origin=origin(dirty=dirty),
        image=f"registry.example/orders@sha256:{'a' * 64}",
        repository="registry.example/orders",
        digest=f"sha256:{'a' * 64}",
        commit=commit,
    )


@pytest.mark.parametrize(
    ("identities", "known"),
    [
        ((identity("b2"),), True),
        ((identity("b2"), identity("b2")), True),
        ((identity("b2", dirty=True),), False),
        ((identity(""),), False),
        ((identity("b2"), identity("b3")), False),
        ((), False),
    ],
)
def test_a_release_by_its_digest_is_looked_up_among_the_identities(
    tmp_path: Path, identities: tuple[Identity, ...], *, known: bool
) -> None:
    store = open_store(".cdkit/records", world(tmp_path))
    for one in identities:
        store.put(state(one, image_subject(one.repository, Digest("sha256", "a" * 64))))
    outcome = linted(tmp_path, SAID.format(f"sha256:{'a' * 64}") + DROP)
    assert [each.commit for each in document(outcome).contracts] == ["b2"] * known
    assert ("unknown-release" in dict(rules(outcome))) is not known


def test_a_digest_without_records_is_unknown(tmp_path: Path) -> None:
    outcome = linted(tmp_path, SAID.format(f"sha256:{'a' * 64}") + DROP, records="none")
    assert "unknown-release" in dict(rules(outcome))


def test_without_git_a_contract_excuses_nothing(tmp_path: Path) -> None:
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, FakeGit(at=None), since="")
    assert [rule for rule, _ in rules(outcome)] == ["dropped-column", "unknown-release"]


CODE = Change(status="M", path="app/orders.py")


@pytest.mark.parametrize(
    ("beside", "options", "found"),
    [
        ("app/orders.py", {}, True),
        ("src/main/java/A.java", {}, True),
        ("docs/orders.md", {}, False),
        ("README.md", {}, False),
        ("tests/test_orders.py", {}, False),
        ("app/orders_test.go", {}, False),
        (".github/workflows/ci.yml", {}, False),
        ("deploy/values.yaml", {}, False),
        ("migrations/2.down.sql", {}, False),
        ("prisma/schema.prisma", {}, False),
        ("app/orders.py", {"application": ("web/*",)}, False),
        ("docs/orders.md", {"application": ("docs/*",)}, True),
        ("app/orders.py", {"since": "nothing"}, False),
    ],
)
def test_a_contract_with_application_code_in_one_change_is_found(
    tmp_path: Path, beside: str, options: Mapping[str, object], *, found: bool
) -> None:
    git = FakeGit(changed=(*ADDED, Change(status="M", path=beside)))
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, git, **options)
    assert (("contract-with-code", "migrations/2.sql:3:20") in rules(outcome)) is found
    if found:
        assert outcome.verdict.answer is Answer.NO
        assert any(beside in reason.what for reason in outcome.verdict.reasons)


def test_code_beside_what_only_adds_is_as_it_should_be(tmp_path: Path) -> None:
    git = FakeGit(changed=(*ADDED, CODE))
    outcome = linted(tmp_path, f"{LOCK}ALTER TABLE orders ADD COLUMN a int;\n", git)
    assert rules(outcome) == []


def test_what_adds_in_one_change_with_what_takes_away_is_mixed(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "3.sql").write_text(
        f"{LOCK}ALTER TABLE orders ADD COLUMN a int;\n", encoding="utf-8"
    )
    changed = (*ADDED, Change(status="A", path="migrations/3.sql"))
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, FakeGit(changed=changed))
    (mixed,) = (each for each in outcome.findings if each.rule == "mixed-phases")
    assert mixed.where == "migrations/2.sql:3:20"
    assert mixed.message.endswith("the same change brings migrations/3.sql (expand)")
    assert outcome.verdict.answer is Answer.YES


def test_a_phase_can_be_given_by_a_pattern(tmp_path: Path) -> None:
    phases = {"migrations/2*": "contract since v1.4 (all of them)"}
    outcome = linted(tmp_path, DROP, phases=phases)
    assert outcome.verdict.answer is Answer.YES
    assert [each.release for each in document(outcome).contracts] == ["v1.4"]
    (excused,) = (each.suppressed for each in outcome.findings if each.suppressed)
    assert excused.source == "migrations/2.sql (phases)"


def test_the_word_of_the_file_counts_before_the_pattern(tmp_path: Path) -> None:
    outcome = linted(tmp_path, f"-- cdkit: phase expand\n{DROP}", phases={"*": "contract since v1"})
    assert ("contradicted-phase", "migrations/2.sql:3:20") in rules(outcome)


@pytest.mark.parametrize("rest", ["", "shrink", "expand since v1"])
def test_a_pattern_with_no_phase_is_a_wrong_request(tmp_path: Path, rest: str) -> None:
    with pytest.raises(RequestError) as caught:
        linted(tmp_path, DROP, phases={"*": rest})
    assert caught.value.where == Location(path="phases")


def test_a_rule_about_phases_can_be_left_out(tmp_path: Path) -> None:
    git = FakeGit(changed=(*ADDED, CODE))
    outcome = linted(tmp_path, SAID.format("v1.4") + DROP, git, disable=("contract-with-code",))
    assert outcome.verdict.answer is Answer.YES


def test_a_hostile_declaration_harms_nobody(tmp_path: Path) -> None:
    name = "'; DROP TABLE x;--\x1b[31m::error::\u202e"
    outcome = linted(tmp_path, f"-- cdkit: phase contract since {name}\n{DROP}")
    assert outcome.verdict.answer is Answer.NO


DOWN = "ALTER TABLE orders ADD COLUMN remark text;\n"


def with_back(folder: Path, changed: str, **options: object) -> Outcome:
    """Lint a project of pairs of which the second is released, and only one file is new."""
    files = {"1.up.sql": NEW, "2.up.sql": DROP, "2.down.sql": DOWN}
    (folder / "migrations").mkdir()
    for name, text in files.items():
        (folder / "migrations" / name).write_text(text, encoding="utf-8")
    git = FakeGit(changed=(Change(status="M", path=changed),))
    given = LintMigrationsOptions(**options)  # type: ignore[arg-type]
    return run(given, world(folder, git=git))


@pytest.mark.parametrize(
    "options", [{"since": "main"}, {"paths": ("migrations/2.down.sql",)}], ids=["since", "named"]
)
def test_a_way_back_that_alone_is_new_is_judged_alone(
    tmp_path: Path, options: Mapping[str, object]
) -> None:
    outcome = with_back(tmp_path, "migrations/2.down.sql", **options)
    assert rules(outcome) == [("dishonest-down", "migrations/2.down.sql:1:1")]
    assert (row(outcome)["migration"], row(outcome)["phase"]) == (
        "migrations/2.up.sql", "released",
    )  # fmt: skip
