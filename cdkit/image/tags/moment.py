"""Dates written in the tokens of moment.js, which workflows know from docker/metadata-action."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from cdkit.core.errors import CannotTell, RequestError

_TOKENS = re.compile(
    r"\[[^\[]*\]|\\?(?:[Hh]mm(?:ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[ow]?|W[oW]?|Qo?|N{1,5}"
    r"|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(?:ggg?)?|GG(?:GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?"
    r"|S{1,9}|x|X|zz?|ZZ?|.)",
    re.DOTALL,
)
_LOCAL = re.compile(r"\[[^\[]*\]|\\?(?:LTS|LT|LL?L?L?|l{1,4})")
_LONG_FORMS = {
    "LT": "h:mm A",
    "LTS": "h:mm:ss A",
    "L": "MM/DD/YYYY",
    "LL": "MMMM D, YYYY",
    "LLL": "MMMM D, YYYY h:mm A",
    "LLLL": "dddd, MMMM D, YYYY h:mm A",
    "l": "M/D/YYYY",
    "ll": "MMM D, YYYY",
    "lll": "MMM D, YYYY h:mm A",
    "llll": "ddd, MMM D, YYYY h:mm A",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_LONGEST_FORMAT = 1_000


def format_date(moment: datetime, tokens: str | None, *, zone: str = "UTC") -> str:
    """Return a time, written by tokens of moment.js (momentjs.com/docs, "Display > Format").

    English names, as moment has them by itself; without tokens ISO 8601 to the second. Text in
    square brackets stays, and so does what is no token. Raises RequestError for a zone that is
    not in the database of time zones, and CannotTell where this machine has no such database.
    """
    local = moment.astimezone(_zone(zone))
    if tokens is None:
        tokens = "YYYY-MM-DDTHH:mm:ssZ" if local.utcoffset() else "YYYY-MM-DDTHH:mm:ss[Z]"
    if len(tokens) > _LONGEST_FORMAT:
        raise RequestError(
            f"a date's format has {len(tokens)} characters",
            remedy=f"write {_LONGEST_FORMAT} at most",
        )
    expanded = _LOCAL.sub(lambda found: _LONG_FORMS.get(found[0], found[0]), tokens)
    return "".join(_written(found[0], local) for found in _TOKENS.finditer(expanded))


def _zone(name: str) -> tzinfo:
    """Return the zone; UTC needs no database."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        if not available_timezones():
            raise CannotTell(
                f"this machine has no database of time zones to find {name[:80]!r} in",
                remedy="install tzdata, or leave tz= out for UTC",
            ) from fault
        raise RequestError(
            f"there is no time zone {name[:80]!r}",
            remedy="write its name in the IANA database: tz='Europe/Berlin', tz='UTC'",
        ) from fault


def _written(token: str, local: datetime) -> str:
    maker = _MAKERS.get(token)
    if maker:
        return maker(local)
    if token.startswith("[") and token.endswith("]") and len(token) > 1:
        return token[1:-1]
    return token.replace("\\", "")


def _ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `4th` … `11th`, `12th`, `13th`."""
    last = number % 10
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return f"{number}{ending}"


def _weekday(local: datetime) -> int:
    """Return the day of the week from Sunday, 0, to Saturday, 6."""
    return local.isoweekday() % 7


def _week(local: datetime) -> tuple[int, int]:
    """Return year and number of the week: it begins on Sunday, the first holds 1 January."""
    saturday = local.date() + timedelta(days=6 - _weekday(local))
    return saturday.year, (saturday.timetuple().tm_yday - 1) // 7 + 1


def _offset(local: datetime, colon: str) -> str:
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{colon}{rest:02}"


def _hour12(local: datetime) -> int:
    return local.hour % 12 or 12


def _quarter(local: datetime) -> int:
    return (local.month + 2) // 3


def _yday(local: datetime) -> int:
    return local.timetuple().tm_yday


def _fraction(length: int) -> Callable[[datetime], str]:
    return lambda t: f"{t.microsecond * 1000:09}"[:length]


_MAKERS: Mapping[str, Callable[[datetime], str]] = {
    "M": lambda t: str(t.month),
    "Mo": lambda t: _ordinal(t.month),
    "MM": lambda t: f"{t.month:02}",
    "MMM": lambda t: _MONTHS[t.month - 1][:3],
    "MMMM": lambda t: _MONTHS[t.month - 1],
    "Q": lambda t: str(_quarter(t)),
    "Qo": lambda t: _ordinal(_quarter(t)),
    "D": lambda t: str(t.day),
    "Do": lambda t: _ordinal(t.day),
    "DD": lambda t: f"{t.day:02}",
    "DDD": lambda t: str(_yday(t)),
    "DDDo": lambda t: _ordinal(_yday(t)),
    "DDDD": lambda t: f"{_yday(t):03}",
    "d": lambda t: str(_weekday(t)),
    "do": lambda t: _ordinal(_weekday(t)),
    "dd": lambda t: _DAYS[_weekday(t)][:2],
    "ddd": lambda t: _DAYS[_weekday(t)][:3],
    "dddd": lambda t: _DAYS[_weekday(t)],
    "e": lambda t: str(_weekday(t)),
    "E": lambda t: str(t.isoweekday()),
    "w": lambda t: str(_week(t)[1]),
    "wo": lambda t: _ordinal(_week(t)[1]),
    "ww": lambda t: f"{_week(t)[1]:02}",
    "W": lambda t: str(t.isocalendar().week),
    "Wo": lambda t: _ordinal(t.isocalendar().week),
    "WW": lambda t: f"{t.isocalendar().week:02}",
    "YY": lambda t: f"{t.year % 100:02}",
    "YYYY": lambda t: f"{t.year:04}",
    "YYYYY": lambda t: f"{t.year:05}",
    "YYYYYY": lambda t: f"+{t.year:06}",
    "Y": lambda t: str(t.year),
    "y": lambda t: str(t.year),
    "yo": lambda t: _ordinal(t.year),
    "yy": lambda t: f"{t.year:02}",
    "yyy": lambda t: f"{t.year:03}",
    "yyyy": lambda t: f"{t.year:04}",
    **{"N" * count: lambda _: "AD" for count in (1, 2, 3)},
    "NNNN": lambda _: "Anno Domini",
    "NNNNN": lambda _: "AD",
    "gg": lambda t: f"{_week(t)[0] % 100:02}",
    "gggg": lambda t: f"{_week(t)[0]:04}",
    "ggggg": lambda t: f"{_week(t)[0]:05}",
    "GG": lambda t: f"{t.isocalendar().year % 100:02}",
    "GGGG": lambda t: f"{t.isocalendar().year:04}",
    "GGGGG": lambda t: f"{t.isocalendar().year:05}",
    "A": lambda t: "AM" if t.hour < 12 else "PM",
    "a": lambda t: "am" if t.hour < 12 else "pm",
    "H": lambda t: str(t.hour),
    "HH": lambda t: f"{t.hour:02}",
    "h": lambda t: str(_hour12(t)),
    "hh": lambda t: f"{_hour12(t):02}",
    "k": lambda t: str(t.hour or 24),
    "kk": lambda t: f"{t.hour or 24:02}",
    "hmm": lambda t: f"{_hour12(t)}{t.minute:02}",
    "hmmss": lambda t: f"{_hour12(t)}{t.minute:02}{t.second:02}",
    "Hmm": lambda t: f"{t.hour}{t.minute:02}",
    "Hmmss": lambda t: f"{t.hour}{t.minute:02}{t.second:02}",
    "m": lambda t: str(t.minute),
    "mm": lambda t: f"{t.minute:02}",
    "s": lambda t: str(t.second),
    "ss": lambda t: f"{t.second:02}",
    **{"S" * length: _fraction(length) for length in range(1, 10)},
    "z": lambda t: t.tzname() or "",
    "zz": lambda t: t.tzname() or "",
    "Z": lambda t: _offset(t, ":"),
    "ZZ": lambda t: _offset(t, ""),
    "X": lambda t: str(int(t.timestamp())),
    "x": lambda t: str(int(t.timestamp() * 1000)),
}
