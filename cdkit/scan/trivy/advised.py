"""What Trivy has advisories for: what else it lists, it finds nothing in."""

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
