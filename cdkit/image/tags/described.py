"""What `git describe --tags --always` says: a git tag, one and the distance, or a commit."""

import re

_BEYOND_TAG = re.compile(r".+-[0-9]+-g[0-9a-f]{4,40}", re.ASCII)


def is_beyond_tag(described: str) -> bool:
    """Whether this names a git tag and how far the commit is beyond it, `v1.2.3-4-gabcdef0`."""
    return _BEYOND_TAG.fullmatch(described) is not None


def exact_tag(described: str, commit: str) -> str:
    """Return the git tag on this very commit, or an empty string: then more than it is said."""
    return "" if is_beyond_tag(described) or commit.startswith(described) else described
