"""Copy the facts about an image to where it is promoted to, digest by digest."""

from collections.abc import Callable, Iterator
from typing import Annotated

from msgspec import Meta

from cdkit.core.errors import CdkitError, RequestError
from cdkit.core.oci.reference import parse_pinned
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import Reason, cannot_tell, judge, yes
from cdkit.core.world import World
from cdkit.evidence.store import Held, Store, open_store
from cdkit.gate.subject import Request, known_of

NAME = "copy-evidence"
_NONE = "none"


class CopyEvidenceOptions(Options, frozen=True, kw_only=True):
    """The inputs of copy-evidence."""

    image: Annotated[
        str,
        option(
            "The image that is promoted, `repository@sha256:…`, where its facts are now: those of "
            "`records`, which `oci` takes from beside it.",
            shared=True,
        ),
    ] = ""
    to: Annotated[
        str,
        option(
            "Where to copy them: `oci://registry/repository` (beside the image, once it is there), "
            "`s3://bucket/prefix`, or a folder.",
            metavar="PLACE",
        ),
    ] = ""


class CopyEvidenceOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of copy-evidence."""

    image: Annotated[str, Meta(description="The image whose facts were copied.")] = ""
    copied: Annotated[str, Meta(description="How many facts stand there now.")] = ""


def run(options: CopyEvidenceOptions, world: World) -> Outcome:
    """Read all that is kept about the image, its platforms and its source; keep it as it is."""
    key = _key(options)
    source, target = open_store(options.records, world), open_store(options.to, world)
    keys = frozenset({key}) | _related(options, key, source, world)
    held = source.held(keys)
    reasons, copied = _moved(held, target.keep, lambda: target.held(keys), options.to)
    summaries = source.attached(keys)
    more, also = _moved(summaries, target.attach, lambda: target.attached(keys), options.to)
    reasons += more
    if not held.records:
        reasons.append(
            cannot_tell(
                f"there is no fact about {options.image}",
                remedy="name with `records` where its facts are: `oci` for beside the image",
            )
        )
    if not reasons:
        told = f" and {_many(also)}" if also else ""
        reasons.append(yes(f"{copied} facts{told} stand in {options.to}"))
    return Outcome(
        verdict=judge(reasons),
        outputs=CopyEvidenceOutputs(image=options.image, copied=str(copied)),
        headline=f"{copied} of {len(held.records)} facts",
    )


def _many(number: int) -> str:
    return f"{number} verification {'summary' if number == 1 else 'summaries'}"


def _moved(
    held: Held, keep: Callable[[bytes], str], there: Callable[[], Held], to: str
) -> tuple[list[Reason], int]:
    """Keep each record in the target; return what went wrong, and how many are found there."""
    if not held.records:
        return list(held.unreadable), 0
    faults = list(_copied(held, keep))
    present = {data for _, data in there().records}
    missing = [where for where, data in held.records if data not in present]
    reasons = [*held.unreadable, *faults]
    if not faults:
        reasons += [_missing(where, to) for where in missing]
    return reasons, len(held.records) - len(missing)


def _key(options: CopyEvidenceOptions) -> str:
    for name, value in (("image", options.image), ("to", options.to)):
        if not value:
            raise RequestError(
                f"copy-evidence needs {name}",
                where=name,
                remedy="write --image repository@sha256:… --to oci://registry/repository",
            )
    if _NONE in {options.records, options.to}:
        raise RequestError(
            "facts are copied from `records` to `to`, and one of them is none",
            where="records",
            remedy="name both",
        )
    return str(parse_pinned(options.image, where="image").digest)


def _related(options: CopyEvidenceOptions, key: str, source: Store, world: World) -> frozenset[str]:
    """Return the digests of the platforms and the source that the image's facts name."""
    request = Request(image=options.image, key=key, stage="", replay=world.replay)
    collected = source.about(frozenset({key}))
    return known_of(request, collected, world.clock.now()).related


def _copied(held: Held, keep: Callable[[bytes], str]) -> Iterator[Reason]:
    """Keep every record, and yield why one cannot be; the others are kept all the same."""
    for where, data in held.records:
        try:
            keep(data)
        except CdkitError as fault:
            yield cannot_tell(
                f"{where} is not copied: {fault.what}", where=fault.where, remedy=fault.remedy
            )


def _missing(where: str, to: str) -> Reason:
    return cannot_tell(
        f"{where} is not found again in {to}, though it was written there",
        remedy="run it again; ask the registry's operator if it stays so",
    )


STEP = Step(
    name=NAME,
    summary="Copy the facts about an image to where it is promoted to.",
    question="Has all evidence come along with the image?",
    options=CopyEvidenceOptions,
    outputs=CopyEvidenceOutputs,
    run=run,
    icon="copy",
)
