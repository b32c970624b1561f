"""What the newest grammar takes and older servers refuse."""

from collections.abc import Mapping

from cdkit.migrations.operation import AddColumn, AddConstraint, MovePartition, Operation

SINCE: Mapping[str, tuple[int, str]] = {
    # The release notes of that version.
    "DETACH PARTITION CONCURRENTLY": (14, "https://www.postgresql.org/docs/release/14.0/"),
    "a NOT NULL constraint with a name": (18, "https://www.postgresql.org/docs/release/18.0/"),
    "a constraint that is NOT ENFORCED": (18, "https://www.postgresql.org/docs/release/18.0/"),
    "a virtual generated column": (18, "https://www.postgresql.org/docs/release/18.0/"),
}


def feature_of(operation: Operation) -> str:
    """Return what of an operation is a key of SINCE, or an empty text."""
    match operation:
        case MovePartition(concurrently=True):
            return "DETACH PARTITION CONCURRENTLY"
        case AddConstraint(constraint=constraint) if constraint.kind == "not null":
            return "a NOT NULL constraint with a name"
        case AddConstraint(constraint=constraint) if not constraint.enforced:
            return "a constraint that is NOT ENFORCED"
        case AddColumn(column=column) if column.generated == "virtual":
            return "a virtual generated column"
        case _:
            return ""
