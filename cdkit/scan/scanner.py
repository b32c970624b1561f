"""What a scanner is to us: a program or an image to run, and a report to read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import Struct

from cdkit.core.documents.kinds import Database
from cdkit.scan.report import ScanReport


class Job(Struct, frozen=True, kw_only=True):
    """One scan of one platform's image.

    Either `layout` is the path of an OCI layout, or `reference` a `repository@digest`. `cache` is
    the folder that holds the scanner's database; with `offline` it is used as it is and nothing is
    fetched. `timeout` is in seconds.
    """

    layout: str = ""
    reference: str = ""
    cache: str = ""
    offline: bool = False
    timeout: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanner:
    """A scanner that cdkit can read, and run where `program` or `image` is named.

    `arguments` make the report appear on standard output and the exit code mean "it worked":
    judging is ours. `environ` is all that it gets to see. `database_file` is where its database's
    metadata stands below the cache. `refusal` takes a version or an image reference, and returns
    why it must not be run or believed, or an empty string. `is_unknown_release` reads what the
    scanner said on standard error: whether it does not know the release of the distribution.
    """

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, str], ScanReport]
    program: str = ""
    image: str = ""
    arguments: Callable[[Job], tuple[str, ...]]
    environ: Mapping[str, str]
    version_arguments: tuple[str, ...] = ()
    read_version: Callable[[bytes], tuple[str, Database | None]]
    database_file: str = ""
    read_database: Callable[[bytes, str], Database]
    refusal: Callable[[str], str]
    is_unknown_release: Callable[[bytes], bool]
