"""JMeter's JTL as XML: `testResults` with `httpSample` and `sample` elements.

Source: jmeter.apache.org, "Listeners, XML Log format 2.1": `t` is the time in milliseconds, `ts`
the moment, `s` whether it succeeded. What stands inside another sample is a part of it.
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


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0] == "testResults"


def _read(stream: Readable, where: str) -> Reading:
    times = Latencies()
    depth = 0

    def begin(name: str, attributes: dict[str, str], line: int) -> None:
        nonlocal depth
        depth += 1
        if depth != 2 or name not in {"httpSample", "sample"}:
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
        times.add(elapsed, failed=success == "false", at=moment)

    def end(_name: str, _text: str, _line: int) -> None:
        nonlocal depth
        depth -= 1

    read_elements(stream, where, begin, end)
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
