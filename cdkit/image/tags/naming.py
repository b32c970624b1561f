"""How an image is called and what is said of it, from what a user asks and this run knows."""

from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.oci.image import Image
from cdkit.core.oci.reference import Reference
from cdkit.core.world import MIB, Head, World
from cdkit.image.tags.bake import bake_files, bake_path, summary
from cdkit.image.tags.expressions import scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.flavor import read_flavor
from cdkit.image.tags.gather import Asked, gather
from cdkit.image.tags.labels import Wording, known_labels, say
from cdkit.image.tags.parent import Parent, given_parent, parent_of
from cdkit.image.tags.payload import Event, read_event
from cdkit.image.tags.repositories import Target, read_images
from cdkit.image.tags.tags import Tags, best, make_tags, read_tags, rule_of


class Request(Struct, frozen=True, kw_only=True):
    """What the user asks for; the fields are the options of tag-image of these names."""

    repository: str
    images: tuple[str, ...]
    tag_from: tuple[str, ...]
    tags: tuple[str, ...]
    flavor: tuple[str, ...]
    labels: tuple[str, ...]
    annotations: tuple[str, ...]
    annotation_levels: tuple[str, ...]
    base_name: str
    base_digest: str
    dockerfile: str
    default_branch: str
    pull_request_commit: str
    short_sha_length: int
    allow_dirty: bool


class Naming(Struct, frozen=True, kw_only=True):
    """The names, what is said of the image, and what people should know about both.

    `parent` is the image that it is built on, None where nobody said.
    """

    targets: tuple[Target, ...]
    tags: Tags
    wording: Wording
    parent: Parent | None
    notes: tuple[str, ...]

    @property
    def full(self) -> tuple[str, ...]:
        """Every tag in every repository."""
        return tuple(f"{target.name}:{tag}" for target in self.targets for tag in self.tags.names)

    def as_json(self, image: str, found: Image | None) -> str:
        """Return all of it as one JSON object, with the digests of the image where it was found."""
        return summary(
            version=self.tags.version,
            tags=self.full,
            names=self.tags.names,
            labels=self.wording.labels,
            annotations=self.wording.annotations,
            image=image,
            found=found,
        )


def name_image(
    request: Request,
    world: World,
    head: Head | None,
    trouble: CannotTell | None,
    *,
    repository: Reference,
    digest: Digest | None,
) -> Naming:
    """Return how an image of this run is called in a repository, and in the others asked for.

    `trouble` is why git does not tell what is checked out, where it should.
    """
    event = read_event(world)
    facts = gather(world, head, trouble, event, digest=digest, asked=_wanted(request))
    tags = _tags(request, facts)
    parent, doubts = _parent(request, world)
    wording = _wording(request, world, event, head, facts, tags.version, parent)
    return Naming(
        targets=_targets(request, repository),
        tags=tags,
        wording=wording,
        parent=parent,
        notes=(
            *doubts,
            *_untold(trouble),
            *_elsewhere(world.context, head),
            *_passed_over(tags),
            *_left_out(wording),
        ),
    )


def write_bake(naming: Naming, target: str, path: str, world: World) -> dict[str, str]:
    """Write the four bake files and return their paths, by the word in their names.

    Without a path nothing is written and every path is empty.
    """
    files = bake_files(
        target,
        images=[target.name for target in naming.targets],
        version=naming.tags.version,
        tags=naming.full,
        labels=naming.wording.labels,
        annotations=naming.wording.annotations,
    )
    if not path:
        return dict.fromkeys(files, "")
    for word, data in files.items():
        world.files.write(bake_path(path, word), data)
    return {word: bake_path(path, word) for word in files}


def _targets(request: Request, repository: Reference) -> tuple[Target, ...]:
    """Return the repositories; those of `images` are called as they stand there."""
    listed = read_images(request.images)
    if listed and not request.repository:
        return listed
    others = (target for target in listed if target.reference.name != repository.name)
    return (Target(name=repository.name, reference=repository), *others)


def _wanted(request: Request) -> Asked:
    """Ask `git describe` and for the commit's date only where they are wanted: each is a call."""
    texts = (*request.tags, *request.flavor, *request.labels, *request.annotations)
    rules = (*map(rule_of, request.tag_from), *read_tags(request.tags))
    return Asked(
        default_branch=request.default_branch,
        head_commit=request.pull_request_commit == "head",
        short_sha=request.short_sha_length,
        describe=bool({"describe", "version"} & {rule.type for rule in rules}),
        commit_date=any("commit_date" in text for text in texts),
    )


def _tags(request: Request, facts: Facts) -> Tags:
    rules = (*map(rule_of, request.tag_from), *read_tags(request.tags))
    flavor = read_flavor(request.flavor)
    dirty = request.allow_dirty
    wanted = rules or (best(facts, allow_dirty=dirty),)
    return make_tags(wanted, flavor, facts, allow_dirty=dirty)


def _parent(request: Request, world: World) -> tuple[Parent | None, tuple[str, ...]]:
    """Return the base image, and what is to be said where the Dockerfile does not tell it."""
    if request.base_name or request.base_digest:
        return given_parent(request.base_name, request.base_digest), ()
    if not request.dockerfile:
        return None, ()
    data = world.files.read(request.dockerfile, limit=MIB)
    try:
        return parent_of(data, where=request.dockerfile), ()
    except CannotTell as fault:
        return None, (f"No base image is claimed: {fault}. To claim it, {fault.remedy}.",)


def _wording(
    request: Request,
    world: World,
    event: Event,
    head: Head | None,
    facts: Facts,
    version: str,
    parent: Parent | None,
) -> Wording:
    known = known_labels(
        world.context,
        event.payload,
        commit="" if facts.dirty or "tree" in facts.unknown else facts.commit,
        version=version,
        created=world.clock.now(),
        url=head.remote_url if head else "",
        parent=parent,
    )
    return say(
        known,
        scope_of(facts),
        labels=request.labels,
        annotations=request.annotations,
        levels=request.annotation_levels,
    )


def _untold(trouble: CannotTell | None) -> tuple[str, ...]:
    if trouble is None:
        return ()
    return (f"Git does not tell what is checked out, so no commit is claimed: {trouble.what}.",)


def _elsewhere(context: BuildContext, head: Head | None) -> tuple[str, ...]:
    """Say so where a git tag's run has another commit checked out than the one that was tagged."""
    if not (head and context.tag and context.commit) or head.commit == context.commit:
        return ()
    tagged = f"the git tag {context.tag[:100]!r} on {context.commit}"
    return (f"The run is of {tagged}, and {head.commit} is checked out: a name of it misleads.",)


def _passed_over(tags: Tags) -> tuple[str, ...]:
    """Say which rules made no tag; where none did, the verdict's reason says so."""
    if not (tags.names and tags.passed_over):
        return ()
    return (f"Rules without a tag for this run: {'; '.join(tags.passed_over)}.",)


def _left_out(wording: Wording) -> tuple[str, ...]:
    return tuple(f"{entry!r} has no value, so it is left out." for entry in wording.left_out)
