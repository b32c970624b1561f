"""eugene: the hints of its linter and its tracer, E1 to E15 and W12 to W14."""

from cdkit.migrations.peer import Peer, row

PEER = Peer(
    title="eugene",
    version="0.8",
    page="https://kaaveland.github.io/eugene/hints.html",
    rows=(
        row("E1", "blocking-constraint"),
        row("E2", "blocking-not-null"),
        row(
            "E3",
            note=(
                "json in a new column fails only in DISTINCT and UNION over all columns, which no"
                " migration shows."
            ),
        ),
        row(
            "E4",
            "missing-lock-timeout",
            note="The lock is named; put what follows into a migration of its own.",
        ),
        row("E5", "rewriting-type-change", "changed-column-type"),
        row("E6", "blocking-index"),
        row("E7", "blocking-constraint"),
        row("E8", "blocking-constraint"),
        row("E9", "missing-lock-timeout"),
        row("E10", "rewritten-table", "rewriting-type-change", "volatile-default"),
        row("E11", "volatile-default"),
        row(
            "W12",
            "missing-lock-timeout",
            note="One ALTER TABLE or several: the lock is taken once and held to the end.",
        ),
        row(
            "W13",
            note=(
                "Enums are a matter of taste; what is hard to take back is `renamed-enum-value` "
                "and `new-enum-value`."
            ),
        ),
        row(
            "W14",
            "blocking-constraint",
            note="Not where a primary key is made from an index and its columns are NOT NULL.",
        ),
        row(
            "E15",
            note=(
                "Whether a foreign key wants an index is a matter of the parent's deletes; the "
                "index comes in its own migration."
            ),
        ),
    ),
)
