"""What each key of a policy asks, in a sentence and an example: for `cdkit explain`."""

from msgspec import Struct


class Key(Struct, frozen=True, kw_only=True):
    """What a key asks, and an example of it."""

    asks: str
    example: str


KEYS: dict[str, Key] = {
    "stages": Key(
        asks=(
            "The stages, in the order that images pass them. Entering one takes what all "
            "earlier ones ask, to enter and to stay, and its own `enter`."
        ),
        example="stages: [{name: development, enter: [{evidence: identity}]}]",
    ),
    "enter": Key(
        asks="What an image needs to enter the stage.",
        example="enter: [{evidence: unit}]",
    ),
    "stay": Key(
        asks=(
            "What is asked of an image that is in the stage: by `check-gate --stay`, and before"
            " it may enter the next one."
        ),
        example="stay: [{evidence: slo, max-age: 30m}]",
    ),
    "environment": Key(
        asks=("Where images of the stage are deployed, where that is not the stage's own name."),
        example="environment: production",
    ),
    "evidence": Key(
        asks="The kind of evidence that must be there and say yes.",
        example="evidence: unit",
    ),
    "stage": Key(
        asks=(
            "With `evidence: decision`: the stage that a gate must have let the image into, of "
            "this policy or of another team's."
        ),
        example="stage: delivery",
    ),
    "at-least": Key(
        asks=(
            "Numbers in the fact that must not be smaller: tests, coverage in percent, "
            "findings, what was measured."
        ),
        example="at-least: {executed: 60, lines: 80}",
    ),
    "at-most": Key(
        asks="Numbers in the fact that must not be larger.",
        example="at-most: {flaky: 3, high: 0}",
    ),
    "max-age": Key(
        asks="How old the fact may be, and a report that it rests on: minutes, hours, days, weeks.",
        example="max-age: 7d",
    ),
    "same-source": Key(
        asks=(
            "true: found out on the very git tree that the image was built from, and knows it; "
            "false: not asked; left out: only another tree is refused."
        ),
        example="same-source: true",
    ),
    "same-run": Key(
        asks="From the CI run that built the image.",
        example="same-run: true",
    ),
    "about": Key(
        asks=("`image`: only facts about the image itself count, not those about its source."),
        example="about: image",
    ),
    "signed-by": Key(
        asks=(
            "Names of keys, or identities, of which one must have signed; in the policy itself:"
            " for every fact that counts, whatever a requirement's own `signed-by` asks besides."
        ),
        example="signed-by: [ci]",
    ),
    "tests": Key(
        asks=(
            "Names of tests that must have run and passed; `*` and `?` match. None of them is "
            "in quarantine."
        ),
        example='tests: ["tests.pay.*"]',
    ),
    "tests-gone": Key(
        asks=(
            "How many percent of the tests may be gone that ran for what runs in the baseline "
            "(5). Tests that were only renamed are not gone; 100 does not ask."
        ),
        example="tests-gone: 2",
    ),
    "no-worse": Key(
        asks=(
            "By how many percent a number may be worse than in the releases before. Coverage "
            "and counts are held against what runs; what is measured against the last releases,"
            " with their noise: surely within the margin is yes, surely beyond it no, else "
            "nobody can tell."
        ),
        example="no-worse: {p95: 10, lines: 1}",
    ),
    "runs": Key(
        asks="How many releases it takes to judge a measured number (5).",
        example="runs: 8",
    ),
    "says": Key(
        asks="What a statement must say of itself; `*` and `?` match.",
        example='says: {builder: "https://github.com/acme/*"}',
    ),
    "approvals": Key(
        asks=(
            "How many people must stand for the change, and whose word counts; never its author's."
        ),
        example="approvals: {count: 2, by: [ann, bob, cem]}",
    ),
    "contracts": Key(
        asks="Where the release that a migration waits for must be all that runs.",
        example="contracts: {environments: [production], services: [orders]}",
    ),
    "extends": Key(
        asks=(
            "Another policy that this one adds to and changes: a file, `git:REVISION:PATH`, "
            "`oci://…`."
        ),
        example="extends: oci://registry.example.com/acme/policy:3",
    ),
    "locked": Key(
        asks=(
            "What a policy that extends this one can only make stricter: a stage, a kind, "
            "`STAGE/KIND`, or `*`."
        ),
        example='locked: ["delivery/vulnerabilities"]',
    ),
    "baseline": Key(
        asks=("The environment whose release the tests and numbers are held against (production)."),
        example="baseline: production",
    ),
    "signers": Key(
        asks=(
            "Whose signatures count: public keys, and identities that Sigstore certified, each "
            "with the time, kinds, steps and environments that it is good for (docs/signing.md)."
        ),
        example=('signers: {keys: [{name: ci, public-key: "-----BEGIN PUBLIC KEY-----"}]}'),
    ),
    "quarantine": Key(
        asks=(
            "Tests that may fail through a day: run and shown all the same, somebody answers "
            "for them."
        ),
        example=(
            'quarantine: [{test: "t.race*", owner: team, reason: races, expires: "2027-01-31"}]'
        ),
    ),
    "waivers": Key(
        asks=("Requirements that need not be kept through a day; all of one, or one rule of it."),
        example=(
            'waivers: [{evidence: dast, owner: sec, reason: broken scanner, expires: "2027-01-31"}]'
        ),
    ),
    "may-waive": Key(
        asks="People whose waivers count (`cdkit waive`), by the CI system's names.",
        example="may-waive: [ann, bob]",
    ),
    "break-glass": Key(
        asks=(
            "Who may open the gate in an emergency, and for how many hours an incident counts "
            "(4); 0 hours: nobody."
        ),
        example="break-glass: {by: [ann, bob], hours: 2}",
    ),
}
