"""Logins of the clouds' own registries, from the clouds' own command lines."""

import json
import re
from collections.abc import Callable

from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.oci.authfile import Login
from cdkit.core.secret import Secret
from cdkit.core.world import World

_PATIENCE = 60
"""Seconds for a command line, which asks its cloud for a token."""

_WORD = re.compile(r"[!-~]+", re.ASCII)


def _az_token(out: str) -> str:
    """Return the token in what `az acr login --expose-token` prints as JSON."""
    found = json.loads(out)
    return str(found.get("accessToken", "")) if isinstance(found, dict) else ""


class Cloud(Struct, frozen=True, kw_only=True):
    """How a cloud's registries are logged in to.

    `hosts` matches a registry's whole host; in `command` stand the groups of it by name. `tokens`
    are variables that hold a token already.
    """

    hosts: re.Pattern[str]
    user: str
    tokens: tuple[str, ...] = ()
    command: tuple[str, ...]
    token: Callable[[str], str] = str.strip
    remedy: str


ECR_HOST = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]{2}[a-z0-9-]+)"
    r"\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.aws|on\.amazonwebservices\.com\.cn)",
    re.ASCII,
)
"""The hosts of Amazon's private registries, as amazon-ecr-credential-helper knows them: dual-stack
ones are dkr-ecr.<region>.on.aws, and the European cloud is amazonaws.eu."""

CLOUDS = (
    # docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    Cloud(
        hosts=ECR_HOST,
        user="AWS",
        command=("aws", "ecr", "get-login-password", "--region", "{region}"),
        remedy="give the job AWS credentials that may call ecr:GetAuthorizationToken",
    ),
    # docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html: one region for all.
    Cloud(
        hosts=re.compile(r"public\.ecr\.aws", re.ASCII),
        user="AWS",
        command=("aws", "ecr-public", "get-login-password", "--region", "us-east-1"),
        remedy="give the job AWS credentials that may call ecr-public:GetAuthorizationToken",
    ),
    # cloud.google.com/artifact-registry/docs/docker/authentication, "Access token". The first
    # variable is gcloud's own (property auth/access_token), the second Terraform's.
    Cloud(
        hosts=re.compile(r"[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io", re.ASCII),
        user="oauth2accesstoken",
        tokens=("CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"),
        command=("gcloud", "auth", "print-access-token"),
        remedy="log in with `gcloud auth login`, or give the job a service account",
    ),
    # learn.microsoft.com/azure/container-registry/container-registry-authentication, "az acr login
    # with --expose-token". What follows a hyphen is the label of Azure's, not the registry's name.
    Cloud(
        hosts=re.compile(r"(?P<name>[a-z0-9]+)(?:-[a-z0-9]+)?\.azurecr\.(?:io|cn|us)", re.ASCII),
        user="00000000-0000-0000-0000-000000000000",
        command=("az", "acr", "login", "--name", "{name}", "--expose-token", "--output", "json"),
        token=_az_token,
        remedy="log in with `az login`, as somebody with the role AcrPull",
    ),
)
"""Which registries belong to which cloud; each is tried only where no login is written down."""


def cloud_login(registry: str, world: World) -> Login | None:
    """Return the login that a cloud's command line gives for its registry.

    None where the registry is no cloud's, or the command line is not on the PATH. Raises
    CannotTell where it gives none; its output is never shown, since it may hold a token.
    """
    for cloud in CLOUDS:
        if match := cloud.hosts.fullmatch(registry.lower()):
            return _login(cloud, match, registry, world)
    return None


def _login(cloud: Cloud, match: re.Match[str], registry: str, world: World) -> Login | None:
    for name in cloud.tokens:
        if word := world.environ.get(name):
            return Login(user=cloud.user, password=Secret(word), source=name, handed=True)
    command = [part.format(**match.groupdict()) for part in cloud.command]
    program = world.processes.which(command[0])
    if program is None:
        return None
    done = world.processes.run([program, *command[1:]], timeout=_PATIENCE)
    word = _word(cloud, done.stdout) if done.code == 0 else ""
    if not word:
        why = f"exit code {done.code}" if done.code else "it printed no token"
        raise CannotTell(
            f"`{' '.join(command)}` gave no login for {registry} ({why})", remedy=cloud.remedy
        )
    said = " ".join(command[:3])
    return Login(user=cloud.user, password=Secret(word), source=said, handed=True)


def _word(cloud: Cloud, out: bytes) -> str:
    """Return the token that was printed; an empty string where it is none."""
    try:
        word = cloud.token(out.decode())
    except (ValueError, RecursionError):
        return ""
    return word if _WORD.fullmatch(word) else ""
