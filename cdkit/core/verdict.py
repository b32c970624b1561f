"""The three answers, and the reasons that an answer always carries."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from cdkit.core.finding import Location


class Answer(StrEnum):
    """Yes, no, or cannot tell; the last never opens a gate."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot-tell"


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason for an answer: what is so, where, and what would change a no into a yes."""

    answer: Answer
    what: str
    where: Location | None = None
    remedy: str = ""
    rule: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """An answer with the reasons that led to it."""

    answer: Answer
    reasons: tuple[Reason, ...]

    @property
    def is_yes(self) -> bool:
        """Whether the answer is yes; both other answers keep a gate shut."""
        return self.answer is Answer.YES


def judge(reasons: Iterable[Reason]) -> Verdict:
    """Join reasons: any no gives no, else any cannot-tell gives cannot-tell, else yes.

    No reason at all is "cannot tell": where nothing was examined, nothing was found out.
    """
    told = tuple(reasons)
    if not told:
        return Verdict(answer=Answer.CANNOT_TELL, reasons=(_NOTHING_EXAMINED,))
    answers = {reason.answer for reason in told}
    for answer in (Answer.NO, Answer.CANNOT_TELL):
        if answer in answers:
            return Verdict(answer=answer, reasons=told)
    return Verdict(answer=Answer.YES, reasons=told)


def yes(what: str, where: Location | None = None) -> Reason:
    """Return a reason that speaks for."""
    return Reason(answer=Answer.YES, what=what, where=where)


def no(what: str, *, remedy: str, where: Location | None = None, rule: str = "") -> Reason:
    """Return a reason that speaks against, with what would change it."""
    return Reason(answer=Answer.NO, what=what, where=where, remedy=remedy, rule=rule)


def cannot_tell(what: str, *, remedy: str, where: Location | None = None, rule: str = "") -> Reason:
    """Return a reason why there is no answer, with what would give one."""
    return Reason(answer=Answer.CANNOT_TELL, what=what, where=where, remedy=remedy, rule=rule)


_NOTHING_EXAMINED = Reason(
    answer=Answer.CANNOT_TELL,
    what="nothing was examined",
    remedy="give this step something to examine",
)
