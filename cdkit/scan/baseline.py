"""What runs already: what is not new, and since when its time to be mended runs."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from cdkit.scan.key import package_of
from cdkit.scan.report import Vulnerability


class Baseline(Struct, frozen=True, kw_only=True):
    """What the records say of the image that is deployed.

    `environment` and `image` name it for people. With `everything` it is the very image that is
    scanned: nothing in it is new. `known` are the vulnerabilities that its scans
    knew, by key, with the day since when; `packages` what it is made of, at their versions;
    `scanned_at` when it was last scanned.
    """

    environment: str
    image: str
    known: Mapping[str, date]
    packages: frozenset[str]
    scanned_at: datetime
    everything: bool = False

    def since(self, key: str, found: Vulnerability, today: date) -> date | None:
        """Return since when what runs has this vulnerability; None where it is new.

        The rule, which no rebuild, new name or new version can lengthen:

        - What a scan of the deployed image knew keeps the day that it was first known.
        - What no scan knew, in a package that is deployed at this very version, became known
          after the last scan: on the day that it was published, but not before that scan. Without
          a day of publication it is known since today, and the record of this scan says so.
        - Anything else is new.
        """
        if key in self.known:
            return min(self.known[key], today)
        if not self.everything and package_of(found) not in self.packages:
            return None
        if found.published is None:
            return today
        published = found.published.date()
        return min(max(published, self.scanned_at.date()), today)

    def since_of_issue(self, key: str, today: date) -> date | None:
        """Return since when what runs has a secret, misconfiguration or licence; None where new."""
        if key in self.known:
            return min(self.known[key], today)
        return today if self.everything else None
