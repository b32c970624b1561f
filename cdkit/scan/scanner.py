"""What a scanner is to us: a report to read and, for some, a program or an image to run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from cdkit.core.documents.kinds import Database
from cdkit.core.readable import Readable
from cdkit.scan.report import ScanReport

HEAD = 64 * 1024
"""How many bytes of a report its scanner is recognised by."""


class Look(StrEnum):
    """What a scanner is asked to look for."""

    VULNERABILITIES = "vulnerabilities"
    SECRETS = "secrets"
    MISCONFIGURATIONS = "misconfigurations"
    LICENSES = "licenses"


class TargetKind(StrEnum):
    """In which form a scanner gets what it is to scan."""

    LAYOUT = "layout"
    REFERENCE = "reference"
    ARCHIVE = "archive"
    ROOTFS = "rootfs"
    SBOM = "sbom"


class Job(Struct, frozen=True, kw_only=True):
    """One scan of one platform's image, or of what stands for one.

    `target` is a path for every `kind` but a reference, which is `repository@digest`. `cache` is
    the folder that holds the scanner's database; with `offline` it is used as it is and nothing is
    fetched, else it is fetched from the first of `mirrors` that answers (repositories, empty: the
    scanner's own). `server` is the address of a scanner that serves. `timeout` is in seconds.
    `packages` is the file into which a scanner writes what it looked at, where its report does not
    say it; `settings` an empty file that stands in for all others that it would look for.
    """

    kind: TargetKind
    target: str
    look_for: tuple[Look, ...] = (Look.VULNERABILITIES,)
    cache: str = ""
    offline: bool = False
    mirrors: tuple[str, ...] = ()
    server: str = ""
    timeout: int
    packages: str = ""
    settings: str = ""


class Artifact(Struct, frozen=True, kw_only=True):
    """A database as a registry holds it: an OCI artifact of one layer, a tar in gzip.

    It is unpacked into `folder` of the cache and holds exactly `files`. `repositories` are where it
    is published, in turn; `tag` is the one of its schema. `without` says what is missed where one
    that is not `required` is not there.
    """

    title: str
    folder: str
    media_type: str
    files: frozenset[str]
    repositories: tuple[str, ...]
    tag: str
    required: bool = True
    without: str = ""


def _says_nothing(said: bytes) -> bool:  # noqa: ARG001 - a scanner whose report says it
    return False


def _rate_limited(said: bytes) -> int | None:
    """Read what a registry's refusal looks like in Go's client: no word of when to come back.

    The OCI distribution specification names the code (TOOMANYREQUESTS), HTTP the status.
    """
    return 0 if b"TOOMANYREQUESTS" in said or b"429 Too Many Requests" in said else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """How a scanner is run: as a `program` of this machine, or in a container from `image`.

    `arguments` make the report appear on standard output and the exit code mean "it worked":
    judging is ours. `environ` is all that it gets to see. `targets` and `looks` are what it can do,
    `since` is the release that first knew all of it.

    Its database: `artifacts` are where it lies in registries, `fetch` is the command that fetches
    it into `FOLDER`. `database_files` must lie in the cache, `database_folders` is what of the
    cache it needs to scan, `cache_folder` its own part of a cache that several scanners share.
    `database_file` is where the metadata stands that `read_database` reads, in the version that is
    wanted, `database_version`; empty where no file tells of when it is. Then `status_arguments`
    make a program say it, which `read_status` reads, or the report does.

    `packages_file` is the name of the file for what was looked at, where the report does not list
    it, `settings_file` that of the empty one which keeps a program from reading its user's.
    `read_scan` reads the report of a scan that we ran, which may be of no image, and that file's
    bytes. `server_version` is the path below a server where it says its version; empty where it
    has none. `is_unknown_release` reads standard error: whether the scanner warns that it does not
    know the distribution's release; of `unwarned` families it never does. `rate_limited` reads it
    too: whether a registry said 429 and after how many seconds to come back (0: it did not say),
    None where nothing of that kind was said.
    """

    program: str
    since: str
    image: str
    targets: frozenset[TargetKind]
    looks: frozenset[Look]
    arguments: Callable[[Job], tuple[str, ...]]
    environ: Callable[[Job], Mapping[str, str]]
    version_arguments: tuple[str, ...]
    read_version: Callable[[bytes], tuple[str, Database | None]]
    read_scan: Callable[[Readable, str, TargetKind, bytes], ScanReport]
    database_files: tuple[str, ...]
    database_folders: frozenset[str]
    fetch: str
    artifacts: tuple[Artifact, ...] = ()
    cache_folder: str = ""
    database_file: str = ""
    read_database: Callable[[bytes, str], Database] | None = None
    database_version: str = ""
    status_arguments: Callable[[Job], tuple[str, ...]] | None = None
    read_status: Callable[[bytes], Database] | None = None
    packages_file: str = ""
    settings_file: str = ""
    server_version: str = ""
    is_unknown_release: Callable[[bytes], bool] = _says_nothing
    unwarned: frozenset[str] = frozenset()
    rate_limited: Callable[[bytes], int | None] = _rate_limited


class Sample(Struct, frozen=True, kw_only=True):
    """A report that the tests read: its path below tests/cases/scan, and its origin.

    `real` is true where the tool itself wrote the file, and false where we wrote it by hand after
    the tool's documentation.
    """

    path: str
    real: bool
    tool: str


def _never(text: str) -> str:  # noqa: ARG001 - the shape of a refusal
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanner:
    """A scanner whose reports can be read, and that can be run where it has a `runner`.

    `recognises` gets the first bytes of a file (up to HEAD). `read` raises Unreadable where a
    report is not what it should be; memory does not grow with what it passes over. `refusal` takes
    a version or an image reference, and returns why it must not be run or believed, or an empty
    string. `tells_looks` is false where its report can be made without a look for vulnerabilities,
    and does not say so.
    """

    name: str
    title: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Readable, str], ScanReport]
    samples: tuple[Sample, ...]
    runner: Runner | None = None
    refusal: Callable[[str], str] = _never
    tells_looks: bool = True
