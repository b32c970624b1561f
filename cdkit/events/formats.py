"""The text formats that events use: times by RFC 3339, addresses by RFC 3986, UUIDs, base64."""

import re
from datetime import UTC, datetime, timedelta, timezone

from cdkit.events.shapes import Format

_PLAIN = r"A-Za-z0-9._~!$&'()*+,;="
_CODED = r"%[0-9A-Fa-f]{2}"
_CHAR = rf"(?:[{_PLAIN}:@-]|{_CODED})"
_NO_COLON = rf"(?:[{_PLAIN}@-]|{_CODED})"
_HOST = rf"(?:\[[0-9A-Fa-f:.vV{_PLAIN}]+\]|(?:[{_PLAIN}-]|{_CODED})*)"
_AUTHORITY = rf"//(?:(?:[{_PLAIN}:-]|{_CODED})*@)?{_HOST}(?::[0-9]*)?(?:/{_CHAR}*)*"
_ROOTED = rf"/(?:{_CHAR}+(?:/{_CHAR}*)*)?"
_REST = rf"(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?:{_AUTHORITY}|{_ROOTED}|{_CHAR}+(?:/{_CHAR}*)*|){_REST}",
    re.ASCII,
)
_RELATIVE = re.compile(rf"(?:{_AUTHORITY}|{_ROOTED}|{_NO_COLON}+(?:/{_CHAR}*)*|){_REST}", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?"
    r"(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def is_uri(text: str) -> bool:
    """Whether this is a URI with its scheme (RFC 3986, appendix A, `URI`)."""
    return bool(_URI.fullmatch(text)) and _host_is_sound(text)


def is_uri_reference(text: str) -> bool:
    """Whether this is a URI or a relative reference (RFC 3986, appendix A, `URI-reference`)."""
    return is_uri(text) or (bool(_RELATIVE.fullmatch(text)) and _host_is_sound(text))


def is_moment(text: str) -> bool:
    """Whether this is a time that exists (RFC 3339, 5.6), a leap second included."""
    return moment(text) is not None


def moment(text: str) -> datetime | None:
    """Return a time written by RFC 3339, with its zone; None where it is none.

    A leap second, which `datetime` cannot hold, is given as the second before it.
    """
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    day, minute, second, fraction, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-offset if sign == "-" else offset)
    leap = second == "60"
    try:
        local = datetime.fromisoformat(f"{day}T{minute}:{'59' if leap else second}")
        local = local.replace(tzinfo=zone, microsecond=int((fraction or "")[:6].ljust(6, "0")))
        in_utc = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if leap and not _ends_a_half_year(in_utc) else local


def is_uuid(text: str) -> bool:
    """Whether this is a UUID as text (RFC 9562, 4)."""
    return bool(_UUID.fullmatch(text))


def is_base64(text: str) -> bool:
    """Whether this is base64 with its padding and nothing else in it (RFC 4648, 4)."""
    import base64

    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def fits(text: str, form: Format) -> bool:
    """Whether a text has this format; any text has the empty one."""
    match form:
        case "uri":
            return is_uri(text)
        case "uri-reference":
            return is_uri_reference(text)
        case "date-time":
            return is_moment(text)
        case "":
            return True


def _host_is_sound(text: str) -> bool:
    """Whether an IP literal, where the address has one, is an IPv6 address or of a later kind."""
    if "[" not in text:
        return True
    import ipaddress

    literal = text[text.index("[") + 1 : text.index("]")]
    if re.fullmatch(rf"[vV][0-9A-Fa-f]+\.[{_PLAIN}:-]+", literal, re.ASCII):
        return True
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return True


def _ends_a_half_year(at: datetime) -> bool:
    """Whether a leap second may follow: the last one of June or December (ITU-R TF.460)."""
    return (at.hour, at.minute) == (23, 59) and (at.month, at.day) in {(6, 30), (12, 31)}
