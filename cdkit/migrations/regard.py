"""What a team makes of findings: rules left out or asked for, severities of its own."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from cdkit.core.errors import RequestError
from cdkit.core.finding import Finding, Severity, Suppression
from cdkit.migrations.catalogue import likely, rules, tastes
from cdkit.migrations.tell import UNTOLD

_OFF = r"off(?:\s*[:(]\s*(?P<reason>.*?)\s*\)?)?\s*"
_LEVELS = tuple(one.value for one in Severity if one is not Severity.UNKNOWN)


class Regard(Struct, frozen=True, kw_only=True):
    """Rules that are not run; severities by rule; rules that are off, each with its reason.

    What is off is found and shown all the same, as suppressed; what is disabled is not looked for.
    """

    disabled: frozenset[str] = frozenset()
    levels: Mapping[str, Severity] = {}
    off: Mapping[str, str] = {}


def regard_of(
    *, disable: Iterable[str], enable: Iterable[str], severity: Mapping[str, str]
) -> Regard:
    """Return what the options say; a matter of taste is disabled unless somebody asks for it.

    Asked for is what `enable` names, and what has a severity of its own. Raises RequestError for
    an unknown rule or level, for `off` without a reason, and for a rule that says that nobody can
    tell: that one can neither be left out nor be rated.
    """
    disabled = {_known(name, "disable") for name in disable}
    enabled = {_known(name, "enable", untold=True) for name in enable}
    levels: dict[str, Severity] = {}
    off: dict[str, str] = {}
    for name, said in severity.items():
        found = _level(_known(name, "severity"), said.strip())
        if isinstance(found, Severity):
            levels[name] = found
        else:
            off[name] = found
    disabled |= tastes() - enabled - set(levels) - set(off)
    return Regard(disabled=frozenset(disabled), levels=levels, off=off)


def regarded(findings: Iterable[Finding], regard: Regard) -> tuple[Finding, ...]:
    """Return findings with the severities that the team gives them; what is off is suppressed."""
    return tuple(_regarded(finding, regard) for finding in findings)


def _regarded(finding: Finding, regard: Regard) -> Finding:
    if level := regard.levels.get(finding.rule):
        finding = structs.replace(finding, severity=level)
    reason = regard.off.get(finding.rule)
    if reason is None or finding.suppressed is not None:
        return finding
    why = Suppression(reason=reason, source="severity")
    return structs.replace(finding, suppressed=why)


def _known(name: str, where: str, *, untold: bool = False) -> str:
    if name not in rules():
        raise RequestError(f"there is no rule {name!r}", where=where, remedy=likely(name))
    if name in UNTOLD and not untold:
        raise RequestError(
            f"{name} cannot be left out or rated: what cannot be read is never passed over",
            where=where,
            remedy=f"allow it where it stands: `-- cdkit: allow {name} (reason)`",
        )
    return name


def _level(name: str, said: str) -> Severity | str:
    """Return a level, or the reason why a rule is off."""
    if said in _LEVELS:
        return Severity(said)
    found = re.fullmatch(_OFF, said)
    if found and found["reason"]:
        return found["reason"]
    raise RequestError(
        f"{name} is off without a reason" if found else f"{said!r} is no severity for {name}",
        where="severity",
        remedy=f"write `{name}: off (why)`"
        if found
        else f"write one of {', '.join(_LEVELS)}, or `off (why)`",
    )
