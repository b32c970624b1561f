"""Name an image: tags that never collide, and the digest that cannot move."""

from typing import Annotated

from msgspec import Meta, Struct

from cdkit.core.digest import Digest
from cdkit.core.documents.kinds import Identity
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Location
from cdkit.core.oci.image import Image
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import Reference, parse, parse_repository, pin
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject, image_subject
from cdkit.core.verdict import Reason, judge, yes
from cdkit.core.world import Head, World
from cdkit.image import tags as tagging
from cdkit.image.identity import build_labels, contradicted, identify
from cdkit.steps.origin import head_of, origin_of, source_of

NAME = "tag-image"


class TagImageOptions(Options, frozen=True, kw_only=True):
    """The inputs of tag-image."""

    repository: Annotated[
        str,
        option(
            "The image's repository, `ghcr.io/acme/orders`; by default that of `digest`, of "
            "`reference`, or of the CI system's own registry."
        ),
    ] = ""
    layout: Annotated[
        str,
        option(
            "An OCI image layout (a folder, or the tar file of `docker buildx build --output "
            "type=oci`): its digest is read, and every blob that is read is checked.",
            metavar="PATH",
        ),
    ] = ""
    digest: Annotated[
        str,
        option("The digest of a pushed image, `sha256:…` or `repository@sha256:…`."),
    ] = ""
    reference: Annotated[
        str, option("A pushed image by tag, `repository:tag`: the registry is asked what it is.")
    ] = ""
    local: Annotated[
        str,
        option(
            "An image of the local engine (Docker, podman) by name or ID: its digest counts where "
            "the registry holds it in `repository`, as the same image.",
            metavar="IMAGE",
        ),
    ] = ""
    tag_from: Annotated[
        tuple[str, ...],
        option(
            "What to make tags from: `build` (run and attempt), `sha`, `digest`, `version` (a git "
            "tag), `describe`, `branch`; the first is the reference. By default build, else sha, "
            "else digest.",
            metavar="KIND",
        ),
    ] = ()
    tags: Annotated[
        tuple[str, ...], option("Further tags of your own, taken as they are.", flag="--tag")
    ] = ()
    platform: Annotated[
        str, option("The platform whose config digest is wanted, `linux/amd64`.")
    ] = ""
    allow_dirty: Annotated[
        bool, option("Take a working tree with changes, and mark its tags `-dirty`.")
    ] = False


class TagImageOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of tag-image; those about a digest are empty until there is one."""

    image: Annotated[str, Meta(description="`repository@digest`: the name that cannot move.")] = ""
    reference: Annotated[str, Meta(description="`repository:tag`, the first tag.")] = ""
    tag: Annotated[str, Meta(description="The first tag alone.")] = ""
    tags: Annotated[str, Meta(description="Every `repository:tag`, one a line.")] = ""
    digest: Annotated[str, Meta(description="The digest of the index, or of the manifest.")] = ""
    config_digest: Annotated[
        str, Meta(description="The digest of the config (the image ID) of the one platform.")
    ] = ""
    platforms: Annotated[
        str, Meta(description="`platform manifest-digest config-digest`, one a line.")
    ] = ""
    labels: Annotated[
        str, Meta(description="Labels to build the image with, `name=value`, one a line.")
    ] = ""


class _Named(Struct, frozen=True, kw_only=True):
    """What there is to say: the repository, what is at hand of the image, and the trouble."""

    repository: Reference
    image: Image | None
    digest: Digest | None
    trouble: Reason | None = None


def run(options: TagImageOptions, world: World) -> Outcome:
    """Find the digest where there is one, make the tags, and leave the identity."""
    head = head_of(world)
    named = _name(options, world)
    source = _source(options, world, head, named.digest)
    made = tuple(
        tagging.make(kind, source, allow_dirty=options.allow_dirty) for kind in options.tag_from
    )
    own = tagging.verbatim(options.tags)
    if not made and not own:
        made = (tagging.best(source, allow_dirty=options.allow_dirty),)
    tags = tuple(dict.fromkeys((*made, *own)))
    identity = _identity(named, tags, world)
    return Outcome(
        verdict=judge([named.trouble or yes(_what(named, tags), _where(options))]),
        outputs=_outputs(options, named, tags, _labels(world, head, tags[0])),
        document=identity,
        subjects=_subjects(named),
        tables=_tables(named),
        notes=_notes(options, named, head),
        data=f"{named.repository.name}:{tags[0]}",
    )


def _name(options: TagImageOptions, world: World) -> _Named:
    """Find the repository and the image: in layout, engine or registry, else nowhere yet."""
    if options.local:
        return _in_engine(options, world)
    asked = _asked(options)
    digest = asked.digest if asked else _bare_digest(options)
    repository = _repository(options, asked, world)
    if options.layout:
        with open_layout(options.layout, world.files) as layout:
            image = read_image(layout, digest=digest, name=asked.tag if asked else "")
        return _Named(repository=repository, image=image, digest=image.digest)
    if asked is None and digest is None:
        return _Named(repository=repository, image=None, digest=None)
    return _in_registry(asked or pin(repository, digest), repository, world)


def _in_engine(options: TagImageOptions, world: World) -> _Named:
    """Take an image of the local engine for what the registry confirms that it is."""
    from cdkit.core.oci.registry import Registry
    from cdkit.image.engine import find, registry_of

    if options.layout or options.digest or options.reference:
        raise RequestError(
            "a local image is given, and a layout, digest or reference too",
            remedy="give one of them: the digest where you have it",
        )
    repository = _repository(options, registry_of(options.local, options.repository), world)
    if world.engine is None or (why := world.engine.missing()):
        raise CannotTell(
            why if world.engine else "no container engine can be asked here",
            remedy="start Docker, or `podman system service` with DOCKER_HOST set to its socket",
        )
    image = find(options.local, repository, world.engine, Registry(world))
    return _Named(repository=repository, image=image, digest=image.digest)


def _in_registry(asked: Reference, repository: Reference, world: World) -> _Named:
    from cdkit.core.oci.registry import Registry

    try:
        image = Registry(world).image(asked)
    except CannotTell as fault:
        return _Named(
            repository=repository, image=None, digest=asked.digest, trouble=fault.reason()
        )
    return _Named(repository=repository, image=image, digest=image.digest)


def _asked(options: TagImageOptions) -> Reference | None:
    """Return what to look up, where `digest` or `reference` names a repository."""
    if options.digest and options.reference:
        raise RequestError(
            "both a digest and a reference are given", remedy="give one of them: the digest"
        )
    text = options.reference or (options.digest if "@" in options.digest else "")
    return parse(text) if text else None


def _bare_digest(options: TagImageOptions) -> Digest | None:
    return Digest.parse(options.digest) if options.digest else None


def _repository(options: TagImageOptions, asked: Reference | None, world: World) -> Reference:
    if not options.repository:
        name = asked.name if asked else _repository_of_ci(world)
        return parse_repository(name)
    repository = parse_repository(options.repository)
    if asked and asked.name != repository.name:
        raise RequestError(
            f"{asked} is not of the repository {repository.familiar}",
            remedy="give a reference of that repository, or another repository",
        )
    return repository


def _repository_of_ci(world: World) -> str:
    """Return where this CI system's own registry keeps the images of this project."""
    if image := world.environ.get("CI_REGISTRY_IMAGE"):
        return image
    if world.environ.get("GITHUB_ACTIONS") == "true" and world.context.repository:
        return f"ghcr.io/{world.context.repository.lower()}"
    raise RequestError(
        "no repository is named, and this CI system has no registry of its own",
        remedy="give --repository registry.example.com/team/name",
    )


def _source(
    options: TagImageOptions, world: World, head: Head | None, digest: Digest | None
) -> tagging.Source:
    context = world.context
    return tagging.Source(
        build_id=context.build_id,
        commit=head.commit if head else context.commit,
        described=_described(options, world) if head else "",
        branch=context.branch or (head.branch if head else ""),
        tag=context.tag,
        dirty=head.dirty if head else False,
        digest=digest,
    )


def _described(options: TagImageOptions, world: World) -> str:
    """Ask `git describe` only where its answer is wanted: it walks the history."""
    if not {"describe", "version"} & set(options.tag_from):
        return ""
    return world.git.describe()


def _identity(named: _Named, tags: tuple[str, ...], world: World) -> Identity | None:
    if named.image is None:
        return None
    return identify(
        named.repository,
        named.image,
        tags=tags,
        origin=origin_of(world, NAME),
        source=source_of(world),
    )


def _subjects(named: _Named) -> tuple[Subject, ...]:
    if named.image is None:
        return ()
    return (image_subject(named.repository.name, named.image.digest),)


def _outputs(
    options: TagImageOptions, named: _Named, tags: tuple[str, ...], labels: dict[str, str]
) -> TagImageOutputs:
    name = named.repository.name
    parts = named.image.platforms if named.image else ()
    chosen = parts if len(parts) == 1 else ()
    if options.platform and named.image:
        chosen = (named.image.choose(options.platform),)
    return TagImageOutputs(
        image=f"{name}@{named.digest}" if named.digest else "",
        reference=f"{name}:{tags[0]}",
        tag=tags[0],
        tags="\n".join(f"{name}:{tag}" for tag in tags),
        digest=str(named.digest or ""),
        config_digest="".join(str(part.config_digest) for part in chosen),
        platforms="\n".join(f"{p.platform} {p.digest} {p.config_digest}" for p in parts),
        labels="\n".join(f"{key}={_one_line(text)}" for key, text in labels.items()),
    )


def _labels(world: World, head: Head | None, version: str) -> dict[str, str]:
    commit = head.commit if head else world.context.commit
    return build_labels(
        world.context,
        commit="" if head and head.dirty else commit,
        version=version,
        created=world.clock.now(),
        url=head.remote_url if head else "",
    )


def _tables(named: _Named) -> tuple[Table, ...]:
    if named.image is None:
        return ()
    rows = tuple(
        (part.platform, str(part.digest), str(part.config_digest)) for part in named.image.platforms
    )
    columns = ("Platform", "Manifest", "Config (image ID)")
    return (Table(heading=f"Digest {named.image.digest}", columns=columns, rows=rows),)


def _notes(options: TagImageOptions, named: _Named, head: Head | None) -> tuple[str, ...]:
    notes: list[str] = []
    if named.digest is None:
        notes.append("There is no digest yet: build and push, then name the image by its digest.")
    if head and head.dirty:
        notes.append("The working tree holds changes: no commit is claimed as the source.")
    if head and head.untracked:
        notes.append("Beside the commit stand files that git does not know: is one in the image?")
    if head and named.image and contradicted(named.image, {"gitCommit": head.commit}):
        notes.append(
            "The image's revision label names another commit than the one checked out: "
            "that commit is not claimed as its source."
        )
    if named.image and named.image.is_index and not options.platform:
        notes.append("The digest is that of the index; each platform has one of its own.")
    return tuple(notes)


def _what(named: _Named, tags: tuple[str, ...]) -> str:
    name = named.repository.name
    if named.digest:
        return f"{name}:{tags[0]} is {named.digest}"
    return f"{name}:{tags[0]} is a name that no other build has"


def _where(options: TagImageOptions) -> Location | None:
    return Location(path=options.layout) if options.layout else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


STEP = Step(
    name=NAME,
    summary="Name an image so that the name cannot move.",
    question="What exactly are we shipping?",
    options=TagImageOptions,
    outputs=TagImageOutputs,
    run=run,
    icon="tag",
)
