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
    body: bytes


def parse_each(
    jobs: Sequence[tuple[Text, bytes]], processes: Processes, hands: Hands
) -> Iterator[Parsed]:
    """Yield the statements of each text, in order, as far as they can be read ahead.

    Only what is small is read elsewhere: what takes a child of its own is read here.
    """

    def work(numbers: Sequence[int]) -> Iterator[_Told]:
        for number in numbers:
            text, sql = jobs[number]
            if len(sql) > pg_query.SAFE_LENGTH:
                yield _Told(number, b"")
                continue
            parsed = parse(text, processes, data=sql, read=operations)
            for each in parsed.statements:
                if each.does is None:
                    each.does = operations(each)
            yield _Told(number, sent(parsed))

    waiting: dict[int, bytes] = {}
    following = 0
    with closing(hands.spread(work, range(len(jobs)), _Told)) as found:
        for one in found:
            waiting[one.number] = one.body
            while following in waiting:
                text, sql = jobs[following]
                body = waiting.pop(following)
                yield (
                    received(body, text)
                    if body
                    else parse(text, processes, data=sql, read=operations)
                )
                following += 1


def parts(text: Text, sql: bytes, processes: Processes) -> Parts | None:
    """Return the parts of a large text, None where there is more in it than plain SQL."""
    found = plain(text, processes, data=sql, read=operations)
    if found is None:
        return None
    ranges, read = found
    return Parts(
        sizes=tuple(size for _, size in ranges), read=lambda start, end: read(ranges[start:end])
    )
