"""Name an image: tags that never collide, and the digest that cannot move."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, convert

from cdkit.core.digest import Digest
from cdkit.core.documents.kinds import Identity
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Location
from cdkit.core.oci.image import Image, PlatformImage
from cdkit.core.oci.reference import Reference, parse, parse_repository, pin
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.subject import Subject, image_subject
from cdkit.core.verdict import Reason, cannot_tell, judge, yes
from cdkit.core.world import World
from cdkit.image.identity import identify
from cdkit.image.tags.labels import lines_of
from cdkit.image.tags.naming import Naming, Request, name_image, write_bake
from cdkit.image.tags.remarks import remarks, tables_of, unread
from cdkit.image.tags.repositories import read_images
from cdkit.image.tags.tags import Tags
from cdkit.steps.origin import checkout_of, provenance_of

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
    images: Annotated[
        tuple[str, ...],
        option(
            "Repositories to name the image in, as docker/metadata-action has them: a name, or "
            "`name=…,enable=…`; upper case is lowered.",
            flag="--image",
        ),
    ] = ()
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
            "tag), `describe`, `branch`, `pr`; the first is the reference. Without this and "
            "`tags` build, else sha, else digest.",
            metavar="KIND",
        ),
    ] = ()
    tags: Annotated[
        tuple[str, ...],
        option(
            "Further tags: rules like `type=semver,pattern={{version}}` "
            "(`docs/metadata-action.md`), and tags of your own, taken as they are.",
            flag="--tag",
        ),
    ] = ()
    flavor: Annotated[
        tuple[str, ...],
        option(
            "What holds for every tag: `latest=auto|true|false`, `prefix=…`, `suffix=…` (each may "
            "add `,onlatest=true`), `sanitize=unique|plain`."
        ),
    ] = ()
    labels: Annotated[
        tuple[str, ...],
        option("Labels beside or instead of ours.", flag="--label", metavar="NAME=VALUE"),
    ] = ()
    annotations: Annotated[
        tuple[str, ...],
        option("Annotations beside or instead of ours.", flag="--annotation", metavar="NAME=VALUE"),
    ] = ()
    annotation_levels: Annotated[
        tuple[str, ...],
        option(
            "Where annotations go: `manifest`, `index`, `manifest-descriptor`, `index-descriptor`.",
            flag="--annotation-level",
            metavar="LEVEL",
        ),
    ] = ("manifest",)
    base_name: Annotated[
        str, option("The image that it is built on; by default what `dockerfile` says.")
    ] = ""
    base_digest: Annotated[str, option("The digest of the image that it is built on.")] = ""
    dockerfile: Annotated[
        str, option("The Dockerfile to read the base image from.", metavar="FILE")
    ] = ""
    bake_file: Annotated[
        str,
        option(
            "Write definitions for `docker buildx bake`: tags and labels to this file, each apart "
            "and the annotations to files beside it.",
            metavar="FILE",
        ),
    ] = ""
    bake_target: Annotated[str, option("The target that these define.")] = "docker-metadata-action"
    default_branch: Annotated[
        str, option("The default branch, where the CI system does not say which it is.")
    ] = ""
    pull_request_commit: Annotated[
        Literal["merge", "head"],
        option("The commit of a pull request: what is checked out, or what it brings along."),
    ] = "merge"
    short_sha_length: Annotated[
        int, option("How many characters of a commit `type=sha` and `{{sha}}` show.")
    ] = 7
    separator: Annotated[
        str, option("What stands between tags, labels, annotations in outputs: by default a line.")
    ] = ""
    platform: Annotated[str, option("The platform whose digests are wanted, `linux/amd64`.")] = ""
    allow_dirty: Annotated[
        bool, option("Take a working tree with changes, and mark its tags `-dirty`.")
    ] = False


class TagImageOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of tag-image; those about a digest are empty until there is one."""

    image: Annotated[str, Meta(description="`repository@digest`: the name that cannot move.")] = ""
    reference: Annotated[str, Meta(description="`repository:tag`, the first tag.")] = ""
    tag: Annotated[str, Meta(description="The first tag alone.")] = ""
    version: Annotated[str, Meta(description="The same, by its name in metadata-action.")] = ""
    tags: Annotated[str, Meta(description="Every `repository:tag`, one a line.")] = ""
    tag_names: Annotated[str, Meta(description="Every tag alone, one a line.")] = ""
    digest: Annotated[str, Meta(description="The digest of the index, or of the manifest.")] = ""
    index_digest: Annotated[
        str, Meta(description="The digest of the index; empty where there is none.")
    ] = ""
    platform_digest: Annotated[
        str, Meta(description="The digest of the manifest of the one platform, or of `platform`.")
    ] = ""
    config_digest: Annotated[
        str, Meta(description="The digest of the config (the image ID) of that platform.")
    ] = ""
    platforms: Annotated[
        str, Meta(description="`platform manifest-digest config-digest`, one a line.")
    ] = ""
    labels: Annotated[
        str, Meta(description="Labels to build the image with, `name=value`, one a line.")
    ] = ""
    annotations: Annotated[
        str, Meta(description="Annotations for it, `level:name=value`, one a line.")
    ] = ""
    json: Annotated[
        str, Meta(description="Tags, labels, annotations and digests as one JSON object.")
    ] = ""
    bake_file: Annotated[str, Meta(description="The bake file with tags and labels.")] = ""
    bake_file_tags: Annotated[str, Meta(description="The bake file with tags.")] = ""
    bake_file_labels: Annotated[str, Meta(description="The bake file with labels.")] = ""
    bake_file_annotations: Annotated[str, Meta(description="That with annotations.")] = ""


class _Named(Struct, frozen=True, kw_only=True):
    """What there is to say: the repository, what is at hand of the image, and the trouble."""

    repository: Reference
    image: Image | None
    digest: Digest | None
    trouble: Reason | None = None


def run(options: TagImageOptions, world: World) -> Outcome:
    """Find the digest where there is one, make the tags, and leave the identity."""
    head, trouble = checkout_of(world)
    named = _name(options, world)
    request = convert(options, Request, from_attributes=True)
    try:
        naming = name_image(
            request, world, head, trouble, repository=named.repository, digest=named.digest
        )
    except CannotTell:
        if named.trouble is None:
            raise
        return Outcome(verdict=judge([named.trouble]), outputs=TagImageOutputs())
    bake = write_bake(naming, options.bake_target, options.bake_file, world)
    return Outcome(
        verdict=judge([named.trouble or _reason(named, naming.tags, _where(options))]),
        outputs=_outputs(options, named, naming, bake),
        document=_identity(named, naming, world),
        subjects=_subjects(named),
        tables=tables_of(named.image),
        notes=(
            *remarks(named.image, named.digest, head, platform=options.platform),
            *naming.notes,
            *unread(world.environ, request),
        ),
        data=f"{named.repository.name}:{naming.tags.version}" if naming.tags.names else "",
    )


def _name(options: TagImageOptions, world: World) -> _Named:
    """Find the repository and the image: in layout, engine or registry, else nowhere yet."""
    if options.local:
        return _in_engine(options, world)
    asked = _asked(options)
    digest = asked.digest if asked else _bare_digest(options)
    repository = _repository(options, asked, world)
    if options.layout:
        from cdkit.core.oci.layout import open_layout, read_image

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
    """Return the repository that is meant: of several that of what is asked for, else the first."""
    named = (parse_repository(options.repository),) if options.repository else ()
    known: tuple[Reference, ...] = (
        *named,
        *(target.reference for target in read_images(options.images)),
    )
    if not known:
        return parse_repository(asked.name if asked else _repository_of_ci(world))
    found = [one for one in known if asked is None or asked.name == one.name]
    if not found:
        raise RequestError(
            f"{asked} is not of the repository {known[0].familiar}",
            remedy="give a reference of that repository, or another repository",
        )
    return found[0]


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


def _identity(named: _Named, naming: Naming, world: World) -> Identity | None:
    if named.image is None:
        return None
    origin, source = provenance_of(world, NAME)
    return identify(
        named.repository,
        named.image,
        tags=naming.tags.names,
        origin=origin,
        source=source,
        parent=naming.parent,
    )


def _subjects(named: _Named) -> tuple[Subject, ...]:
    if named.image is None:
        return ()
    return (image_subject(named.repository.name, named.image.digest),)


def _outputs(
    options: TagImageOptions, named: _Named, naming: Naming, bake: dict[str, str]
) -> TagImageOutputs:
    name, tags, wording = named.repository.name, naming.tags, naming.wording
    parts = named.image.platforms if named.image else ()
    chosen = _chosen(options, named)
    between = options.separator or "\n"
    image = f"{name}@{named.digest}" if named.digest else ""
    return TagImageOutputs(
        image=image,
        reference=f"{name}:{tags.version}" if tags.names else "",
        tag=tags.version,
        version=tags.version,
        tags=between.join(naming.full),
        tag_names=between.join(tags.names),
        digest=str(named.digest or ""),
        index_digest=str(named.image.digest) if named.image and named.image.is_index else "",
        platform_digest=str(chosen.digest) if chosen else "",
        config_digest=str(chosen.config_digest) if chosen else "",
        platforms="\n".join(f"{p.platform} {p.digest} {p.config_digest}" for p in parts),
        labels=between.join(lines_of(wording.labels)),
        annotations=between.join(wording.annotations),
        json=naming.as_json(image, named.image),
        bake_file=bake[""],
        bake_file_tags=bake["tags"],
        bake_file_labels=bake["labels"],
        bake_file_annotations=bake["annotations"],
    )


def _chosen(options: TagImageOptions, named: _Named) -> PlatformImage | None:
    """Return the platform that is asked for, else the only one."""
    if named.image is None:
        return None
    if options.platform:
        return named.image.choose(options.platform)
    return named.image.platforms[0] if len(named.image.platforms) == 1 else None


def _reason(named: _Named, tags: Tags, where: Location | None) -> Reason:
    name = named.repository.name
    if not tags.names:
        why = "; ".join(tags.passed_over) or "all are disabled"
        return cannot_tell(
            f"no rule makes a tag for this run: {why}",
            remedy="add a rule that always makes one, like type=sha or type=build",
            where=where,
        )
    if named.digest:
        return yes(f"{name}:{tags.version} is {named.digest}", where)
    if tags.lasting:
        return yes(f"{name}:{tags.version} is a name that no other build has", where)
    return yes(f"{name}:{tags.version} is this image's name, which another build can take", where)


def _where(options: TagImageOptions) -> Location | None:
    return Location(path=options.layout) if options.layout else None


STEP = Step(
    name=NAME,
    summary="Name an image so that the name cannot move.",
    question="What exactly are we shipping?",
    options=TagImageOptions,
    outputs=TagImageOutputs,
    run=run,
    icon="tag",
)
