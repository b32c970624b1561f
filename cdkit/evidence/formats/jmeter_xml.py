"""JMeter's JTL as XML: `testResults` with `httpSample` and `sample` elements.

Source: jmeter.apache.org, "Listeners, XML Log format 2.1": `t` is the time in milliseconds, `ts`
the moment, `s` whether it succeeded. What stands inside another sample is a part of it, and fails
it, as an assertion does.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.latency import Latencies
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import whole

_SAMPLES = frozenset({"httpSample", "sample"})
_TOLD = frozenset({"failure", "error"})
"""What an assertion's result says of itself."""


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0] == "testResults"


def _read(stream: Readable, where: str) -> Reading:
    times = Latencies()
    depth = 0
    failed = False
    sample: tuple[int, int | None] | None = None

    def begin(name: str, attributes: dict[str, str], line: int) -> None:
        nonlocal depth, failed, sample
        depth += 1
        if name not in _SAMPLES:
            return
        if depth != 2:
            failed = failed or attributes.get("s", "").lower() == "false"
            return
        elapsed, success = whole(attributes.get("t")), attributes.get("s", "").lower()
        if elapsed is None or success not in {"true", "false"}:
            raise Unreadable(
                "holds a sample without its time and success",
                where=Location(path=where, line=line),
                remedy="let JMeter save both, or write CSV",
            )
        at = attributes.get("ts", "")
        moment = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else None
        sample, failed = (elapsed, moment), success == "false"

    def end(name: str, text: str, _line: int) -> None:
        nonlocal depth, failed, sample
        failed = failed or (name in _TOLD and text.strip().lower() == "true")
        depth -= 1
        if depth == 1 and sample:
            times.add(sample[0], failed=failed, at=sample[1])
            sample = None

    read_elements(stream, where, begin, end, texts=_TOLD)
    return Reading(load=times.load(), metrics=times.metrics(), duration=round(times.seconds, 6))


FORMAT = Format(
    name="jmeter-xml",
    title="JMeter JTL (XML)",
    proves="performance",
    written_by="`jmeter -n -t plan.jmx -l F -Jjmeter.save.saveservice.output_format=xml`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="jmeter-xml/jmeter-5.6.xml", real=False, tool="JMeter 5.6"),
        Sample(path="jmeter-xml/jmeter-good-5.6.xml", real=False, tool="JMeter 5.6, good"),
    ),
)
