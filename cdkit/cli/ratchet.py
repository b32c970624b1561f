"""`cdkit ratchet`: tighten a policy to what the last releases reached."""

import click

from cdkit.cli.exits import Exit
from cdkit.cli.session import open_session
from cdkit.core.errors import NoInput
from cdkit.evidence.store import open_store
from cdkit.gate.ratchet import turned, turns
from cdkit.steps.gate_facts import last_releases
from cdkit.steps.pinned import pinned_image


@click.command("ratchet", short_help="Tighten a policy to what the last releases reached.")
@click.argument("policy", default="policy.yaml")
@click.option("--image", "images", multiple=True, help="What these reached, repository@sha256:….")
@click.option("--environment", default="production", help="What was deployed here reached it.")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where it can be tightened.")
def COMMAND(  # noqa: N802 - the constant that the table loads
    policy: str,
    images: tuple[str, ...],
    environment: str,
    records: str,
    check: bool,  # noqa: FBT001 - a flag
) -> int:
    """Tighten the numbers of a policy file to what each of the last releases reached.

    `at-least` goes up and `at-most` down, never back; nothing else in the file changes. The
    releases are these images, or the last ten that were deployed to the environment.
    """
    world = open_session().world
    named = tuple(pinned_image(image)[0].pinned for image in images)
    releases = last_releases(environment, named, open_store(records, world), world)
    if not releases:
        raise NoInput(
            f"no record says what was deployed to {environment[:80]!r}",
            remedy="name images that have facts: --image repository@sha256:…",
        )
    data = world.files.read(policy)
    found = turns(data, releases, world.clock.now(), where=policy)
    for turn in found:
        print(f"{policy}:{turn.line}: {turn}")
    if not found:
        print(f"{policy} is as tight as the last {len(releases)} releases allow")
        return 0
    if check:
        return int(Exit.NO)
    world.files.rewrite(policy, turned(data, found))
    return 0
