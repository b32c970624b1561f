"""A forge: what its API says of who reviewed a change, and who approved a deployment."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from cdkit.core import plugins
from cdkit.core.documents.kinds import Approval
from cdkit.core.errors import CannotTell, NotThere, Unreadable
from cdkit.core.secret import Secret
from cdkit.core.verdict import Reason
from cdkit.core.world import World

_MOST_PAGES = 20
_SAFE = re.compile(r"https?://[^\s?#@]+", re.ASCII)
T = TypeVar("T")


class Asked(Struct, frozen=True, kw_only=True):
    """Of what is asked: the commit that was merged, in this repository, of this run."""

    repository: str
    commit: str
    run: str
    actor: str


class Reviewed(Struct, frozen=True, kw_only=True):
    """What a forge says: who stands for the change, who made it, where that can be seen.

    `reasons` speak for and against; one that is empty of people has a reason against it.
    """

    approvals: tuple[Approval, ...] = ()
    authors: tuple[str, ...] = ()
    change: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Forge:
    """One forge. `system` is the CI system that belongs to it.

    `reviews` asks who reviewed the change that brought a commit, `approvals` who approved the
    deployment of this run; None where it cannot be asked. Both raise CannotTell.
    """

    name: str
    title: str
    system: str
    reviews: Callable[[Asked, World], Reviewed]
    approvals: Callable[[Asked, World], Reviewed] | None = None


def forge_of(world: World) -> Forge:
    """Return the forge whose CI system runs us; raises CannotTell where there is none."""
    from cdkit.evidence import forges

    known = plugins.collect(forges, "FORGE", Forge)
    for found in known.values():
        if found.system == world.context.system:
            return found
    names = ", ".join(found.title for found in known.values())
    raise CannotTell(
        "nobody can be asked here who reviewed the change",
        where="review",
        remedy=f"run it in a job of {names}; elsewhere let a statement say it",
    )


class Api:
    """A forge's API: JSON over HTTPS, a page at a time, what it refuses explained."""

    def __init__(
        self, world: World, base: str, headers: Mapping[str, str | Secret], needs: str
    ) -> None:
        if not _SAFE.fullmatch(base):
            raise CannotTell(
                f"{base[:200]!r} is no address of an API",
                where="review",
                remedy="see what the CI system says of its server",
            )
        self._world, self._base, self._headers, self._needs = (
            world,
            base.rstrip("/"),
            headers,
            needs,
        )

    def get(self, path: str, kind: type[T], **query: str) -> T:
        """Return what stands at a path; raises CannotTell where it is not to be had.

        That is NotThere where the forge knows of no such thing.
        """
        url = f"{self._base}{path}"
        if query:
            url += f"?{urlencode(query)}"
        answer = self._world.http.request("GET", url, headers=self._headers)
        if answer.status != 200:
            raise (NotThere if answer.status == 404 else CannotTell)(
                f"{self._base}{path} answers {answer.status}", where="review", remedy=self._needs
            )
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise Unreadable(
                f"{self._base}{path} answers something else than it should: {fault}",
                where="review",
                remedy="see what stands between this job and the server",
            ) from fault

    def pages(self, path: str, kind: type[T]) -> Iterator[T]:
        """Yield every entry of a list, a hundred a page.

        Raises CannotTell where it has no end: whoever is not seen may have spoken against it.
        """
        for page in range(1, _MOST_PAGES + 1):
            entries = self.get(path, list[kind], per_page="100", page=str(page))  # type: ignore[valid-type]
            yield from entries
            if len(entries) < 100:
                return
        raise CannotTell(
            f"{self._base}{path} has more than {_MOST_PAGES * 100} entries",
            where="review",
            remedy="look at the change itself",
        )
