"""ZAP's traditional JSON report: `site` elements with `alerts`.

Source: zaproxy.org, "Traditional JSON Report". `riskcode` is a string: 3 is high, 2 medium, 1 low,
0 informational; the confidence `0` is a false positive. A scan that reached no site found nothing
because it scanned nothing.
"""

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import MOST_REASONS, Reading
from cdkit.evidence.shape import shape_of

_REMEDY = "let ZAP scan again, and write its JSON report at the end"
_RISKS = {"3": "high", "2": "medium", "1": "low", "0": "info"}


class _Alert(Struct, frozen=True):
    risk: str | int = field(name="riskcode")
    name: str = ""
    alert: str = ""
    confidence: str | int = ""
    count: str | int = ""


class _Site(Struct, frozen=True):
    alerts: list[_Alert]
    name: str = field(name="@name", default="")


class _Report(Struct, frozen=True):
    sites: list[_Site] | _Site = field(name="site")


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    program = shape.texts.get("@programName", "")
    return "ZAP" in program or shape.has("@version", "@generated", "site")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, _REMEDY)
    sites = report.sites if isinstance(report.sites, list) else [report.sites]
    found = {"high": 0, "medium": 0, "low": 0, "info": 0, "suppressed": 0}
    reasons: list[Reason] = []
    if not sites:
        reasons.append(
            cannot_tell(
                "ZAP reached no site: it scanned nothing",
                where=Location(path=where),
                remedy="let the target run before the scan begins, check its address, scan again",
            )
        )
    for site in sites:
        for alert in site.alerts:
            _count(alert, site, found, reasons, where)
    return Reading(found=found, reasons=tuple(reasons[:MOST_REASONS]))


def _count(
    alert: _Alert, site: _Site, found: dict[str, int], reasons: list[Reason], where: str
) -> None:
    risk = _RISKS.get(str(alert.risk).strip())
    if risk is None:
        what = f"holds an alert of the risk {str(alert.risk)[:40]!r}, which is none"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    if str(alert.confidence).strip() == "0":
        found["suppressed"] += 1
        return
    found[risk] += 1
    if risk == "high" and len(reasons) < MOST_REASONS:
        name = (alert.name or alert.alert)[:200]
        reasons.append(
            no(
                f"{name} (high) at {site.name[:200]}",
                where=Location(path=where),
                remedy="mend it, or mark it as a false positive in ZAP, and scan again",
            )
        )


FORMAT = Format(
    name="zap",
    title="ZAP JSON",
    proves="findings",
    written_by="`zap-baseline.py -J F` · ZAP's automation framework, `traditional-json`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="zap/zap-2.15.json", real=False, tool="ZAP 2.15"),
        Sample(path="zap/zap-good-2.15.json", real=False, tool="ZAP 2.15, good"),
    ),
)
