"""What Trivy has advisories for: what else it lists, it finds nothing in."""

from cdkit.scan.advised import numbers_of

# The families that Trivy has advisories for (trivy, pkg/detector/ospkg/detect.go, "drivers", with
# the older names of pkg/fanal/types/const.go). It lists the packages of others, such as fedora,
# and finds nothing in them.
JUDGED_FAMILIES = frozenset(
    {
        "alma", "alpine", "amazon", "azurelinux", "bottlerocket", "cbl-mariner", "centos",
        "chainguard", "coreos", "debian", "echo", "minimos", "opensuse-leap",
        "opensuse-tumbleweed", "opensuse.leap", "opensuse.tumbleweed", "oracle", "photon",
        "redhat", "rocky", "slem", "sles", "suse linux enterprise micro",
        "suse linux enterprise server", "ubuntu", "wolfi",
    }
)  # fmt: skip

# The newest release of each family that Trivy 0.68 knows: asked of a real 0.68.2, which finds
# nothing in a newer one, warns that it "is not on the EOL list", and says no word of that in its
# report. What rolls has no releases; Amazon's unknown ones are said to have ended.
_NEWEST = {
    "alma": (10,), "alpine": (3, 22), "azurelinux": (3,), "cbl-mariner": (2,), "centos": (8,),
    "debian": (13,), "opensuse-leap": (16,), "oracle": (9,), "photon": (5,), "redhat": (10,),
    "rocky": (9,), "ubuntu": (25, 4),
}  # fmt: skip

UNWARNED_FAMILIES = frozenset({"azurelinux", "cbl-mariner"})
"""Families of which a release that Trivy does not know is not even warned of."""

# The kinds of libraries that it has advisories for (trivy, pkg/detector/library/driver.go,
# NewDriver). It lists conda packages and others for an SBOM, and finds nothing in them.
JUDGED_TYPES = frozenset(
    {
        "bitnami", "bun", "bundler", "cargo", "cocoapods", "composer", "composer-vendor", "conan",
        "dotnet-core", "gemspec", "gobinary", "gomod", "gradle", "hex", "jar", "javascript",
        "kubernetes", "node-pkg", "npm", "nuget", "packages-props", "pip", "pipenv", "pnpm",
        "poetry", "pom", "pub", "python-pkg", "rustbinary", "sbt", "swift", "uv", "yarn",
    }
)  # fmt: skip


_ASKED = (0, 68)
"""The Trivy that was asked which releases it knows: what a newer one knows is not known here."""


def is_known_release(family: str, version: str, trivy: str) -> bool:
    """Whether Trivy knows a release of a distribution, as far as can be told from outside.

    `trivy` is the version of it that reports, empty where it does not say: older ones do not.
    """
    newest = _NEWEST.get(family)
    if newest is None or numbers_of(trivy)[: len(_ASKED)] > _ASKED:
        return True
    return numbers_of(version)[: len(newest)] <= newest
