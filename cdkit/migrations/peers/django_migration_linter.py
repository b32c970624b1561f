"""django-migration-linter: its error and warning codes."""

from cdkit.migrations.peer import Peer, row

PEER = Peer(
    title="django-migration-linter",
    version="6.0",
    page="https://github.com/3YOURMIND/django-migration-linter/blob/main/docs/incompatibilities.md",
    rows=(
        row("ADD_UNIQUE", "constraint-on-existing-table", "blocking-constraint"),
        row("ALTER_COLUMN", "changed-column-type", "rewriting-type-change"),
        row("CREATE_INDEX", "blocking-index"),
        row("CREATE_INDEX_EXCLUSIVE", "blocking-index", "missing-lock-timeout"),
        row("DATA_MIGRATION", "unread-code", note="RunPython renders no SQL: nobody can tell."),
        row("DROP_COLUMN", "dropped-column"),
        row("DROP_INDEX", "blocking-index-drop", "dropped-uniqueness"),
        row("DROP_TABLE", "dropped-table"),
        row("NOT_NULL", "required-column", "not-null-added", "dropped-default"),
        row("REINDEX", "blocking-reindex"),
        row("RENAME_COLUMN", "renamed-column"),
        row("RENAME_TABLE", "renamed-table"),
        row(
            "RUNPYTHON_ARGS_NAMING_CONVENTION",
            note="How arguments of Python are called is a matter of a Python linter.",
        ),
        row("RUNPYTHON_MODEL_IMPORT", note="What Python imports is a matter of a Python linter."),
        row(
            "RUNPYTHON_MODEL_VARIABLE_NAME",
            note="How variables of Python are called is a matter of a Python linter.",
        ),
        row(
            "RUNPYTHON_REVERSIBLE", "unread-code", note="RunPython renders no SQL: nobody can tell."
        ),
        row(
            "RUNSQL_REVERSIBLE",
            note="Whether there is a way back is a matter of downs, not of what the way up does.",
        ),
    ),
)
