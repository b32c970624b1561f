"""GitHub's container registry, which has nothing against a tag that moves.

docs.github.com, "Working with the Container registry": a push moves a tag. Immutable releases are
about releases and their assets, not about images.
"""

from cdkit.core.oci.reference import Reference
from cdkit.core.world import World
from cdkit.image.pushed.setting import RegistryKind, Setting, mutable


def claims(reference: Reference) -> bool:
    """Whether it is GitHub's."""
    return reference.registry == "ghcr.io"


def immutability(reference: Reference, world: World) -> Setting:
    """Say that whoever may push may move the tag."""
    del reference, world
    return mutable("GitHub's registry has no setting that would keep a tag where it is")


REGISTRY = RegistryKind(name="GitHub Packages", claims=claims, immutability=immutability)
