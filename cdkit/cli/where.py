"""`cdkit where`: where an image or a service runs."""

import click

from cdkit.cli.listing import FORMATS, listing
from cdkit.cli.session import open_session
from cdkit.cli.told import unreadable
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import NoInput
from cdkit.steps.deployed import deployed_anywhere

COLUMNS = ("environment", "service", "image", "since", "commit", "run")


@click.command("where", short_help="Say where an image or a service runs.")
@click.argument("name")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
@click.option("--format", "style", type=click.Choice(FORMATS), default="text")
def COMMAND(name: str, records: str, style: str) -> int:  # noqa: N802 - the table loads it
    """Say where an image (`repository@sha256:…`), a digest or a service runs.

    By the newest deployment of each service in each environment that the records know of. Exits 3
    where it runs nowhere, 4 where a record cannot be read.
    """
    world = open_session().world
    told = deployed_anywhere(records, world)
    found = [one for one in told.deployments if _is(one, name)]
    if found:
        print(listing(COLUMNS, map(row, found), style))
    if code := unreadable(told.unreadable):
        return code
    if not found:
        raise NoInput(
            f"no record says that {name[:120]!r} runs anywhere",
            remedy="`cdkit emit-event` records what is deployed; `cdkit what ENVIRONMENT` lists it",
        )
    return 0


def _is(deployment: Deployment, name: str) -> bool:
    repository, _, digest = deployment.image.rpartition("@")
    return name in {deployment.image, digest, deployment.service, repository}


def row(deployment: Deployment) -> tuple[str, ...]:
    """Return a deployment as cells."""
    origin = deployment.origin
    return (
        deployment.environment,
        deployment.service,
        deployment.image,
        origin.recorded_at,
        deployment.commit,
        origin.url or origin.run,
    )
