"""What each key of a policy asks, in a sentence and an example: for `cdkit explain`."""

KEYS: dict[str, tuple[str, str]] = {
    "stages": (
        (
            "The stages, in the order that images pass them. Entering one takes what all earlier ones "
            "ask, to enter and to stay, and its own `enter`."
        ),
        "stages: [{name: development, enter: [{evidence: identity}]}]",
    ),
    "enter": ("What an image needs to enter the stage.", "enter: [{evidence: unit}]"),
    "stay": (
        (
            "What is asked of an image that is in the stage: by `check-gate --stay`, and before it may "
            "enter the next one."
        ),
        "stay: [{evidence: slo, max-age: 30m}]",
    ),
    "environment": (
        "Where images of the stage are deployed, where that is not the stage's own name.",
        "environment: production",
    ),
    "evidence": ("The kind of evidence that must be there and say yes.", "evidence: unit"),
    "at-least": (
        (
            "Numbers in the fact that must not be smaller: tests, coverage in percent, findings, what "
            "was measured."
        ),
        "at-least: {executed: 60, lines: 80}",
    ),
    "at-most": ("Numbers in the fact that must not be larger.", "at-most: {flaky: 3, high: 0}"),
    "max-age": ("How old the fact may be: minutes, hours, days, weeks.", "max-age: 7d"),
    "same-source": (
        (
            "true: found out on the very git tree that the image was built from, and knows it; false: "
            "not asked; left out: only another tree is refused."
        ),
        "same-source: true",
    ),
    "same-run": ("From the CI run that built the image.", "same-run: true"),
    "about": (
        "`image`: only facts about the image itself count, not those about its source.",
        "about: image",
    ),
    "signed-by": (
        (
            "Names of keys, or identities, of which one must have signed; in the policy itself: for "
            "every fact that counts."
        ),
        "signed-by: [ci]",
    ),
    "tests": (
        (
            "Names of tests that must have run and passed; `*` and `?` match. None of them is in "
            "quarantine."
        ),
        'tests: ["tests.pay.*"]',
    ),
    "tests-gone": (
        (
            "How many percent of the tests may be gone that ran for what runs in the baseline (5). "
            "Tests that were only renamed are not gone; 100 does not ask."
        ),
        "tests-gone: 2",
    ),
    "no-worse": (
        (
            "By how many percent a number may be worse than in the releases before. Coverage and "
            "counts are held against what runs; what is measured against the last releases, with their "
            "noise: surely within the margin is yes, surely beyond it no, else nobody can tell."
        ),
        "no-worse: {p95: 10, lines: 1}",
    ),
    "runs": ("How many releases it takes to judge a measured number (5).", "runs: 8"),
    "says": (
        "What a statement must say of itself; `*` and `?` match.",
        'says: {builder: "https://github.com/acme/*"}',
    ),
    "approvals": (
        "How many people must stand for the change, and whose word counts; never its author's.",
        "approvals: {count: 2, by: [ann, bob, cem]}",
    ),
    "contracts": (
        "Where the release that a migration waits for must be all that runs.",
        "contracts: {environments: [production], services: [orders]}",
    ),
    "extends": (
        "Another policy that this one adds to and changes: a file, `git:REVISION:PATH`, `oci://…`.",
        "extends: oci://registry.example.com/acme/policy:3",
    ),
    "locked": (
        (
            "What a policy that extends this one can only make stricter: a stage, a kind, "
            "`STAGE/KIND`, or `*`."
        ),
        'locked: ["delivery/vulnerabilities"]',
    ),
    "baseline": (
        "The environment whose release the tests and numbers are held against (production).",
        "baseline: production",
    ),
    "quarantine": (
        "Tests that may fail through a day: run and shown all the same, somebody answers for them.",
        'quarantine: [{test: "t.race*", owner: team, reason: races, expires: "2027-01-31"}]',
    ),
    "waivers": (
        "Requirements that need not be kept through a day; all of one, or one rule of it.",
        'waivers: [{evidence: dast, owner: sec, reason: broken scanner, expires: "2027-01-31"}]',
    ),
    "may-waive": (
        "People whose waivers count (`cdkit waive`), by the CI system's names.",
        "may-waive: [ann, bob]",
    ),
    "break-glass": (
        (
            "Who may open the gate in an emergency, and for how many hours an incident counts (4); "
            "0 hours: nobody."
        ),
        "break-glass: {by: [ann, bob], hours: 2}",
    ),
}
