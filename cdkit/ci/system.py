"""What a CI system is to us: how it is recognised, what it tells, how it is answered."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.escape import terminal
from cdkit.core.secret import Secret

Environ = Mapping[str, str]


class Append(Struct, frozen=True, kw_only=True):
    """Text that wants to be added at the end of a file which the CI system named."""

    path: str
    text: str


class Section(Struct, frozen=True, kw_only=True):
    """A part of the log that can be folded; `at` is the time in whole seconds since 1970, UTC."""

    name: str
    title: str
    at: int
    collapsed: bool = False


class Sample(Struct, frozen=True, kw_only=True):
    """An environment as the system sets it, and the context that must be read from it."""

    name: str
    environ: dict[str, str]
    context: BuildContext


def no_outputs(environ: Environ, outputs: Mapping[str, str]) -> tuple[Append, ...]:
    """Hand nothing on: this system has no place for a step's outputs."""
    del environ, outputs
    return ()


def no_summary(environ: Environ) -> str:
    """Name no file: this system shows no summary."""
    del environ
    return ""


def no_mask(secret: Secret) -> str:
    """Say nothing: this system cannot be told of a secret while a job runs."""
    del secret
    return ""


def headline(section: Section) -> str:
    """Return a plain heading, for logs that do not fold."""
    return f"== {terminal(section.title)} =="


def no_end(section: Section) -> str:
    """Say nothing at the end of a section, for logs that do not fold."""
    del section
    return ""


class CiSystem(Struct, frozen=True, kw_only=True):
    """One CI system.

    `present` says whether this environment is the system's own, for which each sample of all
    systems is the test: exactly one claims it. `fallback` marks the one that is meant when no
    other claims. `annotations` names the report format that the system shows beside the code when
    it stands in the job's log. `outputs` turns a step's outputs into text for a file;
    `summary_path` names the file that a Markdown summary is added to, or "". `mask` returns the
    line that tells the system to hide a secret. Lines from `mask`, `open_section` and
    `close_section` go to stderr: stdout is data, and each of these systems reads both.
    """

    name: str
    title: str
    present: Callable[[Environ], bool]
    read: Callable[[Environ], BuildContext]
    annotations: str = ""
    outputs: Callable[[Environ, Mapping[str, str]], tuple[Append, ...]] = no_outputs
    summary_path: Callable[[Environ], str] = no_summary
    open_section: Callable[[Section], str] = headline
    close_section: Callable[[Section], str] = no_end
    mask: Callable[[Secret], str] = no_mask
    log_colour: bool = False
    fallback: bool = False
    samples: tuple[Sample, ...] = ()
