"""XML reports, element by element: what a reader is told when one begins and ends."""

from collections.abc import Callable, Container

from cdkit.core.documents.xml import DEPTH, feed, parser_for
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.reading import LONGEST_MESSAGE

Begin = Callable[[str, dict[str, str], int], None]
"""Takes an element's name without its namespace, its attributes, its line."""

End = Callable[[str, str, int], None]
"""Takes an element's name, its text where that was wanted, the line of its end."""


def read_elements(
    stream: Readable, where: str, begin: Begin, end: End, *, texts: Container[str] = ()
) -> None:
    """Read a whole XML file; `texts` names the elements whose text is wanted (its beginning).

    Raises Unreadable where it is not well-formed, ends early, or is nested too deep.
    """
    parser = parser_for(where)
    parser.buffer_text = True
    open_texts: list[str | None] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_texts) >= DEPTH:
            raise Unreadable(
                f"is nested more than {DEPTH} elements deep",
                where=Location(path=where, line=parser.CurrentLineNumber),
                remedy="give the report as the tool wrote it",
            )
        local = name.rpartition(":")[2]
        open_texts.append("" if local in texts else None)
        begin(local, attributes, parser.CurrentLineNumber)

    def text(data: str) -> None:
        known = open_texts[-1] if open_texts else None
        if known is not None and len(known) < LONGEST_MESSAGE:
            open_texts[-1] = (known + data)[:LONGEST_MESSAGE]

    def stop(name: str) -> None:
        told = open_texts.pop()
        end(name.rpartition(":")[2], (told or "").strip(), parser.CurrentLineNumber)

    parser.StartElementHandler = start
    parser.EndElementHandler = stop
    parser.CharacterDataHandler = text
    feed(parser, stream, where)
