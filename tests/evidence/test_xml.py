"""XML from strangers: bombs, entities, encodings, depths and sizes."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from cdkit.core.documents.xml import root_of
from cdkit.core.errors import Unreadable
from cdkit.evidence.formats.junit import FORMAT
from cdkit.evidence.reading import Reading

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
]>
<testsuite name="&lol2;"><testcase name="a"/></testsuite>"""


def read(data: bytes) -> Reading:
    return FORMAT.read(io.BytesIO(data), "r.xml")


class Endless:
    """A stream that is made as it is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def read(self, size: int, /) -> bytes:
        assert size > 0
        return next(self._parts, b"")


def test_a_report_that_declares_entities_is_refused_at_its_line() -> None:
    with pytest.raises(Unreadable, match="declares its own document type") as caught:
        read(BOMB)
    assert str(caught.value.where) == "r.xml:2"


def test_an_external_entity_is_refused() -> None:
    data = b'<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite>&x;</testsuite>'
    with pytest.raises(Unreadable, match="declares its own document type"):
        read(data)


def test_an_entity_of_a_dtd_that_nobody_fetches_is_refused() -> None:
    data = b'<!DOCTYPE t SYSTEM "http://example.test/t.dtd"><testsuite>&x;</testsuite>'
    with pytest.raises(Unreadable, match="uses the XML entity &x;"):
        read(data)


def test_a_doctype_that_only_names_a_dtd_is_read() -> None:
    data = b'<!DOCTYPE t SYSTEM "t.dtd"><testsuite><testcase/></testsuite>'
    assert read(data).counts is not None


def test_a_deep_nest_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 100 elements deep"):
        read(b"<testsuite>" * 100_000)


def test_a_deep_nest_inside_a_test_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 100 elements deep"):
        read(b"<testsuite><testcase>" + b"<a>" * 100_000)


def test_a_tag_of_many_megabytes_is_refused_before_it_fills_the_memory() -> None:
    def parts() -> Iterator[bytes]:
        yield b'<testsuite><testcase name="'
        for _ in range(10_000):
            yield b"x" * 100_000

    with pytest.raises(Unreadable, match="tag or comment of over 8 MiB"):
        FORMAT.read(Endless(parts()), "r.xml")


def test_a_comment_of_many_megabytes_is_refused() -> None:
    def parts() -> Iterator[bytes]:
        yield b"<testsuite><!--"
        for _ in range(10_000):
            yield b"x" * 100_000

    with pytest.raises(Unreadable, match="tag or comment of over 8 MiB"):
        FORMAT.read(Endless(parts()), "r.xml")


def test_memory_does_not_grow_with_the_report() -> None:
    def parts(cases: int) -> Iterator[bytes]:
        yield b"<testsuite>"
        for _ in range(cases // 100):
            yield (b'<testcase name="c"><system-out>text</system-out></testcase>' * 100)
        yield b"</testsuite>"

    def peak(cases: int) -> int:
        tracemalloc.start()
        counts = FORMAT.read(Endless(parts(cases)), "r.xml").counts
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert counts is not None
        assert counts.tests == cases
        return found

    assert peak(160_000) < 1.5 * peak(60_000)  # names are packed by the fifty thousand


def test_text_of_many_megabytes_is_passed_over() -> None:
    def parts() -> Iterator[bytes]:
        yield b"<testsuite><testcase><failure>"
        for _ in range(200):
            yield b"x" * 100_000
        yield b"</failure></testcase></testsuite>"

    assert len(FORMAT.read(Endless(parts()), "r.xml").failures[0].message) == 2000


@pytest.mark.parametrize("byte", [b"\x00", b"\x1b", b"\x0b", b"\xff", b"&#27;", b"\xed\xa0\x80"])
def test_a_character_that_xml_does_not_know_makes_it_unreadable(byte: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(b"<testsuite>\n<testcase>" + byte + b"</testcase></testsuite>")
    assert str(caught.value.where).startswith("r.xml:2")


@pytest.mark.parametrize("before", [0, 300_000])
def test_a_control_character_is_named(before: int) -> None:
    data = b"<testsuite>\n" + b" " * before + b"<testcase name='a'>\x1b[31mred"
    with pytest.raises(Unreadable, match=r"holds the control character U\+001B") as caught:
        read(data)
    assert str(caught.value.where) == f"r.xml:2:{before + 20}"
    assert "NO_COLOR=1" in caught.value.remedy


@pytest.mark.parametrize("encoding", ["klingon", "shift_jis", "utf-7"])
def test_an_encoding_that_nobody_reads_is_unreadable(encoding: str) -> None:
    with pytest.raises(Unreadable):
        read(f'<?xml version="1.0" encoding="{encoding}"?><testsuite>é</testsuite>'.encode())


def test_utf_8_that_calls_itself_ascii_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="not well-formed"):
        read('<?xml version="1.0" encoding="us-ascii"?><testsuite name="é"/>'.encode())


def test_latin_1_that_says_so_is_read() -> None:
    data = '<?xml version="1.0" encoding="iso-8859-1"?><testsuite><testcase name="é">'
    data += "<failure/></testcase></testsuite>"
    assert read(data.encode("latin-1")).failures[0].name == "é"


def test_two_documents_in_one_file_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="junk after document element"):
        read(b"<testsuite><testcase/></testsuite><testsuite/>")


def test_a_cut_off_report_says_so_and_where() -> None:
    with pytest.raises(Unreadable, match="is cut off") as caught:
        read(b"<testsuite>\n<testcase/>\n")
    assert str(caught.value.where).startswith("r.xml:3")
    assert "give the whole file" in caught.value.remedy


def test_the_root_is_found_behind_comments_and_a_doctype() -> None:
    head = b'\xef\xbb\xbf<?xml version="1.0"?><!-- <coverage> -->'
    head += b'<!DOCTYPE a SYSTEM "b"><testsuite n="1"'
    assert root_of(head) is None
    assert root_of(head + b">") == ("testsuite", {"n": "1"})
