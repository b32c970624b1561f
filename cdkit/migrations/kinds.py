"""Kinds of operations that are told apart for every statement: asked once for each type."""

from cdkit.migrations.operation import Operation


class Kinds(dict[type[Operation], bool]):
    """Whether an operation is of one of these kinds: `kinds[type(operation)]`.

    isinstance() asks the metaclass of each kind in turn, for every operation anew, and takes some
    ten times as long for several of them.
    """

    def __init__(self, *kinds: type[Operation]) -> None:
        super().__init__()
        self._kinds = kinds

    def __missing__(self, kind: type[Operation]) -> bool:
        """Return it of a type that comes for the first time."""
        self[kind] = issubclass(kind, self._kinds)
        return self[kind]
