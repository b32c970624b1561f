"""What k6's summaries have in common: requests, checks and what was measured."""

from cdkit.core.documents.kinds import Metric
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, no
from cdkit.evidence.reading import Load

_NAMES = {"avg": "mean", "med": "p50"}
_TIMES = "http_req_duration"
_MOST = 10**15


def failed_checks(checks: dict[str, float], where: str) -> list[Reason]:
    """Return a no where a check failed, and nothing says how many may."""
    failed = checks.get("fails", 0)
    if not failed:
        return []
    return [
        no(
            f"{failed:g} checks failed, and no threshold says how many may",
            where=Location(path=where),
            remedy="mend what failed; or let the script say what may, with a threshold on checks",
        )
    ]


def load_of(numbers: dict[str, dict[str, float]], *, judged: bool) -> Load:
    """Count HTTP requests, or iterations of a script that sends none."""
    sent = numbers.get("http_reqs") or numbers.get("iterations") or {}
    requests = sent.get("count", 0)
    failed = numbers.get("http_req_failed", {}).get("passes", 0)
    whole = int(requests) if 0 <= requests < _MOST else 0
    bad = int(failed) if 0 <= failed < whole else whole
    return Load(requests=whole, failed=bad if failed else 0, judged=judged)


def metrics_of(numbers: dict[str, dict[str, float]]) -> list[Metric]:
    """Return every number by its name here; those of a request's time have none before them."""
    found = []
    for name, values in numbers.items():
        is_time = name.partition("{")[0].endswith(("duration", "waiting", "blocked", "connecting"))
        for key, value in values.items():
            short = _NAMES.get(key, key.replace("(", "").replace(")", ""))
            said = short if name == _TIMES else f"{name}.{short}"
            unit, better = ("ms", "lower") if is_time else ("", "")
            found.append(Metric(name=said[:200], value=value, unit=unit, better=better))
    if rate := numbers.get("http_reqs", {}).get("rate"):
        found.append(Metric(name="rps", value=rate, unit="1/s", better="higher"))
    return found
