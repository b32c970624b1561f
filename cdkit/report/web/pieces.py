"""Small pieces that pages show: verdicts, times, digests, runs, numbers."""

import re
from datetime import UTC, datetime, timedelta

from cdkit.core.documents.document import Origin
from cdkit.core.documents.fact import Fact
from cdkit.core.escape import shell_word
from cdkit.core.verdict import Answer, Reason
from cdkit.report.web.markup import NOTHING, Markup, element, joined, link

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS = {Answer.YES: "✓", Answer.NO: "✕", Answer.CANNOT_TELL: "?"}
_WORDS = {Answer.YES: "yes", Answer.NO: "no", Answer.CANNOT_TELL: "cannot tell"}
NONE = "\u2013"
"""What stands where there is nothing to show: a dash."""
_SKEW = timedelta(minutes=5)
_MOST_REASONS = 20


def verdict(answer: Answer | None) -> Markup:
    """Return an answer as a sign, a word and a colour; a dash for what judges nothing."""
    if answer is None:
        return element("span", NONE, class_="none", aria_label="judges nothing", role="img")
    sign = element("span", _SIGNS[answer], aria_hidden="true", class_="sign")
    return element("span", sign, _WORDS[answer], class_=f"badge {answer.value}")


def tag(text: str, kind: str = "plain") -> Markup:
    """Return a word in a frame: `plain`, or `warn` for what a reader must not miss."""
    return element("span", text, class_=f"badge {kind}")


def moment_of(text: str) -> datetime | None:
    """Return an RFC 3339 time in UTC; None where the text is none, or has no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def day(moment: datetime) -> str:
    """Return a day as people write it."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year:04d}"


def clock(moment: datetime) -> str:
    """Return the time of day."""
    return f"{moment.hour:02d}:{moment.minute:02d}"


def when(text: str) -> Markup:
    """Return a time as people read it and as programs do; what is no time is shown as it is."""
    moment = moment_of(text)
    if moment is None:
        return joined([f"at no known time ({text[:40]})" if text else "at no known time"])
    shown = f"{day(moment)}, {clock(moment)}"
    return element("time", shown, datetime=f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def is_ahead(text: str, at: datetime) -> bool:
    """Whether a time lies in the future of the page."""
    moment = moment_of(text)
    return moment is not None and moment - at > _SKEW


def code(text: str) -> Markup:
    """Return something that a machine reads letter by letter."""
    return element("code", text) if text else NOTHING


def short(digest: str) -> Markup:
    """Return the beginning of a digest, or of a git object's name; the whole of it as its title."""
    encoded = digest.rpartition(":")[2]
    if len(encoded) <= 12:
        return code(digest)
    return element("code", f"{encoded[:12]}…", title=digest, class_="cut")


def image(name: str) -> Markup:
    """Return `repository@digest` with its digest cut short."""
    repository, _, digest = name.rpartition("@")
    if not repository:
        return short(name)
    last = repository.rpartition("/")[2]
    named = element("span", f"{last}@", title=repository, class_="mono")
    return element("span", named, short(digest), class_="cut")


def run(origin: Origin) -> Markup:
    """Return the run that left a document, with a link to it."""
    named = [origin.system, origin.run]
    named += [f"attempt {origin.attempt}"] if origin.attempt > 1 else []
    named += [origin.job] if origin.job else []
    named += [f"shard {origin.shard} of {origin.shards}"] if origin.shards > 1 else []
    return link(" · ".join(part for part in named if part) or "on a machine without CI", origin.url)


def anchor(digest: str) -> str:
    """Return the id of a fact on the page."""
    return f"fact-{digest.rpartition(':')[2][:16]}"


def to_fact(text: str, digest: str, known: frozenset[str]) -> Markup:
    """Return a link to a fact on this page; without one the start of its digest."""
    if digest in known:
        return element("a", text, href=f"#{anchor(digest)}")
    return short(digest)


def reasons(told: tuple[Reason, ...], *, bare: bool = False) -> Markup:
    """Return reasons as a list, each with where, and with what to do about it.

    With `bare` the answer is left out, where it stands beside the list.
    """
    shown = [element("li", _reason(reason, bare=bare)) for reason in told[:_MOST_REASONS]]
    if len(told) > _MOST_REASONS:
        shown.append(element("li", f"and {len(told) - _MOST_REASONS} more", class_="note"))
    return element("ul", *shown, class_="reasons bare" if bare else "reasons") if shown else NOTHING


def _reason(reason: Reason, *, bare: bool) -> Markup:
    said = "" if bare else f"{_WORDS[reason.answer]}: "
    parts: list[str] = [said, prose(reason.what)]
    if reason.where:
        parts += [" ", element("code", str(reason.where), class_="where")]
    if reason.remedy and reason.answer is not Answer.YES:
        parts.append(element("span", "What to do: ", prose(reason.remedy), class_="remedy"))
    return joined(parts)


def prose(text: str) -> Markup:
    """Return a sentence of ours, in which what stands between two backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return joined([text])
    return joined(code(part) if place % 2 else part for place, part in enumerate(parts))


def signed(fact: Fact) -> Markup:
    """Return who signed a fact and was verified; an unsigned one says so."""
    return (
        joined([", ".join(fact.signers)])
        if fact.signers
        else element("span", "unsigned", class_="note")
    )


def number(value: float) -> str:
    """Return a number as people read it: thousands apart, at most two places."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) < 1e12 else f"{value:.3g}"
    return text.replace(",", "\u2009")


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def word(text: str) -> str:
    """Return a word that can be pasted into a shell, quoted only where it must be.

    No shell takes a NUL byte, so what held one can only be looked at.
    """
    plain = re.fullmatch("[A-Za-z0-9._/:@%+=,-]+", text)
    return text if plain else shell_word(text.replace("\0", "\ufffd"))
