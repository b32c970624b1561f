"""eugene: the hints of its linter and its tracer, E1 to E15 and W12 to W14."""

from cdkit.migrations.peer import Peer, row

PEER = Peer(
    title="eugene",
    version="0.8",
    page="https://kaaveland.github.io/eugene/hints.html",
    rows=(
        row("E1", "blocking-constraint"),
        row("E2", "blocking-not-null"),
        row("E3", "type-without-equality"),
        row(
            "E4",
            "work-under-lock",
            "several-locks",
            note="Where what follows may take long, or locks another table.",
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
            "blocking-not-null",
            note="Where a column of the index may be null: one that is NOT NULL is not read.",
        ),
        row(
            "E15",
            "unindexed-foreign-key",
            note="For information: the parent's deletes are slow, and nobody is refused.",
        ),
        row(
            "E16",
            note=(
                "A lock that stops writes alone is named in `missing-lock-timeout`; long work "
                "behind one that stops everybody is `work-under-lock`."
            ),
        ),
    ),
)
