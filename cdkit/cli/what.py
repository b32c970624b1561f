"""`cdkit what`: what runs in an environment."""

import click

from cdkit.cli.listing import FORMATS, listing
from cdkit.cli.session import open_session
from cdkit.cli.told import unreadable
from cdkit.cli.where import COLUMNS, row
from cdkit.core.errors import NoInput
from cdkit.steps.deployed import deployed_in


@click.command("what", short_help="Say what runs in an environment.")
@click.argument("environment", default="production")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
@click.option("--format", "style", type=click.Choice(FORMATS), default="text")
def COMMAND(environment: str, records: str, style: str) -> int:  # noqa: N802 - the table loads it
    """Say what runs in an environment: the newest deployment of each service.

    Exits 3 where no record speaks of it, 4 where one cannot be read.
    """
    world = open_session().world
    told = deployed_in(environment, records, world)
    if told.deployments:
        print(listing(COLUMNS, map(row, told.deployments), style))
    if code := unreadable(told.unreadable):
        return code
    if not told.deployments:
        raise NoInput(
            f"no record says what runs in {environment[:80]!r}",
            remedy=f"record it: `cdkit emit-event --environment {environment[:80]} --image IMAGE`",
        )
    return 0
