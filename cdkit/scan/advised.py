"""What scanners other than Trivy have advisories for, where several readers need to know."""

GRYPE_FAMILIES = frozenset(
    {
        "alma", "almalinux", "alpine", "amazonlinux", "amzn", "arch", "azurelinux", "bitnami",
        "centos", "chainguard", "debian", "echo", "fedora", "mariner", "minimos", "ol",
        "oraclelinux", "photon", "redhat", "rhel", "rocky", "rockylinux", "sles", "ubuntu", "wolfi",
    }
)  # fmt: skip
"""Distributions that Grype has advisories for (grype documentation, "Supported sources")."""
