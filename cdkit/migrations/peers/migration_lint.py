"""PandaDoc's migration-lint: its classes of statements."""

from cdkit.migrations.peer import Peer, row

PEER = Peer(
    title="migration-lint",
    version="0.2",
    page="https://github.com/PandaDoc/migration-lint",
    rows=(
        row(
            "backward-incompatible",
            "dropped-column",
            "dropped-table",
            "renamed-column",
            "renamed-table",
            "not-null-added",
            "dropped-object",
        ),
        row("backward-compatible", note="What is found to break nobody is no finding."),
        row("data-migration", "unguarded-dml", "truncated-table"),
        row("restricted", "blocking-index", "blocking-constraint", "required-column"),
        row("unsupported", "unread-code", "syntax-error"),
        row("ignored", note="`-- cdkit: allow RULE (reason)` says which rule, and why."),
    ),
)
