"""online_migrations: its checks, as its `disable_check` and its README name them."""

from cdkit.migrations.peer import Peer, row

PEER = Peer(
    title="online_migrations",
    version="0.36",
    page="https://github.com/fatkodima/online_migrations",
    rows=(
        row("add_check_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row("add_column_default", "volatile-default"),
        row(
            "add_column_with_default",
            "volatile-default",
            note="Before PostgreSQL 11; cdkit knows 12 and later.",
        ),
        row("add_column_generated_stored", "volatile-default"),
        row("add_column_json", "type-without-equality"),
        row("add_exclusion_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row("add_foreign_key", "blocking-constraint", "constraint-on-existing-table"),
        row(
            "add_hash_index",
            note=(
                "Since PostgreSQL 10 hash indexes survive a crash; which kind serves is a matter "
                "of queries."
            ),
        ),
        row("add_index", "blocking-index"),
        row(
            "add_inheritance_column", note="What a column is called to Rails is a matter of Rails."
        ),
        row("add_not_null_constraint", "blocking-not-null", "not-null-added"),
        row("add_reference", "blocking-index", "blocking-constraint"),
        row("add_text_limit_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row("add_unique_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row("change_column", "changed-column-type", "rewriting-type-change"),
        row("change_column_default", "changed-default", "dropped-default"),
        row("change_column_null", "not-null-added", "blocking-not-null"),
        row("create_table", "dropped-table", note="`force: true` renders DROP TABLE."),
        row("drop_table_multiple_foreign_keys", "dropped-table"),
        row(
            "execute",
            note="SQL is read and judged for what it does; what cannot be read is `unread-code`.",
        ),
        row(
            "mismatched_foreign_key_type",
            note="The server itself refuses types that do not compare; others only cost time.",
        ),
        row("multiple_foreign_keys", "missing-lock-timeout"),
        row("remove_column", "dropped-column"),
        row("remove_index", "blocking-index-drop", "dropped-uniqueness"),
        row("rename_column", "renamed-column"),
        row("rename_schema", "renamed-object"),
        row("rename_table", "renamed-table"),
        row("replacing_index", "dropped-uniqueness", note="Where it is unique."),
        row("short_primary_key_type", "narrow-integer"),
        row("validate_constraint", "validated-in-same-transaction"),
    ),
)
