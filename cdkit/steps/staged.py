"""What the commit that git is to make does to migrations that others have: pre-commit's own part.

pre-commit names the files that are there by then, and so neither one that is deleted nor the old
name of one that is renamed.
"""

import re
from collections.abc import Iterator

from cdkit.core.errors import NoInput
from cdkit.core.finding import Finding
from cdkit.core.world import Change, World
from cdkit.migrations.source import Complaint
from cdkit.migrations.tell import complained

FILES = (
    r"(?i)(^|/)(migrations?|migrate|drizzle|deploy)/([^/]+/)*[^/]+\.sql$"
    r"|(^|/)[vur][0-9._]*__[^/]*\.sql$"
)
"""Which files are migrations, by their paths alone."""
_BACK = re.compile(r"(?i)[._]down\.sql$|(^|/)(down|revert|undo|verify)(/|\.sql$)|(^|/)[ur][^/]*__")
"""Ways back, and what runs again whenever it changes: neither is looked up by its name."""
_ALIKE = frozenset({"migration.sql", "up.sql"})
"""Names of files that each migration has, in a folder with a name of its own."""


def taken_away(paths: tuple[str, ...], world: World) -> tuple[Finding, ...]:
    """Return a finding for each migration that the commit deletes or gives another name.

    Raises NoInput where there is none, and no path is named either.
    """
    found = tuple(map(complained, _complaints(world)))
    if not found and not paths:
        raise NoInput(
            "no migration is staged",
            remedy="`git add` some, or name the folder or the files",
        )
    return found


def _complaints(world: World) -> Iterator[Complaint]:
    for change in world.git.taken_away():
        old = change.old_path or change.path
        if not re.search(FILES, old) or _BACK.search(old) or _keeps_its_name(change):
            continue
        does = f"gives it another name ({change.path})" if change.old_path else "takes it away"
        yield Complaint(
            rule="edited-migration",
            path=old,
            what=f"this migration was there before, and the commit {does}: a database that ran "
            "it knows it by its name",
            remedy="leave it as it is and write a new migration; where it is meant, commit with "
            "SKIP=lint-migrations",
        )


def _keeps_its_name(change: Change) -> bool:
    """Whether a file only moves, with the folder that it is in."""
    return bool(change.old_path) and _name(change.old_path) == _name(change.path)


def _name(path: str) -> list[str]:
    parts = path.split("/")
    return parts[-2:] if parts[-1].lower() in _ALIKE else parts[-1:]
