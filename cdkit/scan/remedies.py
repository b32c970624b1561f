"""What to do about each doubt of a scan, by its name: for the page of scanners and `explain`."""

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    "no-distribution": "Keep /etc/os-release in the image. FROM scratch or distroless without it: "
    "accept it, once the packages of the language are found.",
    "unknown-distribution": "Take a base image that the scanner knows, a newer release of the "
    "scanner, or another scanner beside it.",
    "ended-distribution": "Build on a release that its vendor still mends: nobody publishes what "
    "is found in this one.",
    "no-system-packages": "Keep the package database in the image (/lib/apk/db, /var/lib/dpkg, "
    "/var/lib/rpm): a build that deletes it hides every system package.",
    "unjudged-packages": "Give the report of a scanner that judges them too: `--report` takes "
    "several.",
    "unlisted-packages": "Give a report that lists packages beside it: Trivy's with "
    "`--list-all-pkgs`, or CycloneDX.",
    "not-looked-for": "Let cdkit run the scanner, with `--look-for` where it is more than "
    "vulnerabilities; or accept it, where you know that the report's scanner was told to look.",
    "unscanned-list": "Give the scanner's own report: an empty CycloneDX list is written whether "
    "anybody looked or not.",
    "foreign-list": "Scan the image itself. Accept it where you made the list yourself, of this "
    "digest.",
    "undated-database": "Name the scanner's cache folder with `--db`: the date stands in it.",
    "undated-report": "Let cdkit run the scanner, or give a format that says when it was made. "
    "Accept it where the same job made the report: the gate then takes it to be of now.",
    "untold-scores": "Give a report with scores beside it, Trivy's or Grype's; or leave "
    "`--fail-on-cvss` out. Accept it where the severity alone may decide.",
    "unknown-severity": "Look the vulnerability up; then upgrade, or record an exception for it. "
    "A second scanner often knows.",
    "no-packages": "Scan the image that you ship, not a stage before it; make reports of Trivy "
    "with `--list-all-pkgs`.",
    "stale-database": "Let the scanner fetch a new database; without a network fetch one "
    "elsewhere, `cdkit scan-image --fetch-db DIR`, and take it along.",
    "old-report": "Scan again: what was found since is not in it. From the future: set the clock.",
    "unnamed-image": "Give the scanner's own JSON, of a scan by digest. Accept it where you know "
    "that the report was made of this very image.",
    "other-image": "Scan this image by its digest. A rebuild is another image.",
    "unscanned-platform": "Give a report of that platform too, or judge one alone: `--platform`.",
    "unnamed-service": "Say whose it is: `--service NAME`, or `--image` beside the layout; or "
    "let `tag-image` record it before. `--new-since none`: all counts.",
    "recording": "Recordings count in a replay only, `cdkit run --at`: give `--report` or scan.",
    "untold-attacks": "Give FIRST's and CISA's files: `--epss FILE`, `--kev FILE`.",
    "stale-feed": "Fetch FIRST's or CISA's file again.",
    "cut-feed": "Fetch FIRST's file again, whole: it scores every CVE that is published. For one "
    "that was withdrawn since, record an exception.",
    "unscored-vulnerability": "Fetch a newer file: FIRST scores a CVE the day after it is "
    "published. One without a CVE never gets a score: record an exception, or accept it.",
}
