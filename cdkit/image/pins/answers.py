"""What names name now: by the lock where it knows, else by asking, begun while files are read."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import Reference
from cdkit.core.world import World
from cdkit.image.pins.actions import resolve_actions
from cdkit.image.pins.lock import ImageLock
from cdkit.image.pins.pin import Answer, Wanted

if TYPE_CHECKING:
    from cdkit.core.oci.resolve import Resolver


def locked(lock: ImageLock) -> dict[str, Answer]:
    """Return what a lock says of each name."""
    images = {name: Digest.parse(digest) for name, digest in lock.images.items()}
    return {**images, **lock.actions}


@contextmanager
def asking(known: Mapping[str, Answer], world: World) -> Iterator["Asking"]:
    """Give somebody to ask; what is known is asked of nobody."""
    with ExitStack() as stack:
        yield Asking(known, world, stack)


class Asking:
    """Takes names one by one, and begins to ask for each image as soon as it has come."""

    def __init__(self, known: Mapping[str, Answer], world: World, stack: ExitStack) -> None:
        self._known = known
        self._world = world
        self._stack = stack
        self._wanted: dict[str, Reference | None] = {}
        self._resolver: Resolver | None = None

    def want(self, wish: Wanted) -> None:
        """Take a name."""
        if wish.name in self._wanted:
            return
        self._wanted[wish.name] = wish.reference
        if wish.reference and wish.name not in self._known:
            self._resolver = self._resolver or self._begin()
            self._resolver.ask(wish.reference)

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Yield what each name names, or why nobody can say, as that is found out."""
        known, wanted = self._known, self._wanted
        yield from ((name, known[name]) for name in wanted if name in known)
        if self._resolver:
            for reference, answer in self._resolver.answers():
                yield str(reference), answer or _absent(reference)
        left = (name for name, reference in wanted.items() if not reference)
        if actions := [name for name in left if name not in known]:
            yield from resolve_actions(actions, self._world).items()

    def _begin(self) -> "Resolver":
        from cdkit.core.oci.resolve import resolving

        return self._stack.enter_context(resolving(self._world))


def _absent(reference: Reference) -> CannotTell:
    return CannotTell(
        f"{reference} is not in the registry", remedy="check its name, or remove what uses it"
    )
