"""Exit codes: the one place where verdicts and kinds of failure become numbers."""

from enum import IntEnum

from cdkit.core.errors import Kind
from cdkit.core.verdict import Answer


class Exit(IntEnum):
    """What a command tells its caller. The numbers are a contract (docs/exit-codes.md)."""

    YES = 0
    NO = 1
    REQUEST = 2
    NO_INPUT = 3
    CANNOT_TELL = 4
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS = {
    Exit.YES: "yes: examined, and nothing speaks against it",
    Exit.NO: "no: findings at the threshold, a closed gate, a bad verdict",
    Exit.REQUEST: "the request or the configuration is wrong; nothing was examined",
    Exit.NO_INPUT: "there is no input of this step's kind at all (`--allow-empty` makes it 0)",
    Exit.CANNOT_TELL: "cannot tell: a tool, file, registry or network failed, evidence is missing, "
    "an output could not be written",
    Exit.BUG: "a fault of cdkit's own; the message is a report ready to paste",
    Exit.INTERRUPTED: "interrupted (Ctrl-C)",
    Exit.TERMINATED: "terminated",
}

_OF_ANSWER = {Answer.YES: Exit.YES, Answer.NO: Exit.NO, Answer.CANNOT_TELL: Exit.CANNOT_TELL}
_OF_KIND = {
    Kind.REQUEST: Exit.REQUEST,
    Kind.NO_INPUT: Exit.NO_INPUT,
    Kind.CANNOT_TELL: Exit.CANNOT_TELL,
}


def exit_of_answer(answer: Answer) -> Exit:
    """Return the exit code of a verdict."""
    return _OF_ANSWER[answer]


def exit_of_kind(kind: Kind) -> Exit:
    """Return the exit code of a failure."""
    return _OF_KIND[kind]


def in_mode(code: Exit, mode: str) -> Exit:
    """Return the code that a mode lets out: `report` hides verdicts, not wrong requests or bugs."""
    hidden = {Exit.NO, Exit.CANNOT_TELL, Exit.NO_INPUT}
    return Exit.YES if mode == "report" and code in hidden else code


def worst(codes: list[Exit]) -> Exit:
    """Join codes of several steps: a bug or a wrong request first, then no, then cannot tell."""
    order = [Exit.TERMINATED, Exit.INTERRUPTED, Exit.BUG, Exit.REQUEST, Exit.NO, Exit.CANNOT_TELL]
    order += [Exit.NO_INPUT, Exit.YES]
    return min(codes, key=order.index, default=Exit.CANNOT_TELL)
