"""What scan-image scans and how: the one target among the options, and the way to scan it."""

import contextlib
from collections.abc import Iterator

from msgspec.structs import replace

from cdkit.core.container import Engine
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.image import Image
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import Reference, parse, parse_pinned
from cdkit.core.step import Outcome
from cdkit.core.subject import image_subject
from cdkit.core.verdict import judge, yes
from cdkit.core.world import World
from cdkit.image.engine import find, registry_of
from cdkit.scan.archive import of_repository, read_archive
from cdkit.scan.bill import named_digests
from cdkit.scan.obtain import Wanted, load_scanners
from cdkit.scan.scanner import Look, TargetKind
from cdkit.scan.target import Part, Target, image_target
from cdkit.steps.scan_options import OF_ONE_IMAGE, ScanImageOptions, ScanImageOutputs

_LARGEST = 32 * 1024**3
"""Bytes of an image that is saved to be scanned."""

_ALONE = ("layout", "archive", "local", "rootfs", "sbom")
_OF_AN_IMAGE = frozenset({"layout", "archive", "sbom"})
"""What `--image` can stand beside: it says which image that is."""


@contextlib.contextmanager
def targeted(options: ScanImageOptions, world: World) -> Iterator[Target]:
    """Give the one target that the options name.

    Raises RequestError where they name none or several, and CannotTell where it cannot be taken
    apart: without its config digests no report can be held against it.
    """
    given = [name for name in _ALONE if getattr(options, name)]
    names = [*(["image"] if options.image else []), *given]
    if not names:
        raise RequestError(
            "no image is named", remedy="give --image repository@sha256:… or --layout PATH"
        )
    if len(given) > 1 or (options.image and given and given[0] not in _OF_AN_IMAGE):
        raise RequestError(
            f"several targets are named: {', '.join(f'--{name}' for name in names)}",
            remedy="give one of them",
        )
    kind = given[0] if given else "image"
    _check_platform(options, kind)
    if kind == "local":
        with _local(options, world) as target:
            yield target
        return
    yield _TARGETS[kind](options, world)


def wanted(options: ScanImageOptions, target: Target) -> Wanted:
    """Return what the options ask of the scanner."""
    if options.timeout < 1 or options.memory < 1:
        raise RequestError("timeout and memory are at least 1", remedy="leave them to the default")
    known = load_scanners()
    if options.scanner not in {*known, "none"}:
        raise RequestError(
            f"no scanner is called {options.scanner!r}",
            where="scanner",
            remedy=f"use {', '.join(name for name, one in known.items() if one.runner)} or none",
        )
    if options.server and options.database and not options.reports:
        raise RequestError(
            "a server judges by its own database", where="db", remedy="leave out --db, or --server"
        )
    return Wanted(
        target=target,
        reports=options.reports,
        recorded=options.recorded,
        scanner=options.scanner,
        way=options.by,
        server=options.server,
        scanner_image=options.scanner_image,
        database=options.database,
        mirrors=tuple(str(parse(text)) for text in options.db_repositories),
        look_for=tuple(dict.fromkeys((Look.VULNERABILITIES, *map(Look, options.look_for)))),
        timeout=options.timeout,
        memory=options.memory,
    )


def refuse_formats(options: ScanImageOptions, why: str) -> None:
    """Raise RequestError where a format is asked for that only the fact of one image gives."""
    if asked := [name for name in (options.format, *options.write) if name in OF_ONE_IMAGE]:
        raise RequestError(
            f"{asked[0]} is made of one image that has a digest, and {why}",
            where="write",
            remedy="write sarif, json or junit; or scan one image for it",
        )


def _check_platform(options: ScanImageOptions, kind: str) -> None:
    if options.platform and kind not in {"image", "layout"}:
        raise RequestError(
            f"--{kind} holds one platform", where="platform", remedy="leave out --platform"
        )


def _layout(options: ScanImageOptions, world: World) -> Target:
    name = parse_pinned(options.image) if options.image else None
    with open_layout(options.layout, world.files) as layout:
        image = read_image(layout, digest=name.digest if name else None)
    return image_target(image, name=name, layout=options.layout, platform=options.platform)


def _image(options: ScanImageOptions, world: World) -> Target:
    name = parse_pinned(options.image)
    return image_target(_asked(name, world), name=name, platform=options.platform)


def _asked(name: Reference, world: World) -> Image:
    from cdkit.core.oci.registry import Registry

    try:
        return Registry(world).image(name)
    except CannotTell as fault:
        raise CannotTell(
            f"cannot find out what {name} holds: {fault.what}",
            where=fault.where,
            remedy=f"{fault.remedy}; or give the layout that it was built into, --layout",
        ) from fault


def _archive(options: ScanImageOptions, world: World) -> Target:
    target = read_archive(options.archive, world.files)
    if not options.image:
        return target
    name = parse_pinned(options.image)
    return _confirmed(target, name, _asked(name, world))


def _confirmed(target: Target, name: Reference, image: Image) -> Target:
    """Return an archive's target as that image of a registry which has its config."""
    config = target.parts[0].config_digest
    for part in image.platforms:
        if str(part.config_digest) == config:
            whole = len(image.platforms) == 1
            return of_repository(target, name, image.digest if whole else part.digest)
    raise CannotTell(
        f"is another image: its config is {config}, which {name} does not have",
        where=target.path,
        remedy="save the very image that was pushed, or leave out --image",
    )


@contextlib.contextmanager
def _local(options: ScanImageOptions, world: World) -> Iterator[Target]:
    """Have the engine write the image to a file: the scanner gets that, and not the socket."""
    engine = world.podman if options.by == "podman" else world.engine
    if engine is None:
        raise CannotTell("there is no container engine", remedy="give --archive, or --image")
    if why := engine.missing():
        raise CannotTell(why, remedy="start the engine; or save the image, and give --archive")
    held = engine.inspect(_name_or_id(options.local))
    if held is None:
        raise CannotTell(
            f"the engine holds no image {options.local}",
            remedy="build or pull it first; `docker image ls` lists what is there",
        )
    with world.files.temporary() as folder:
        path = world.files.absolute(f"{folder}/image.tar")
        engine.save(held.id, path, _LARGEST)
        target = replace(read_archive(path, world.files), called=options.local, is_passing=True)
        yield _as_pushed(target, options.local, engine, world)


def _name_or_id(local: str) -> str:
    registry_of(local, "")  # RequestError where it is neither
    return local


def _as_pushed(target: Target, local: str, engine: Engine, world: World) -> Target:
    """Return the target under the digest of a registry, where that confirms it holds the image."""
    from cdkit.core.oci.registry import Registry

    config = target.parts[0].config_digest
    why = "its name says no registry"
    if repository := registry_of(local, ""):
        try:
            image = find(local, repository, engine, Registry(world))
            name = Reference(registry=repository.registry, repository=repository.repository)
            return replace(_confirmed(target, name, image), path=target.path)
        except CannotTell as fault:
            why = fault.what
    note = f"The subject is the config of {local}, {config}: no registry confirms a digest ({why})."
    subject = replace(target.subject, name=local) if target.subject else None
    return replace(target, notes=(note,), subject=subject)


def _rootfs(options: ScanImageOptions, world: World) -> Target:
    path = options.rootfs
    if not world.files.is_dir(path):
        raise CannotTell("there is no such folder", where=path, remedy="check the path")
    if not world.files.names(path):
        raise CannotTell("is empty", where=path, remedy="unpack the root file system into it")
    note = f"{path} has no digest, so no fact is left: the verdict is all there is."
    return Target(kind=TargetKind.ROOTFS, path=path, called=path, parts=(Part(),), notes=(note,))


def _sbom(options: ScanImageOptions, world: World) -> Target:
    """Take a list of packages for that of the image it names; of no image where it names none."""
    path = options.sbom
    bare = Target(kind=TargetKind.SBOM, path=path, called=path, parts=(Part(),))
    digests = named_digests(path, world.files)
    if not options.image:
        return _by_its_word(bare, digests)
    name = parse_pinned(options.image)
    if name.digest and str(name.digest) in digests:
        return replace(
            bare, name=name, called=name.name, subject=image_subject(name.name, name.digest)
        )
    named = " and ".join(digests) or "no image"
    raise CannotTell(
        f"is of {named}, not of {name.digest}",
        where=path,
        remedy="give the list that was made of this very image, by its digest",
    )


def _by_its_word(bare: Target, digests: tuple[str, ...]) -> Target:
    from cdkit.core.digest import Digest

    if not digests:
        note = f"{bare.path} names no image by digest: it can be tied to none, so no fact is left."
        return replace(bare, notes=(note,))
    note = f"{bare.path} says that it is of {digests[0]}; that it lists all of it, nobody can see."
    subject = image_subject(bare.path, Digest.parse(digests[0]))
    return replace(bare, subject=subject, notes=(note,))


_TARGETS = {
    "image": _image,
    "layout": _layout,
    "archive": _archive,
    "rootfs": _rootfs,
    "sbom": _sbom,
}


def fetch(options: ScanImageOptions, world: World) -> Outcome:
    """Fetch the scanner's database into a folder, and say of when it is."""
    from cdkit.scan.fetch import fetch_database

    refuse_formats(options, "fetching a database scans none")
    scanner = load_scanners().get(options.scanner)
    if scanner is None:
        raise RequestError(
            "no scanner is named whose database could be fetched",
            where="scanner",
            remedy="give --scanner trivy",
        )
    fetched = fetch_database(
        scanner, options.fetch_db, options.db_repositories, options.timeout, world
    )
    dated = fetched.database.updated_at if fetched.database else "a time that it does not say"
    what = f"The database of {options.scanner} is of {dated}"
    return Outcome(
        verdict=judge((yes(what),)),
        outputs=ScanImageOutputs(),
        data=options.fetch_db,
        notes=(
            f"{what}, from {fetched.source}.",
            *fetched.notes,
            f"Use it: cdkit scan-image --db {options.fetch_db} …",
        ),
    )
