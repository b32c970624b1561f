"""What a CI system is to us: how it is recognised, what it tells, how it is answered."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from cdkit.ci import dotenv
from cdkit.core.context import BuildContext
from cdkit.core.escape import terminal
from cdkit.core.secret import Secret

Environ = Mapping[str, str]
Markdown = Callable[[], str]
"""Gives the summary of a step; it is only rendered where somebody shows it."""


class Append(Struct, frozen=True, kw_only=True):
    """Text that wants to be added at the end of a file which the CI system named."""

    path: str
    text: str


class Say(Struct, frozen=True, kw_only=True):
    """A line for the log that the CI system obeys; everything foreign in it is escaped."""

    line: str


class Call(Struct, frozen=True, kw_only=True):
    """A program of the CI system's own that wants to be run, with text on its standard input."""

    argv: tuple[str, ...]
    stdin: str


Handed = Append | Say | Call
"""A thing that is handed to the CI system."""


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


def to_dotenv(environ: Environ, outputs: Mapping[str, str]) -> tuple[Handed, ...]:
    """Return what belongs into the file that CDKIT_DOTENV names; nothing without it.

    It is how outputs leave on a system that has no place of its own for them. An output `image`
    becomes `CDKIT_IMAGE`. Nothing in the file is code, whatever the values hold (see `dotenv`).
    """
    path = environ.get(dotenv.VARIABLE, "")
    text = dotenv.lines(outputs)
    return (Append(path=path, text=text),) if path and text else ()


def no_summary(environ: Environ, markdown: Markdown) -> tuple[Handed, ...]:
    """Hand nothing on: this system shows no summary."""
    del environ, markdown
    return ()


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


class Told(Struct, frozen=True, kw_only=True):
    """The variables that the essential answers come from, and how outputs leave: for the page.

    `attempt` is empty where a run that is repeated gets another id anyway, or where nothing tells
    the repetition: then `run` is empty too, since a tag made from it would be made twice.
    """

    recognised: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    attempt: tuple[str, ...] = ()
    commit: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()
    pipeline: tuple[str, ...] = ()
    outputs: str = "the file that `CDKIT_DOTENV` names"
    note: str = ""
    source: str = ""


class CiSystem(Struct, frozen=True, kw_only=True):
    """One CI system.

    `present` says whether this environment is the system's own, for which each sample of all
    systems is the test: exactly one claims it. `fallback` marks the one that is meant when no
    other claims. `annotations` names the report format that the system shows beside the code when
    it stands in the job's log. `outputs` turns a step's outputs into what is handed on; `summary`
    does so with a Markdown summary. `mask` returns the line that tells the system to hide a
    secret. Lines from `mask`, `open_section`, `close_section` and every `Say` go to stderr: stdout
    is data, and each of these systems reads both. `told` is what docs/ci-systems.md says.
    """

    name: str
    title: str
    present: Callable[[Environ], bool]
    read: Callable[[Environ], BuildContext]
    annotations: str = ""
    outputs: Callable[[Environ, Mapping[str, str]], tuple[Handed, ...]] = to_dotenv
    summary: Callable[[Environ, Markdown], tuple[Handed, ...]] = no_summary
    open_section: Callable[[Section], str] = headline
    close_section: Callable[[Section], str] = no_end
    mask: Callable[[Secret], str] = no_mask
    log_colour: bool = False
    fallback: bool = False
    told: Told = Told()
    samples: tuple[Sample, ...] = ()
