"""Amazon ECR: the repository's `imageTagMutability`, with the tags that are excluded from it.

docs.aws.amazon.com, AmazonECR API Reference: DescribeRepositories, Repository,
ImageTagMutabilityExclusionFilter (wildcards of `[0-9a-zA-Z._*-]{1,128}`, in which `*` stands for
any characters).
"""

from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.oci.cloud import ECR_HOST
from cdkit.core.oci.reference import Reference
from cdkit.core.world import Completed, World
from cdkit.image.pushed.registries._asking import decode
from cdkit.image.pushed.registries._patterns import wildcard
from cdkit.image.pushed.setting import RegistryKind, Setting, immutable, mutable

_EXCLUDED = {"IMMUTABLE_WITH_EXCLUSION": "MUTABLE", "MUTABLE_WITH_EXCLUSION": "IMMUTABLE"}
_TIMEOUT = 10.0
_API = "aws ecr describe-repositories"


class _Filter(Struct, frozen=True, kw_only=True, rename="camel"):
    filter: str
    filter_type: str


class _Repository(Struct, frozen=True, kw_only=True, rename="camel"):
    repository_name: str
    image_tag_mutability: str
    image_tag_mutability_exclusion_filters: tuple[_Filter, ...] = ()


class _Repositories(Struct, frozen=True, kw_only=True):
    repositories: tuple[_Repository, ...]


def claims(reference: Reference) -> bool:
    """Whether the host is one of a private ECR registry."""
    return ECR_HOST.fullmatch(reference.registry) is not None


def immutability(reference: Reference, world: World) -> Setting:
    """Ask the AWS command line, which has the login that the job has."""
    found = decode(_described(reference, world), _Repositories, api=_API)
    for repository in found.repositories:
        if repository.repository_name == reference.repository:
            return _setting(repository, reference.tag)
    raise CannotTell(
        f"{_API} says nothing of {reference.repository}", remedy="check the account and region"
    )


def _described(reference: Reference, world: World) -> bytes:
    host = ECR_HOST.fullmatch(reference.registry)
    if host is None or world.processes.which("aws") is None:
        raise CannotTell(
            "ECR's setting is read with the command `aws`, which is not installed",
            remedy="install the AWS CLI in this job",
        )
    argv = ["aws", "ecr", "describe-repositories", "--registry-id", host["account"]]
    argv += ["--repository-names", reference.repository, "--region", host["region"]]
    done = world.processes.run([*argv, "--output", "json"], timeout=_TIMEOUT)
    if done.code != 0:
        raise CannotTell(
            f"{_API} ended with {done.code}: {_last_line(done)}",
            remedy="let the job's role do ecr:DescribeRepositories",
        )
    return done.stdout


def _last_line(done: Completed) -> str:
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "it said nothing")


def _setting(repository: _Repository, tag: str) -> Setting:
    mode = repository.image_tag_mutability
    excluded = [one.filter for one in _filters(repository) if wildcard(one.filter, tag)]
    why = f"ECR: imageTagMutability is {mode}"
    if mode in _EXCLUDED:
        why += f"; {excluded[0]!r} excludes {tag}" if excluded else f"; no filter excludes {tag}"
    kept = _EXCLUDED[mode] if excluded and mode in _EXCLUDED else mode.partition("_")[0]
    if kept == "IMMUTABLE":
        return immutable(why)
    return mutable(why)


def _filters(repository: _Repository) -> tuple[_Filter, ...]:
    """Return the filters; CannotTell for a mode or a filter that nobody knew in 2026."""
    mode = repository.image_tag_mutability
    filters = repository.image_tag_mutability_exclusion_filters
    if mode not in {"MUTABLE", "IMMUTABLE", *_EXCLUDED} or any(
        one.filter_type != "WILDCARD" for one in filters
    ):
        raise CannotTell(
            f"ECR's mode {mode[:80]!r}, or a filter of it, is one that cdkit does not know",
            remedy="use a newer cdkit",
        )
    return filters


REGISTRY = RegistryKind(name="Amazon ECR", claims=claims, immutability=immutability)
