"""The inputs and outputs of scan-image."""

from typing import Annotated, Literal

from msgspec import Meta

from cdkit.core.step import Options, Outputs, option
from cdkit.scan.doubts import ACCEPTABLE

Severe = Literal["low", "medium", "high", "critical"]
Look = Literal["vulnerabilities", "secrets", "misconfigurations", "licenses"]

OF_ONE_IMAGE = frozenset({"cosign-vuln", "cyclonedx", "gitlab", "spdx"})
"""Report formats that are made of one image's fact (cdkit/report/scans)."""


class ScanImageOptions(Options, frozen=True, kw_only=True):
    """The inputs of scan-image."""

    image: Annotated[
        str,
        option("The image, by digest: `repository@sha256:…`.", shared=True),
    ] = ""
    layout: Annotated[
        str,
        option("An OCI image layout (folder or tar file) that holds the image.", metavar="PATH"),
    ] = ""
    archive: Annotated[
        str,
        option("An image as `docker save` or `podman save` wrote it (tar).", metavar="FILE"),
    ] = ""
    local: Annotated[
        str, option("An image that the container engine of this machine holds, by name or ID.")
    ] = ""
    rootfs: Annotated[
        str, option("An unpacked root file system: it has no digest, so no fact is left.")
    ] = ""
    sbom: Annotated[
        str,
        option("A CycloneDX or SPDX document that lists what is in an image.", metavar="FILE"),
    ] = ""
    platform: Annotated[
        str,
        option("Judge this platform alone, `linux/amd64`; by default each one in the index."),
    ] = ""
    reports: Annotated[
        tuple[str, ...],
        option(
            "A report that was made already, of any scanner in docs/scanners.md; one for each "
            "platform, or several scanners' of one.",
            flag="--report",
            metavar="FILE",
        ),
    ] = ()
    recorded: Annotated[
        tuple[str, ...],
        option(
            "A recorded report with its sidecar: it counts in a replay, `cdkit run --at`, only.",
            metavar="FILE",
        ),
    ] = ()
    scanner: Annotated[
        str,
        option(
            "Which scanner is run: `trivy`, `grype`, any that docs/scanners.md has a program of; "
            "`none`: reports only."
        ),
    ] = "trivy"
    by: Annotated[
        Literal["auto", "docker", "podman", "program"],
        option(
            "How it is run: in a container of Docker's or podman's, or as the program on this "
            "machine's PATH; `auto`: Docker, else the program where no `scanner-image` is named."
        ),
    ] = "auto"
    server: Annotated[
        str, option("The address of a Trivy server that judges, `http://trivy:4954`.")
    ] = ""
    scanner_image: Annotated[
        str,
        option(
            "The scanner's image, by digest or by the engine's ID. By default the release in "
            "docs/scanners.md."
        ),
    ] = ""
    database: Annotated[
        str,
        option(
            "The scanner's cache folder with its database in it (`--fetch-db` fills Trivy's, "
            "`GRYPE_DB_CACHE_DIR=DIR grype db update` Grype's): nothing is fetched. For a report "
            "that was made already: where its database's date is read.",
            flag="--db",
            metavar="DIR",
        ),
    ] = ""
    fetch_db: Annotated[
        str,
        option(
            "Only fetch the scanner's database into this folder, for `--db`; no scanner and no "
            "engine is needed.",
            metavar="DIR",
        ),
    ] = ""
    db_repositories: Annotated[
        tuple[str, ...],
        option(
            "Where the database is fetched from, `registry.example.com/mirror/trivy-db:2`: the "
            "first that answers. By default the scanner's own places.",
            flag="--db-repository",
        ),
    ] = ()
    timeout: Annotated[int, option("Seconds that the scan of one platform may take.")] = 300
    memory: Annotated[int, option("MiB of memory that the scanner's container may use.")] = 4096
    dockerfile: Annotated[
        str,
        option(
            "The Dockerfile that findings are shown in; by default `Dockerfile`, where there is "
            "one.",
            metavar="FILE",
        ),
    ] = ""
    look_for: Annotated[
        tuple[Look, ...],
        option("What to look for; vulnerabilities always are. Each has a threshold of its own."),
    ] = ("vulnerabilities",)
    fail_on: Annotated[
        Severe,
        option("The severity from which on a vulnerability says no."),
    ] = "high"
    thresholds: Annotated[
        dict[str, str],
        option(
            "A severity (or `never`) for a part: `os`, `library`, `secret`, `misconfiguration`, "
            "`license`, `path:GLOB`, `purl:GLOB`; the narrowest counts.",
            flag="--threshold",
            metavar="SCOPE=SEVERITY",
        ),
    ] = {}  # noqa: RUF012 - a struct copies it
    fixed_only: Annotated[
        bool, option("Count only what a new version mends; the rest is shown.")
    ] = False
    fail_on_cvss: Annotated[
        float, option("A CVSS base score from which on it says no too; 0: it does not count.")
    ] = 0.0
    fail_on_epss: Annotated[
        float,
        option("An EPSS probability (0 to 1) from which on it says no too; 0: it does not count."),
    ] = 0.0
    fail_on_kev: Annotated[
        bool, option("What CISA's catalogue names as exploited says no, however severe.")
    ] = False
    epss: Annotated[
        str, option("EPSS scores as FIRST gives them (CSV, also packed).", metavar="FILE")
    ] = ""
    kev: Annotated[
        str, option("CISA's catalogue of known exploited vulnerabilities (JSON).", metavar="FILE")
    ] = ""
    grace: Annotated[
        dict[str, str],
        option(
            "Days since its publication in which a vulnerability does not say no yet.",
            metavar="SEVERITY=DAYS",
        ),
    ] = {}  # noqa: RUF012 - a struct copies it
    new_since: Annotated[
        str,
        option(
            "An environment: what it runs already goes on the clock, only what is new says no at "
            "once. By default `production`, once something is deployed there; `none`: all counts.",
            metavar="ENVIRONMENT",
        ),
    ] = ""
    service: Annotated[
        str, option("Whose deployments count, where several services run there.")
    ] = ""
    clock: Annotated[
        dict[str, str],
        option(
            "Days in which a vulnerability of what runs already must be mended. By default "
            "critical=7, high=30, medium=90, low=180.",
            metavar="SEVERITY=DAYS",
        ),
    ] = {}  # noqa: RUF012 - a struct copies it
    watch_list: Annotated[
        bool,
        option("Scan what is deployed, by the records, instead of one image."),
    ] = False
    exceptions: Annotated[
        str,
        option(
            "Vulnerabilities that somebody answers for: a YAML file of id, reason, owner, expires. "
            "In a pull request it counts as it stands on the target branch.",
            metavar="FILE",
        ),
    ] = ""
    vex: Annotated[
        tuple[str, ...],
        option(
            "What a vendor or you say of vulnerabilities: OpenVEX, CycloneDX VEX or CSAF. In a "
            "pull request it counts as it stands on the target branch.",
            metavar="FILE",
        ),
    ] = ()
    accept: Annotated[
        tuple[str, ...],
        option(f"A doubt that you take on yourself: {', '.join(ACCEPTABLE)}.", metavar="DOUBT"),
    ] = ()
    warn_after: Annotated[int, option("Days after which an old database is warned of.")] = 5
    stale_after: Annotated[
        int, option("Days after which an old database, or report, is no longer believed.")
    ] = 14


class ScanImageOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of scan-image: what was found and is not covered by an exception."""

    image: Annotated[str, Meta(description="`repository@digest` of what was scanned.")] = ""
    critical: Annotated[str, Meta(description="How many critical vulnerabilities.")] = ""
    high: Annotated[str, Meta(description="How many high ones.")] = ""
    medium: Annotated[str, Meta(description="How many medium ones.")] = ""
    low: Annotated[str, Meta(description="How many low ones.")] = ""
    unknown: Annotated[str, Meta(description="How many whose severity nobody said.")] = ""
    new: Annotated[str, Meta(description="How many that what is deployed does not have.")] = ""
    clocked: Annotated[
        str, Meta(description="How many that what is deployed has, within their days.")
    ] = ""
    overdue: Annotated[str, Meta(description="How many whose days have run out.")] = ""
    suppressed: Annotated[str, Meta(description="How many an exception or a VEX covers.")] = ""
    packages: Annotated[str, Meta(description="How many packages were looked at.")] = ""
