"""Reading much at once: many files, or the ranges of a large one, in several processes."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from msgspec import Struct

from cdkit.core.doors import pg_query
from cdkit.core.world import Hands, Processes
from cdkit.migrations.engine import Parts
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.postgres.parser import parse, plain
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.text import Text
from cdkit.migrations.wire import received, sent


class _Told(Struct, frozen=True, array_like=True):
    """What a file's statements do, by its number; empty where the parent must read it itself."""

    number: int
    body: bytes = b""


class _Read(_Told, frozen=True, array_like=True, kw_only=True):
    """A file that was read in this process."""

    parsed: Parsed


def parse_each(
    jobs: Sequence[tuple[Text, bytes]], processes: Processes, hands: Hands
) -> Iterator[Parsed]:
    """Yield the statements of each text, in order, as far as they can be read ahead.

    Only what is small is read elsewhere: what takes a child of its own is read here.
    """

    def read(number: int) -> Parsed:
        text, sql = jobs[number]
        return parse(text, processes, data=sql, read=operations)

    def there(numbers: Sequence[int]) -> Iterator[_Told]:
        for number in numbers:
            is_small = len(jobs[number][1]) <= pg_query.SAFE_LENGTH
            yield _Told(number, sent(_asked(read(number))) if is_small else b"")

    def here(numbers: Sequence[int]) -> Iterator[_Told]:
        return (_Read(number, parsed=read(number)) for number in numbers)

    waiting: dict[int, _Told] = {}
    following = 0
    with closing(hands.spread(there, range(len(jobs)), _Told, here)) as found:
        for one in found:
            waiting[one.number] = one
            while told := waiting.pop(following, None):
                if isinstance(told, _Read):
                    yield told.parsed
                else:
                    text, _ = jobs[following]
                    yield received(told.body, text) if told.body else read(following)
                following += 1


def _asked(parsed: Parsed) -> Parsed:
    """Ask each statement what it does, and return them."""
    for each in parsed.statements:
        if each.does is None:
            each.does = operations(each)
    return parsed


def parts(text: Text, sql: bytes, processes: Processes) -> Parts | None:
    """Return the parts of a large text, None where there is more in it than plain SQL."""
    found = plain(text, processes, data=sql, read=operations)
    if found is None:
        return None
    ranges, read = found
    return Parts(
        sizes=tuple(size for _, size in ranges), read=lambda start, end: read(ranges[start:end])
    )
