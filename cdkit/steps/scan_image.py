"""Scan an image for known vulnerabilities, and never take silence for a clean bill."""

from cdkit.core.step import Outcome, Step
from cdkit.core.world import World
from cdkit.steps.scan_one import NAME, scan
from cdkit.steps.scan_options import ScanImageOptions, ScanImageOutputs
from cdkit.steps.scan_policy import policy_of
from cdkit.steps.scan_watch import watch
from cdkit.steps.scanning import fetch, targeted


def run(options: ScanImageOptions, world: World) -> Outcome:
    """Get the scans of the image, judge them, and leave the findings."""
    if options.fetch_db:
        return fetch(options, world)
    policy = policy_of(options)
    if options.watch_list:
        return watch(options, policy, world)
    with targeted(options, world) as target:
        return scan(options, target, policy, world)


STEP = Step(
    name=NAME,
    summary="Scan an image for known vulnerabilities.",
    question="Does it carry known vulnerabilities?",
    options=ScanImageOptions,
    outputs=ScanImageOutputs,
    run=run,
    icon="shield",
)
