"""What can go wrong, by kind: the kind decides the exit code, the error says what to do."""

from enum import StrEnum
from typing import ClassVar

from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason


class Kind(StrEnum):
    """The kinds of failure; `cli/exits.py` maps each to an exit code."""

    REQUEST = "request"
    NO_INPUT = "no-input"
    CANNOT_TELL = "cannot-tell"


class CdkitError(Exception):
    """A failure that we foresaw: where, what, and what to do about it."""

    kind: ClassVar[Kind] = Kind.CANNOT_TELL

    def __init__(self, what: str, *, remedy: str, where: Location | str | None = None) -> None:
        self.what = what
        self.remedy = remedy
        self.where = Location(path=where) if isinstance(where, str) else where
        super().__init__(f"{self.where}: {what}" if self.where else what)

    def reason(self) -> Reason:
        """Return this failure as a reason for "cannot tell"."""
        return Reason(
            answer=Answer.CANNOT_TELL, what=self.what, where=self.where, remedy=self.remedy
        )


class RequestError(CdkitError):
    """The request or the configuration is wrong: nothing was examined."""

    kind = Kind.REQUEST


class ConfigError(RequestError):
    """A configuration file has faults; `faults` holds each as `(where, what, remedy)`."""

    def __init__(self, faults: tuple["Fault", ...]) -> None:
        first = faults[0]
        self.faults = faults
        super().__init__(first.what, where=first.where, remedy=first.remedy)


class Fault:
    """One fault in a configuration file."""

    __slots__ = ("remedy", "what", "where")

    def __init__(self, what: str, *, where: Location, remedy: str) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy


class NoInput(CdkitError):
    """There is no input of this step's kind at all."""

    kind = Kind.NO_INPUT


class CannotTell(CdkitError):
    """A tool, file, registry or network failed, so there is no answer."""

    kind = Kind.CANNOT_TELL


class NoAnswer(CannotTell):
    """A server answers nobody now: it is unreachable, too slow, or has been asked too often.

    `after` is its `Retry-After`, as it came: `cdkit.core.patience` reads it.
    """

    def __init__(
        self, what: str, *, remedy: str, where: Location | str | None = None, after: str = ""
    ) -> None:
        super().__init__(what, remedy=remedy, where=where)
        self.after = after


class NoHost(NoAnswer):
    """Nobody knows a server by that name: asking again in a minute changes nothing."""


class Failing(CannotTell):
    """A server answers that it failed itself: it may have an answer to something else."""


class NoAccess(CannotTell):
    """A server answers, and wants a login that we have not, or a better one."""


class NotThere(CannotTell):
    """A server answers, and has not what it was asked for: asking again changes nothing."""


class Missing(CannotTell):
    """A file that should be there is not."""


class Unreadable(CannotTell):
    """A file is there and cannot be read, or is not what it should be."""


class NoStatement(Unreadable):
    """What was read is whole, and says nothing about a subject: it is another kind of thing."""


class TooLarge(Unreadable):
    """A file holds more than anybody here would read."""


class Unwritable(CannotTell):
    """An output cannot be written: full disk, read-only folder, no permission."""


class NotAllowed(Unwritable):
    """A place is there, and this job may not write to it."""


class MissingExtra(CannotTell):
    """A step needs a package that is not installed."""

    def __init__(self, package: str, extra: str, *, wanted_by: str) -> None:
        super().__init__(
            f"{wanted_by} needs the package {package}, which is not installed",
            remedy=f"pip install 'cdkit[{extra}]'",
        )
