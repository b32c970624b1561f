"""`cdkit passport`: one page with all that is known of an image."""

import click

from cdkit.cli.passporting import passport_of
from cdkit.cli.session import open_session
from cdkit.cli.told import unreadable
from cdkit.core.errors import NoInput
from cdkit.report.passport.page import page
from cdkit.steps.pinned import pinned_image


@click.command("passport", short_help="Write one page with all that is known of an image.")
@click.argument("image", envvar="CDKIT_IMAGE")
@click.option("--output", default="passport.html", show_default=True, metavar="FILE")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
def COMMAND(image: str, output: str, records: str) -> int:  # noqa: N802 - the table loads it
    """Write one page with all that is known of an image (`repository@sha256:…`).

    What it is, what was found out, what every gate decided and why, who approved and who let pass,
    where it was put, and how its numbers went over the releases. The page is one file without
    script, which asks for nothing: it opens from a CI artifact, and prints. Exits 3 where nothing
    is known of the image, 4 where a record cannot be read, which the page says too.
    """
    world = open_session().world
    reference, key, _ = pinned_image(image)
    known = passport_of(reference.pinned, key, records, world)
    if not known.facts and not known.unreadable:
        raise NoInput(
            f"nothing is known of {reference.pinned}",
            remedy="name the folder of its records: --records DIR",
        )
    world.files.write(output, page(known).encode("utf-8", "replace"))
    print(f"wrote {output}: {len(known.facts)} facts, {len(known.earlier)} releases before")
    return unreadable(known.unreadable)
