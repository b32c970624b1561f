"""What lint-migrations is told of phases, and of the code that a change brings along."""

import functools
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.core.finding import Location
from cdkit.core.world import World
from cdkit.migrations import change
from cdkit.migrations.contract import Terms, declarations
from cdkit.migrations.declared import parse_phase
from cdkit.migrations.engine import Dialect
from cdkit.migrations.find import Found
from cdkit.steps.releases import terms_of
from cdkit.steps.running import NOTHING


class Phasing(Struct, frozen=True, kw_only=True):
    """What is told: phases by patterns of paths, whose version runs (in words), the records.

    `code` returns the paths of application code that the change brings along.
    """

    phases: Mapping[str, str]
    whose: str
    records: str
    code: Callable[[], tuple[str, ...]]

    def terms(
        self, found: Found, scope: change.Scope, revision: str, dialect: Dialect, world: World
    ) -> dict[str, Terms]:
        """Return the phases that migrations of a project declare, and what is known of them."""
        migrations = found.project.migrations
        return terms_of(
            migrations,
            declarations(migrations, scope.change, self.phases, dialect),
            baseline=revision,
            whose=self.whose,
            records=self.records,
            world=world,
        )


def check_phases(phases: Mapping[str, str]) -> None:
    """Raise RequestError where the option `phases` declares what is none."""
    for pattern, rest in phases.items():
        said = parse_phase(f" {rest}", Location(path="phases"))
        if said.fault:
            raise RequestError(
                said.fault,
                where="phases",
                remedy=f"write it as `{pattern}=contract since v1.4` or `{pattern}=expand`",
            )


def code_of(
    since: str,
    application: tuple[str, ...],
    beside: tuple[str, ...],
    found: Iterable[Found],
    world: World,
) -> Callable[[], tuple[str, ...]]:
    """Return what tells the application code of the change, asked once, where it is wanted.

    The files `beside` are what this step itself is told, and no code. Only `since` says what one
    change is: what is new since a deployment is a whole release.
    """
    if since in {"", NOTHING}:
        return tuple
    roots = frozenset(chain(filter(None, beside), *map(change.own, found)))
    return functools.cache(lambda: change.application(world.git.changes(since), roots, application))
