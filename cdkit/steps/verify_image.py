"""Verify that a tag is free before a push, and names what was pushed after it.

Before a push (`before-push`): a tag that is absent may be pushed, one that names this very digest
is done already, and one that names another is refused. After a push, the default: each tag must
still name the digest that was pushed. The registry itself is asked, its manifest is read and
hashed here; whatever is no clear answer (a login that is missing, too many requests, an error, a
404 that does not say that the tag is unknown) is *cannot tell*.

The output `immutability` says whether the registry itself would let the tag be moved: Amazon ECR
(asked by the command `aws`), Google Artifact Registry, Azure, Harbor and Docker Hub have a setting
for it. What cannot be read within ten seconds is `unknown`, and changes no answer unless
`require-immutable` is given.
"""

import posixpath
from typing import Annotated

from msgspec import Meta

from cdkit.core.documents.document import Document
from cdkit.core.errors import RequestError
from cdkit.core.escape import dotenv_value
from cdkit.core.finding import Location
from cdkit.core.oci.image import Image
from cdkit.core.oci.registry import Registry
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject, image_subject
from cdkit.core.verdict import Answer, Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.core.world import World
from cdkit.image.identity import identify
from cdkit.image.pushed.asked import Asked, Sources, settle
from cdkit.image.pushed.held import PUSH, REFUSE, REUSE, Held, after_push, before_push
from cdkit.image.pushed.immutability import settings_of
from cdkit.image.pushed.platforms import held_by, wanted
from cdkit.image.pushed.setting import Setting, State, weakest
from cdkit.steps.origin import provenance_of

NAME = "verify-image"
_VARIABLE = "CDKIT_IMAGE"


class VerifyImageOptions(Options, frozen=True, kw_only=True):
    """The inputs of verify-image."""

    tag: Annotated[
        tuple[str, ...],
        option(
            "A tag of the image, `repository:tag`; by default the names in `metadata`, else "
            "`reference`.",
            metavar="REFERENCE",
        ),
    ] = ()
    digest: Annotated[
        str,
        option(
            "The digest that was pushed (or is to be), `sha256:…` or `repository@sha256:…`: the "
            "index's, where there is one. By default that of `metadata`, of `layout`, of `image`."
        ),
    ] = ""
    metadata: Annotated[
        str,
        option(
            "What `docker buildx build` or `bake` wrote with `--metadata-file`, or the output "
            "`metadata` of their actions: the digest that was pushed, and its names.",
            metavar="FILE",
        ),
    ] = ""
    target: Annotated[
        str, option("The target in the `metadata` of a bake, where there are several.")
    ] = ""
    layout: Annotated[
        str,
        option(
            "The OCI image layout (folder or tar file) that the image is pushed from.",
            metavar="PATH",
        ),
    ] = ""
    image: Annotated[
        str,
        option(
            "The image as a step before left it, `repository@sha256:…`: CDKIT_IMAGE.", shared=True
        ),
    ] = ""
    reference: Annotated[
        str,
        option("The tag as `tag-image` left it, `repository:tag`: CDKIT_REFERENCE.", shared=True),
    ] = ""
    before_push: Annotated[
        bool, option("Ask before the push: is the tag free, or the image there already?")
    ] = False
    platforms: Annotated[
        tuple[str, ...],
        option(
            "The platforms that the image must hold, and no other: `linux/amd64,linux/arm64`.",
            flag="--platform",
            metavar="PLATFORM",
        ),
    ] = ()
    require_immutable: Annotated[
        bool, option("Say no where the registry itself would let the tag be moved.")
    ] = False
    dotenv: Annotated[
        str,
        option(
            "Write `CDKIT_IMAGE=repository@digest` to this file, a dotenv report of GitLab; it is "
            "empty unless the answer is yes.",
            metavar="FILE",
        ),
    ] = ""


class VerifyImageOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of verify-image; the image only where the answer is yes."""

    image: Annotated[
        str, Meta(description="`repository@digest`, once the registry holds it under its tags.")
    ] = ""
    digest: Annotated[str, Meta(description="Its digest alone.")] = ""
    tags: Annotated[str, Meta(description="Every `repository:tag` asked about, one a line.")] = ""
    action: Annotated[
        str, Meta(description="Before a push: `push`, `reuse` (it is there already) or `refuse`.")
    ] = ""
    immutability: Annotated[
        str,
        Meta(
            description="Whether the registry itself keeps the tags: `immutable`, `mutable` or "
            "`unknown`."
        ),
    ] = ""


def run(options: VerifyImageOptions, world: World) -> Outcome:
    """Ask the registry about every tag, judge, and leave the identity of what is there."""
    _empty(options.dotenv, world)
    platforms = wanted(options.platforms)
    asked = _asked(options, world)
    registry = Registry(world)
    if options.before_push:
        found = tuple(before_push(tag, asked.digest, registry) for tag in asked.tags)
    elif asked.digest is None:
        raise _no_digest()
    else:
        found = tuple(after_push(tag, asked.digest, registry) for tag in asked.tags)
    settings = settings_of(asked.tags, world)
    reasons = [one.reason for one in found]
    reasons += _platform_reasons(found, platforms)
    reasons += _setting_reasons(options, asked, settings)
    verdict = judge(reasons)
    image, action = _image(verdict, found), _action(options, verdict, found)
    _hand_on(options.dotenv, image, world)
    documents = _identities(found, world) if image else ()
    return Outcome(
        verdict=verdict,
        outputs=VerifyImageOutputs(
            image=image,
            digest=image.partition("@")[2],
            tags="\n".join(map(str, asked.tags)),
            action=action,
            immutability=weakest(settings).value,
        ),
        document=documents[0][0] if documents else None,
        subjects=documents[0][1] if documents else (),
        more=documents[1:],
        tables=_tables(found, settings),
        notes=(*asked.notes, *_later(platforms, action), *dict.fromkeys(s.why for s in settings)),
        data=action or image,
    )


def _asked(options: VerifyImageOptions, world: World) -> Asked:
    sources = Sources(
        tags=options.tag,
        digest=options.digest,
        metadata=options.metadata,
        target=options.target,
        layout=options.layout,
        image=options.image,
        reference=options.reference,
    )
    return settle(sources, world.files)


def _no_digest() -> RequestError:
    return RequestError(
        "there is no digest that the tag should name: a digest that is empty was never pushed",
        remedy="give --digest (the output `digest` of docker/build-push-action with `push: true`), "
        "or --metadata; before a push: --before-push",
    )


def _platform_reasons(found: tuple[Held, ...], platforms: frozenset[str]) -> list[Reason]:
    """Return a reason where an image that was found holds other platforms than it must."""
    images = {one.image.digest: one for one in found if one.image}
    return [
        _of_platforms(one.image, platforms, Location(path=str(one.reference)))
        for one in images.values()
        if one.image and platforms
    ]


def _of_platforms(image: Image, platforms: frozenset[str], where: Location) -> Reason:
    there = held_by(image)
    if there == platforms:
        return yes(f"holds {', '.join(sorted(platforms))}, and no other platform", where)
    odd = [f"lacks {one}" for one in sorted(platforms - there)]
    odd += [f"holds {one}, which nobody asked for" for one in sorted(there - platforms)]
    return no(
        f"{image.digest} {'; '.join(odd)}",
        where=where,
        remedy=f"build for `--platform {','.join(sorted(platforms))}`, or mend `platforms`",
    )


def _later(platforms: frozenset[str], action: str) -> tuple[str, ...]:
    """Say that what is not in the registry yet cannot be looked into there."""
    if platforms and action == PUSH:
        return ("The platforms are looked at after the push.",)
    return ()


def _setting_reasons(
    options: VerifyImageOptions, asked: Asked, settings: tuple[Setting, ...]
) -> list[Reason]:
    """Judge the registry's own setting, where it is required: what is unknown is no yes."""
    if not options.require_immutable:
        return []
    found = []
    for tag, setting in zip(asked.tags, settings, strict=True):
        where = Location(path=str(tag))
        if setting.state is State.IMMUTABLE:
            found.append(yes(setting.why, where))
        elif setting.state is State.MUTABLE:
            remedy = "make the registry's tags immutable, this one included"
            found.append(no(f"the tag can be moved: {setting.why}", where=where, remedy=remedy))
        else:
            remedy = "mend what kept the setting from being read, or drop `require-immutable`"
            what = f"nobody says whether the tag can be moved: {setting.why}"
            found.append(cannot_tell(what, where=where, remedy=remedy))
    return found


def _image(verdict: Verdict, found: tuple[Held, ...]) -> str:
    """Return the image as it stands in the registry under all its tags; empty where it does not."""
    first = found[0]
    if not verdict.is_yes or not all(one.image for one in found):
        return ""
    return f"{first.reference.name}@{first.digest}"


def _empty(path: str, world: World) -> None:
    """Empty the dotenv report first: what a run before left there must not be handed on."""
    if not path:
        return
    shared = world.environ.get("CDKIT_DOTENV", "")
    if shared and _absolute(path, world) == _absolute(shared, world):
        raise RequestError(
            "is the report that every step's outputs go into (CDKIT_DOTENV)",
            where=path,
            remedy="leave dotenv out: the output `image` is CDKIT_IMAGE there",
        )
    if world.files.is_file(path):
        lines = world.files.read(path).splitlines()
        if len(lines) > 1 or any(not line.startswith(f"{_VARIABLE}=".encode()) for line in lines):
            raise RequestError(
                f"holds more than {_VARIABLE}, and would be written over",
                where=path,
                remedy="give a file of its own",
            )
    world.files.write(path, b"")


def _absolute(path: str, world: World) -> str:
    return posixpath.normpath(world.files.absolute(path))


def _hand_on(path: str, image: str, world: World) -> None:
    if path and image:
        world.files.write(path, f"{_VARIABLE}={dotenv_value(image)}\n".encode())


def _identities(
    found: tuple[Held, ...], world: World
) -> tuple[tuple[Document, tuple[Subject, ...]], ...]:
    """Return the identity of the image in each repository, with the tags that name it there."""
    of_name: dict[str, list[Held]] = {}
    for one in found:
        of_name.setdefault(one.reference.name, []).append(one)
    made = []
    for name, there in of_name.items():
        first = there[0]
        if first.image is None:  # pragma: no cover - the verdict was no yes then
            continue
        tags = tuple(one.reference.tag for one in there)
        origin, source = provenance_of(world, NAME)
        document = identify(first.reference, first.image, tags=tags, origin=origin, source=source)
        made.append((document, (image_subject(name, first.image.digest),)))
    return tuple(made)


def _action(options: VerifyImageOptions, verdict: Verdict, found: tuple[Held, ...]) -> str:
    """Return what a push may do: a no refuses it for all tags; empty where nobody can tell."""
    if not options.before_push or verdict.answer is Answer.CANNOT_TELL:
        return ""
    if verdict.answer is Answer.NO:
        return REFUSE
    return PUSH if any(one.action == PUSH for one in found) else REUSE


def _tables(found: tuple[Held, ...], settings: tuple[Setting, ...]) -> tuple[Table, ...]:
    rows = tuple(
        (str(one.reference), str(one.digest or ""), setting.state.value)
        for one, setting in zip(found, settings, strict=True)
    )
    columns = ("Tag", "Names", "The registry keeps it")
    return (Table(heading="What the tags name", columns=columns, rows=rows),)


STEP = Step(
    name=NAME,
    summary="Verify that a tag names what was pushed, or is free.",
    question="Does the tag name exactly what was pushed?",
    options=VerifyImageOptions,
    outputs=VerifyImageOutputs,
    run=run,
    icon="check-circle",
)
