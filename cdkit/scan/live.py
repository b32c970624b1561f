"""Running a scanner over one platform's image: in a container, or as a program of this machine."""

import contextlib
from collections.abc import Iterator

from cdkit.core.errors import CannotTell
from cdkit.core.oci.image import Image, PlatformImage
from cdkit.core.oci.layout import Layout, export, open_layout, verify_layers
from cdkit.core.oci.reference import Reference, pin
from cdkit.core.world import World
from cdkit.scan.contained import run_in_container
from cdkit.scan.program import run_program
from cdkit.scan.running import Plan, Ran, check_ended
from cdkit.scan.scanner import Job, TargetKind
from cdkit.scan.target import Part, Target

_WAITS = (5, 20, 60)
_LONGEST_WAIT = 120
"""Seconds between the tries after a 429, and how long a registry may ask us to wait."""

_TAGGED = frozenset(":@")
"""What Trivy takes for the beginning of a tag or a digest in a layout's name
(pkg/fanal/image/oci.go): Jenkins calls a second workspace `job@2`. In a container none has it."""


@contextlib.contextmanager
def scan_part(plan: Plan, target: Target, part: Part, world: World) -> Iterator[Ran]:
    """Scan one platform's image and give what came out; its report is gone at the end.

    From a layout the scanner gets a folder whose blobs were all checked. From a registry it gets
    the platform's digest. Raises CannotTell where that fails in any way.
    """
    with contextlib.ExitStack() as stack:
        output = world.files.absolute(f"{stack.enter_context(world.files.temporary())}/report.json")
        if target.kind is TargetKind.REFERENCE:
            reference = _pinned(target, part)
            job = _job(plan, target.kind, reference.pinned)
            yield _patiently(plan, job, "", reference, output, world)
            return
        path = world.files.absolute(target.path)
        if target.image and part.image:
            serves = bool(plan.engine) or not _TAGGED & set(path)
            folder = _checked_folder(target.path, target.image, part.image, world, serves=serves)
            path = stack.enter_context(folder)
        yield _patiently(plan, _job(plan, target.kind, path), path, None, output, world)


def _pinned(target: Target, part: Part) -> Reference:
    if target.name is None or part.image is None:
        raise CannotTell(f"{target.called} has no name in a registry", remedy="give --image")
    return pin(target.name, part.image.digest)


def _job(plan: Plan, kind: TargetKind, target: str) -> Job:
    return Job(
        kind=kind,
        target=target,
        look_for=plan.look_for,
        cache=plan.database,
        offline=bool(plan.database),
        mirrors=() if plan.database else plan.mirrors,
        server=plan.server,
        timeout=plan.timeout,
    )


def _patiently(
    plan: Plan, job: Job, path: str, reference: Reference | None, output: str, world: World
) -> Ran:
    """Run the scanner, again after a while where a registry wants fewer questions (429).

    All waits together take no longer than a scan may.
    """
    left = plan.timeout
    for wait in (*_WAITS, None):
        code, ran = _run(plan, job, path, reference, output, world)
        limited = plan.runner.rate_limited(ran.said) if code else None
        pause = limited or wait or 0
        if limited is None or wait is None or limited > _LONGEST_WAIT or pause > left:
            check_ended(code, ran.said, plan, reference)
            return ran
        left -= pause
        world.talk.say(f"A registry wants fewer questions; {plan.scanner.name} waits {pause} s.")
        world.clock.sleep(pause)
    raise CannotTell(f"{plan.scanner.name} was not run", remedy="run it again")  # pragma: no cover


def _run(
    plan: Plan, job: Job, path: str, reference: Reference | None, output: str, world: World
) -> tuple[int, Ran]:
    if plan.engine:
        return run_in_container(plan, plan.engine, job, path, reference, output, world)
    return run_program(plan, job, reference, output, world)


@contextlib.contextmanager
def _checked_folder(
    path: str, image: Image, part: PlatformImage, world: World, *, serves: bool
) -> Iterator[str]:
    """Give a folder that is a layout with this platform's image alone.

    Where the layout holds nothing else it serves itself, once its layers are verified, if its name
    `serves`.
    """
    with open_layout(path, world.files) as layout:
        if serves and _is_alone(layout, image):
            verify_layers(layout, part)
            yield world.files.absolute(path)
            return
        with world.files.temporary() as folder:
            export(layout, part, folder, world.files)
            yield world.files.absolute(folder)


def _is_alone(layout: Layout, image: Image) -> bool:
    """Whether a scanner can find no other image in a layout, be it one that calls itself none."""
    digests = [root.digest for root in layout.roots]
    named = layout.entries == 1 and digests == [str(image.digest)]
    return layout.folder and not image.is_index and named
