"""Whether a file is a changelog, by its beginning: asked of every file, so nothing is imported."""

import re

_HEAD = 64 * 1024
_HEADER = re.compile(rb"\s*-{2,}\s*liquibase\s+formatted\s+sql\b", re.IGNORECASE)
_XML = re.compile(rb"<(?:\w+:)?databaseChangeLog[\s>/]")
_MAPPING = re.compile(rb"""^(?:\s*\{)?\s*["']?databaseChangeLog["']?\s*:""", re.MULTILINE)


def is_formatted(data: bytes) -> bool:
    """Whether a file begins with the header of formatted SQL."""
    return _HEADER.match(data.removeprefix(b"\xef\xbb\xbf")[:4096]) is not None


def is_changelog(path: str, data: bytes) -> bool:
    """Whether a file is a changelog in XML, YAML or JSON, by its beginning."""
    ending = path.lower().rpartition(".")[2]
    head = data[:_HEAD]
    if ending == "xml":
        return _XML.search(head) is not None
    return ending in {"yaml", "yml", "json"} and _MAPPING.search(head) is not None
