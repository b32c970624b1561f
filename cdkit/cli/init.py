"""`cdkit init`: look at a repository and write a cdkit.yaml that passes its own schema."""

import json
import posixpath
import re
from collections.abc import Iterator

import click
from msgspec import structs

from cdkit.cli.session import CONFIG, open_session
from cdkit.cli.table import all_steps
from cdkit.core.errors import CannotTell, CdkitError, NoInput, RequestError
from cdkit.core.world import World

POLICY = "policy.yaml"
_MIGRATION = re.compile(r"(^|/)[vV]?\d+[^/]*\.sql$")
_MOST_FILES = 20_000
_FORGES = ("github", "gitlab")
_DOCKERFILES = frozenset({"Dockerfile", "Containerfile"})
_EXCEPTIONS = ("scan/exceptions.yaml", ".cdkit/exceptions.yaml", "exceptions.yaml")
_OTHERS = frozenset({".trivyignore", ".trivyignore.yaml", ".grype.yaml", ".snyk"})
_VEX = re.compile(r"(^|[/.])(open)?vex\.json$")
_REPORTS = {
    "unit": ("reports/junit.xml", "junit.xml", "build/test-results/test/*.xml"),
    "coverage": ("reports/coverage.xml", "coverage.xml", "coverage/lcov.info"),
}


@click.command("init", short_help="Look at a repository and write a cdkit.yaml for it.")
@click.option("--force", is_flag=True, help="Write over a cdkit.yaml that is there.")
@click.option("--print", "show", is_flag=True, help="Print it, and write nothing.")
@click.option(
    "--observe", is_flag=True, help="Write a policy.yaml that the last releases would have passed."
)
@click.option("--image", "images", multiple=True, help="Observe these images, repository@sha256:….")
@click.option("--environment", default="production", help="Observe what was deployed here.")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
def COMMAND(  # noqa: N802 - the constant that the table loads
    force: bool,  # noqa: FBT001 - a flag
    show: bool,  # noqa: FBT001 - a flag
    observe: bool,  # noqa: FBT001 - a flag
    images: tuple[str, ...],
    environment: str,
    records: str,
) -> int:
    """Look at a repository and write a cdkit.yaml for it: what was seen, and what to fill in.

    With --observe, write a policy.yaml instead, from the facts about the last releases: these
    images, or the last ten that were deployed to the environment.
    """
    session = open_session()
    world = session.world
    if observe:
        text = observed(images, environment, records, world)
        return _write(POLICY, text, "`cdkit check-gate --policy policy.yaml`", world, show, force)
    text = proposal(world)
    # Hold what we wrote to our own schema: a fault here is ours.
    structs.replace(session, config=CONFIG, data=text.encode()).whole(all_steps())
    return _write(CONFIG, text, "`cdkit doctor`, then `cdkit run`", world, show, force)


def _write(path: str, text: str, following: str, world: World, show: bool, force: bool) -> int:  # noqa: FBT001 - two flags
    if show:
        print(text, end="")
        return 0
    if world.files.is_file(path) and not force:
        raise RequestError(
            "stands here already", where=path, remedy="look at it with `--print`, or `--force`"
        )
    world.files.write(path, text.encode())
    print(f"wrote {path}. Next: read it, then {following}.")
    return 0


def observed(images: tuple[str, ...], environment: str, records: str, world: World) -> str:
    """Return a policy that the last releases would have passed, as a file."""
    from cdkit.evidence.store import open_store
    from cdkit.gate.observe import observe, written
    from cdkit.gate.read import read_policy
    from cdkit.steps.gate_facts import last_releases
    from cdkit.steps.pinned import pinned_image

    named = tuple(pinned_image(image)[0].pinned for image in images)
    releases = last_releases(environment, named, open_store(records, world), world)
    if not releases:
        raise NoInput(
            f"no record says what was deployed to {environment[:80]!r}",
            remedy="name images that have facts: --image repository@sha256:…",
        )
    found = observe(releases, world.clock.now(), environment)
    if not any((*stage.enter, *stage.stay) for stage in found.policy.stages):
        raise CannotTell(
            f"none of {len(releases)} releases has evidence that says yes: a policy that asks for "
            "nothing opens nothing",
            remedy="let the pipeline leave facts first: `cdkit record-evidence`",
        )
    text = written(found, releases)
    read_policy(text.encode(), where=POLICY)  # hold what we wrote to our own schema
    return text


def proposal(world: World) -> str:
    """Return a cdkit.yaml for this repository, with comments that say what was seen."""
    seen = tuple(path for path, _ in zip(_paths(world), range(_MOST_FILES), strict=False))
    repository = _repository(world)
    service = repository.rsplit("/", 1)[-1]
    lines = [
        "# Written by `cdkit init`; `cdkit explain STEP` tells what each input does.",
        "version: 1",
    ]
    lines += ["", "# What exactly are we shipping?", "tag-image:"]
    lines += [f"  repository: {json.dumps(repository)}"]
    lines += [f"  layout: {json.dumps(path)}" for path in _layouts(seen)[:1]]
    lines += _pins(world)
    lines += ["", "# After a push, in the pipeline: does the tag still name what was pushed?"]
    lines += ["# cdkit verify-image --metadata meta.json, which buildx wrote: --metadata-file."]
    lines += _migrations(world, seen)
    lines += _scan(seen)
    lines += _reports(world, seen)
    lines += ["", "# May it go out? Without a policy: cdkit's own four stages, in full;"]
    lines += ["# `cdkit init --observe` writes one that the last releases would have passed."]
    lines += ["check-gate:", "  stage: deployment"]
    lines += ["", "# Tell everybody, once the gate is open.", "emit-event:"]
    lines += [f"  service: {json.dumps(service)}", "  environment: production"]
    lines += ['  sinks: ["file:.cdkit/events.ndjson"]']
    lines += _delivery(_remote(world))
    return "\n".join(lines) + "\n"


def _paths(world: World) -> Iterator[str]:
    yield from world.files.walk(".")


def _repository(world: World) -> str:
    """Guess the image's repository from the remote; where there is none, from nothing."""
    found = _remote(world)
    if not found:
        return "registry.example.com/CHANGE-ME/service".lower()
    host = {"github.com": "ghcr.io", "gitlab.com": "registry.gitlab.com"}.get(found[1], found[1])
    return f"{host}/{found[2]}".lower()


def _remote(world: World) -> re.Match[str] | None:
    """Return the host and the path of the remote, as far as there is one."""
    url = world.context.repository_url
    if not url:
        try:
            url = world.git.head().remote_url
        except CannotTell:
            url = ""
    return re.search(r"([\w.-]+)[:/]([\w.-]+/[\w./-]+?)(\.git)?/?$", url)


def _delivery(remote: re.Match[str] | None) -> list[str]:
    """Return how the delivery is measured, where the remote is a system that knows deployments."""
    forge = next((name for name in _FORGES if remote and name in remote[1].split(".")), "")
    if not forge:
        return []
    return [
        "",
        f"# How well do we deliver? In a scheduled job with a token: `report-dora --from {forge}`.",
    ]


def _layouts(seen: tuple[str, ...]) -> list[str]:
    return [path.removesuffix("/oci-layout") for path in seen if path.endswith("/oci-layout")]


def _pins(world: World) -> list[str]:
    """Return the section for images that files name; none where no file names one."""
    from cdkit.image.pins.find import paths_of, search

    found = search(paths_of((), world.files, world.git)[:_MOST_FILES], world.files, {})
    if not found.files and not found.unread:
        return []
    references = sum(len(one.uses) for one in found.files)
    return [
        "",
        f"# Does every file name exactly what it runs? {references} references were seen;",
        "# `cdkit pin-images` pins them, and then this can go: `mode: report`.",
        "pin-images:",
        "  check: true",
        "  mode: report",
    ]


def _migrations(world: World, seen: tuple[str, ...]) -> list[str]:
    """Return the section for migrations: each tool's, and folders of numbered SQL; else none.

    What lint-migrations finds by itself needs no path.
    """
    from cdkit.migrations.find import find, sources

    try:
        found, _ = find((), world)
    except CdkitError:
        found = ()
    known = {posixpath.dirname(each.path) for one in found for each in one.project.migrations}
    known |= {posixpath.dirname(path) for one in found for path in one.project.downs}
    numbered = {posixpath.dirname(path) for path in seen if _MIGRATION.search(path)} - {""}
    more = sorted(numbered - known)
    if not found and not more:
        return []
    paths = [*(one.root for one in found), *more] if more else []
    lines = ["", "# Can the version that runs in production live with the new schema?"]
    lines += [f"# {one.root}: {sources()[one.source].title}" for one in found]
    lines += ["lint-migrations:"]
    lines += [f"  paths: [{', '.join(json.dumps(path) for path in paths[:5])}]"] if paths else []
    lines += _server({one.project.engine for one in found} - {""})
    return [*lines, "  against: production"]


def _server(named: set[str]) -> list[str]:
    """Return the database, as the tools' own files name it; nothing where they differ."""
    from cdkit.migrations.server import DEFAULT, engines, server_of

    if len(named) > 1:
        return [f"  # each project says which database it is for: {', '.join(sorted(named))}"]
    try:
        engine = server_of(next(iter(named), DEFAULT)).engine
    except RequestError as fault:
        return [f"  # {fault.what}"]
    newest = ".".join(map(str, engines()[engine].versions[-1]))
    return [f'  server: "{engine}"  # with its version: "{engine}:{newest}"']


def _scan(seen: tuple[str, ...]) -> list[str]:
    """Return the section for scans: where findings are shown, who has answered for what."""
    lines = ["", "# Does the image carry known vulnerabilities?", "scan-image:", "  fail-on: high"]
    lines += [f"  layout: {json.dumps(path)}" for path in _layouts(seen)[:1]]
    files = [path for path in seen if posixpath.basename(path) in _DOCKERFILES]
    lines += [f"  dockerfile: {json.dumps(path)}" for path in files[:1]]
    lines += [f"  # there is {path} too" for path in files[1:4]]
    kept = [path for path in _EXCEPTIONS if path in seen]
    lines += [f"  exceptions: {json.dumps(path)}" for path in kept[:1]]
    vex = sorted(path for path in seen if _VEX.search(path))
    lines += [f"  vex: [{', '.join(json.dumps(path) for path in vex[:5])}]"] if vex else []
    lines += [
        f"  # {path} is not read: docs/coming-from-scanners.md says how to take it over"
        for path in seen
        if posixpath.basename(path) in _OTHERS
    ]
    lines += ["  # what production runs already goes on a clock, as soon as the records know of it"]
    return lines


def _reports(world: World, seen: tuple[str, ...]) -> list[str]:
    """Return the section for evidence: reports that are here, else where they usually are."""
    lines = ["", "# What was tested, on this very image?", "record-evidence:", "  reports:"]
    for kind, places in _REPORTS.items():
        here = [place for place in places if world.files.glob(place)]
        note = "" if here else "  # not seen yet: where will it be?"
        lines.append(f"    {kind}: {json.dumps((here or places)[0])}{note}")
    if any(path.endswith("pyproject.toml") for path in seen):
        lines.append("  # pytest writes the first with --junitxml=reports/junit.xml")
    return lines
