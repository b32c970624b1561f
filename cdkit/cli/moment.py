"""A time that a user gives on the command line."""

from datetime import datetime

from cdkit.core.errors import RequestError


def moment(text: str) -> datetime:
    """Read an RFC 3339 time with its zone; raises RequestError where it is none of a run."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError as fault:
        raise RequestError(
            f"{text!r} is no time", remedy="write it as 2026-11-23T09:00:00Z"
        ) from fault
    if told.tzinfo is None:
        raise RequestError(f"{text!r} has no time zone", remedy="write it as 2026-11-23T09:00:00Z")
    if not 1970 <= told.year < 9999:
        raise RequestError(f"{text!r} is no time of a run", remedy="write a year after 1969")
    return told
