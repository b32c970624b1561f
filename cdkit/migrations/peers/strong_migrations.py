"""strong_migrations: its checks, as its README and its `disable_check` name them."""

from cdkit.migrations.peer import Peer, row

PEER = Peer(
    title="strong_migrations",
    version="2.8",
    page="https://github.com/ankane/strong_migrations",
    rows=(
        row("add_check_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row(
            "add_check_constraint_mysql",
            "copying-alter",
            "constraint-on-existing-table",
        ),
        row("add_column_auto_incrementing", "volatile-default"),
        row("add_column_default", "volatile-default"),
        row("add_column_default_callable", "volatile-default"),
        row("add_column_generated_stored", "volatile-default"),
        row("add_column_json", "type-without-equality"),
        row("add_exclusion_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row("add_foreign_key", "blocking-constraint", "constraint-on-existing-table"),
        row("add_foreign_key_mysql", "copying-alter", "constraint-on-existing-table"),
        row("add_index", "blocking-index"),
        row(
            "add_index_columns",
            note="How many columns an index should have is a matter of its queries.",
        ),
        row(
            "add_index_corruption",
            note="A fault of PostgreSQL 14.0 to 14.3 alone: run a newer minor version.",
        ),
        row("add_reference", "blocking-index", "blocking-constraint"),
        row("add_unique_constraint", "blocking-constraint", "constraint-on-existing-table"),
        row("change_column", "changed-column-type", "rewriting-type-change"),
        row("change_column_constraint", "rewriting-type-change", "changed-column-type"),
        row("change_column_default", "changed-default", "dropped-default"),
        row("change_column_null", "not-null-added", "blocking-not-null"),
        row(
            "change_column_null_mysql",
            "not-null-added",
            note="In any mode: a running version that writes no value is refused, or fills in 0.",
        ),
        row("change_column_null_postgresql", "blocking-not-null"),
        row("change_column_with_not_null", "not-null-added", "blocking-not-null"),
        row("change_table", note="What it renders is read and judged for what it does."),
        row("copy_algorithm", "copying-alter"),
        row("create_table", "dropped-table", note="`force: true` renders DROP TABLE."),
        row(
            "execute",
            note="SQL is read and judged for what it does; what cannot be read is `unread-code`.",
        ),
        row("lock_option", "copying-alter"),
        row("remove_column", "dropped-column"),
        row("remove_index", "blocking-index-drop"),
        row("rename_column", "renamed-column"),
        row("rename_enum_value", "renamed-enum-value"),
        row("rename_schema", "renamed-object"),
        row("rename_table", "renamed-table"),
        row("validate_check_constraint", "validated-in-same-transaction"),
        row("validate_constraint", "validated-in-same-transaction"),
        row("validate_foreign_key", "validated-in-same-transaction"),
    ),
)
