"""What an HTTP receiver's status means for an event, and how long it wants to be left alone."""

from datetime import datetime

from cdkit.core.patience import seconds_of
from cdkit.core.world import Response
from cdkit.events.sink import State

# Not now, says the receiver as a whole; the others of 5xx may be one event's fault.
_BUSY = frozenset({408, 425, 429, 502, 503, 504})
# Something here is at fault, and can be mended: a login that is missing, wrong or expired.
_LOGIN = frozenset({401, 403, 407})
_GONE = 410


def state_of(status: int) -> State:
    """Return what a status means (CloudEvents http-webhook.md, 2.1 and 2.2; RFC 9110, 15).

    Only 2xx is a delivery: a redirect is not followed, so that it is a refusal.
    """
    if 200 <= status < 300:
        return "delivered"
    if status in _BUSY:
        return "down"
    if status in _LOGIN:
        return "held"
    if status == _GONE:
        return "gone"
    return "later" if 500 <= status < 600 else "refused"


def wait_of(answer: Response, now: datetime) -> float:
    """Return the seconds of an answer's `Retry-After`; zero where none can be read."""
    return seconds_of(answer.headers.get("retry-after", ""), now)
