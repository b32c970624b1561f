"""`cdkit policy`: write admission policies that trust only the gate; look at a policy of ours."""

import json
import re

import click
import yaml
from msgspec import to_builtins

from cdkit.cli.session import open_session
from cdkit.core.errors import RequestError
from cdkit.gate.admission import KINDS, Trust, kyverno, sigstore

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)


@click.group("policy", short_help="Write admission policies that trust only the gate.")
def COMMAND() -> None:  # noqa: N802 - the constant that the table loads
    """Write admission policies that trust only the gate, and show what a policy asks."""


@COMMAND.command("export", short_help="Write an admission policy for a cluster.")
@click.option("--for", "kind", type=click.Choice(KINDS), default="kyverno", show_default=True)
@click.option(
    "--image", "images", multiple=True, required=True, metavar="GLOB", help="Which images."
)
@click.option("--stage", default="deployment", show_default=True, help="The stage of the gate.")
@click.option("--key", default="", metavar="FILE", help="The public key that the gate signs with.")
@click.option("--identity", default="", help="Who signs without a key: the workflow's identity.")
@click.option("--issuer", default="", help="Who vouches for that identity.")
@click.option("--break-glass", "forced", is_flag=True, help="What was forced may run as well.")
def export(
    kind: str,
    images: tuple[str, ...],
    stage: str,
    key: str,
    identity: str,
    issuer: str,
    forced: bool,  # noqa: FBT001 - a flag
) -> int:
    """Write an admission policy: only what the gate let in, and signed, may run.

    It asks for the verification summary that `cdkit check-gate --attach` leaves beside the image.
    """
    if bool(key) == bool(identity and issuer):
        raise RequestError(
            "nobody says who signs for the gate",
            where="policy export",
            remedy="give --key cosign.pub, or --identity and --issuer",
        )
    if not _STAGE.fullmatch(stage):
        raise RequestError(
            f"{stage[:80]!r} is no name of a stage", where="stage", remedy="name one"
        )
    world = open_session().world
    pem = world.files.read(key, limit=64 * 1024).decode("utf-8", "replace") if key else ""
    if pem and "PUBLIC KEY" not in pem:
        raise RequestError(
            "is no public key in PEM", where=key, remedy="`openssl pkey -pubout`; never the private"
        )
    trust = Trust(
        images=images, stage=stage, key=pem, identity=identity, issuer=issuer, forced=forced
    )
    made = kyverno(trust) if kind == "kyverno" else sigstore(trust)
    print(yaml.safe_dump(made, sort_keys=False, width=1000), end="")
    return 0


@COMMAND.command("show", short_help="Show what a policy asks, with all that it extends.")
@click.argument("policy", default="")
@click.option("--format", "style", type=click.Choice(("text", "json")), default="text")
def show(policy: str, style: str) -> int:
    """Show what a policy asks, stage by stage, with all that it extends.

    POLICY is what `check-gate --policy` takes; without one, what is built in.
    """
    from cdkit.gate.explain import asked
    from cdkit.gate.source import find_policy

    found = find_policy(policy, open_session().world)
    if style == "json":
        print(json.dumps(to_builtins(found.policy), indent=2))
        return 0
    print(f"{found.source.where} ({found.source.digest})")
    for stage in found.policy.stages:
        print(f"\n{stage.name}")
        for verb, wanted in (("to enter", stage.enter), ("to stay", stage.stay)):
            for one in wanted:
                print(f"  {verb}: {asked(stage.name, one).removesuffix(f' ({stage.name})')}")
    for doubt in found.doubts:
        print(f"\ncannot tell whether it counts: {doubt.what}; {doubt.remedy}")
    return 0
