"""JSON objects whose names stand once, for whoever must not read one file in two ways."""

from collections import Counter


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's members; ValueError where a name stands twice (RFC 8259, section 4).

    Made for `json.loads(…, object_pairs_hook=once)`: of a name that stands twice some readers take
    the first value, some the last.
    """
    names = dict(pairs)
    if len(names) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise ValueError(f"it holds {twice[:80]!r} twice")
    return names
