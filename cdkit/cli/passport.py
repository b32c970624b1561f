"""`cdkit passport`: all that the records know of an image, as one page for people."""

import sys

import click

from cdkit.cli.moment import moment
from cdkit.cli.session import open_session
from cdkit.cli.told import unreadable
from cdkit.report.passport.page import passport
from cdkit.steps.dossier import gather


@click.command("passport", short_help="Write all that is known of an image as one HTML page.")
@click.argument("image", envvar="CDKIT_IMAGE")
@click.option(
    "--records",
    default=".cdkit/records",
    envvar="CDKIT_RECORDS",
    metavar="DIR",
    help="Where the facts are. [default: .cdkit/records]",
)
@click.option(
    "--output",
    default="passport.html",
    metavar="FILE",
    help="Where the page goes, `-` for standard output. [default: passport.html]",
)
@click.option("--at", metavar="TIME", help="Look back: only what was recorded until this time.")
def COMMAND(image: str, records: str, output: str, at: str | None) -> int:  # noqa: N802 - the constant that the table loads
    """Write all that the records know of an image as one HTML page.

    The image is named as `repository@sha256:…`, or by its digest alone. The page needs no network:
    keep it with the release, open it from a CI artifact, print it. Exits 3 where no record speaks
    of the image, and 4 where one cannot be read: the page then says which.
    """
    world = open_session(at=moment(at) if at else None).world
    dossier = gather(image, records, world)
    page = passport(dossier)
    if output == "-":
        sys.stdout.buffer.write(page.encode())
    else:
        world.files.write(output, page.encode())
        print(output)
    return unreadable(dossier.unreadable)
