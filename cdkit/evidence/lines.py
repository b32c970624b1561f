"""Which lines of which file the tests ran: a set of bits a file, so that reports can be joined."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from cdkit.core.documents.kinds import Coverage
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell

LAST_LINE = 1 << 20
"""No source file is longer. The bound keeps a hostile report's bit sets small."""

_ROUNDED = 0.05

_MOST_BYTES = 64 * 1024 * 1024


class Source(Struct, frozen=True, kw_only=True):
    """The lines of one source file, as bits.

    Bit n of `lines` says that line n can run, bit n of `covered` that it ran; `branches` holds
    (taken, in all) for each line that branches. `blocks` are the pieces of code of a tool that
    counts statements, by their place (`12.3,14.9`): how many statements, and whether they ran.
    """

    lines: int
    covered: int
    branches: Mapping[int, tuple[int, int]] = {}
    blocks: Mapping[str, tuple[int, bool]] = {}


class Sources:
    """Collects the source files of one report; a file that comes twice is joined."""

    def __init__(self, where: str) -> None:
        self.files: dict[str, Source] = {}
        self._where = where
        self._left = _MOST_BYTES

    def add(
        self,
        name: str,
        *,
        covered: Iterable[int],
        missed: Iterable[int],
        branches: Mapping[int, tuple[int, int]],
        blocks: Mapping[str, tuple[int, bool]] | None = None,
        line: int = 0,
    ) -> None:
        """Add what a report says of one file, by line numbers; `line` is the report's own.

        Raises Unreadable where a line number is none, or where the report would take too much
        memory.
        """
        ran, not_run = self._bits(covered, line), self._bits(missed, line)
        self._left -= 48 * len(branches) + 64 * len(blocks or ())
        source = Source(lines=ran | not_run, covered=ran, branches=branches, blocks=blocks or {})
        before = self.files.get(name)
        self.files[name] = source if before is None else joined(before, source)

    def _bits(self, numbers: Iterable[int], line: int) -> int:
        told = tuple(numbers)
        if not told:
            return 0
        highest = max(told)
        if highest >= LAST_LINE or min(told) < 0:
            raise self._fault(f"names the source line {max(highest, -min(told))}", line)
        self._left -= highest // 8 + 64
        if self._left < 0:
            raise self._fault("names more source lines than this cdkit can hold", line)
        bits = bytearray(highest // 8 + 1)
        for number in told:
            bits[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(bits, "little")

    def _fault(self, what: str, line: int) -> Unreadable:
        return Unreadable(
            what,
            where=Location(path=self._where, line=line),
            remedy="give the report as the coverage tool wrote it",
        )


def left_out(claimed: tuple[int, int], listed: tuple[int, int], where: Location) -> list[Reason]:
    """Return a doubt where a report claims more lines than it lists, and those covered less.

    Both are (covered, all). Tools count lines that stand in two classes twice, or round: that
    changes the share by little, of which five percent are let pass.
    """
    covered, among = claimed
    if among <= listed[1]:
        return []
    if listed[1] and covered / among >= listed[0] / listed[1] - _ROUNDED:
        return []
    what = f"claims {covered} of {among} lines and lists {listed[0]} of {listed[1]}"
    return [
        cannot_tell(
            f"{what}: those that it leaves out are covered less",
            where=where,
            remedy="let the coverage tool write the report again, with every line in it",
        )
    ]


def joined(one: Source, other: Source) -> Source:
    """Return what two reports say of the same file: a line ran when it ran in either.

    Of a line's branches the larger number counts: which ones were taken is not known from every
    format, so the truth may be better, never worse.
    """
    branches = dict(one.branches)
    for line, (taken, among) in other.branches.items():
        before = branches.get(line, (0, 0))
        branches[line] = (max(before[0], taken), max(before[1], among))
    blocks = dict(one.blocks)
    for place, (statements, ran) in other.blocks.items():
        known = blocks.get(place, (0, False))
        blocks[place] = (max(known[0], statements), known[1] or ran)
    return Source(
        lines=one.lines | other.lines,
        covered=one.covered | other.covered,
        branches=branches,
        blocks=blocks,
    )


def all_joined(reports: Iterable[Mapping[str, Source]]) -> dict[str, Source]:
    """Join the files of several reports by their names."""
    files: dict[str, Source] = {}
    for report in reports:
        for name, source in report.items():
            files[name] = joined(files[name], source) if name in files else source
    return files


def total(files: Mapping[str, Source]) -> Coverage:
    """Count the lines and branches of all files."""
    pairs = [pair for source in files.values() for pair in source.branches.values()]
    blocks = [block for source in files.values() for block in source.blocks.values()]
    return Coverage(
        lines_covered=sum(source.covered.bit_count() for source in files.values()),
        lines=sum(source.lines.bit_count() for source in files.values()),
        branches_covered=sum(taken for taken, _ in pairs),
        branches=sum(among for _, among in pairs),
        statements_covered=sum(count for count, ran in blocks if ran),
        statements=sum(count for count, _ in blocks),
    )
