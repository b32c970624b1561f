"""Mappings that are copied again and again: a copy shares what it and the other hold alike.

A schema is copied for each migration that is a release of its own, and for each transaction whose
end a rule wants to know: were all of it copied, work would grow with the square of the migrations.
"""

from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import Final, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

_FEW = 256
"""Up to so many entries a copy costs less than looking them up in two places."""


class _Gone:
    """Stands for an entry that was taken out of what is shared."""


_GONE: Final = _Gone()


class Layered(MutableMapping[K, V]):
    """A mapping whose copies share `base`, which nobody changes; `own` is what differs from it.

    Entries that were there when it was shared come first, whatever happened to them since. `own` is
    shared as well until one of them changes: most copies are only looked at.
    """

    __slots__ = ("_base", "_is_mine", "_own", "_size")

    def __init__(self, base: Mapping[K, V], own: dict[K, V | _Gone], size: int) -> None:
        self._base = base
        self._own = own
        self._is_mine = False
        self._size = size

    def fork(self) -> "Layered[K, V]":
        """Return another one that starts from the same."""
        self._is_mine = False
        return Layered(self._base, self._own, self._size)

    @overload
    def get(self, key: K, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V | T, /) -> V | T: ...
    def get(self, key: K, default: V | T | None = None, /) -> V | T | None:
        """Return an entry, or the default where there is none."""
        found = self._own.get(key)
        if found is None:
            return self._base.get(key, default)
        return default if isinstance(found, _Gone) else found

    def __getitem__(self, key: K) -> V:
        """Return an entry; KeyError where there is none."""
        found = self._own[key] if key in self._own else self._base[key]
        if isinstance(found, _Gone):
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        """Whether there is an entry."""
        if key in self._own:
            return self._own[key] is not _GONE
        return key in self._base

    def __setitem__(self, key: K, value: V) -> None:
        """Put an entry in, or in the place of another."""
        self._size += key not in self
        self._changed()[key] = value
        self._settle()

    def __delitem__(self, key: K) -> None:
        """Take an entry out; KeyError where there is none."""
        if key not in self:
            raise KeyError(key)
        self._size -= 1
        if key in self._base:
            self._changed()[key] = _GONE
            self._settle()
        else:
            del self._changed()[key]

    def _changed(self) -> dict[K, V | _Gone]:
        """Return what differs from the base, to be changed."""
        if not self._is_mine:
            self._own, self._is_mine = dict(self._own), True
        return self._own

    def __iter__(self) -> Iterator[K]:
        """Yield the keys."""
        own = self._own
        yield from (key for key in self._base if own.get(key) is not _GONE)
        yield from (key for key in own if key not in self._base)

    def items(self) -> ItemsView[K, V]:
        """Return the entries as they are now."""
        return self._whole().items()

    def values(self) -> ValuesView[V]:
        """Return the values as they are now."""
        return self._whole().values()

    def _whole(self) -> Mapping[K, V]:
        """Return it in one piece, which is quicker to go through than entry by entry."""
        if not self._own:
            return self._base
        there = {key: value for key, value in self._own.items() if not isinstance(value, _Gone)}
        merged = {**self._base, **there}
        for key in self._own.keys() - there.keys():
            merged.pop(key, None)
        return merged

    def __len__(self) -> int:
        """Return how many entries there are."""
        return self._size

    def _settle(self) -> None:
        """Begin anew with all in one place where there is much of one's own."""
        if len(self._own) > _FEW:
            self._base = self._whole()
            self._own, self._is_mine = {}, True


def shared(held: MutableMapping[K, V]) -> tuple[MutableMapping[K, V], MutableMapping[K, V]]:
    """Return two mappings that hold the same and may change apart; nobody else keeps `held`."""
    if isinstance(held, Layered):
        return held, held.fork()
    if len(held) <= _FEW:
        return held, dict(held)
    layered: Layered[K, V] = Layered(held, {}, len(held))
    return layered, layered.fork()
