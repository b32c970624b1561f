"""Where an image is asked for: the registry that its reference names, or a mirror of it."""

from urllib.parse import urlsplit

from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import DOCKER_HUB, Reference, host_of, is_loopback


class Place(Struct, frozen=True, kw_only=True):
    """A reference as one host knows it.

    `plain` allows plain HTTP, which else is spoken on loopback only; `mirror` says that this is not
    the registry which the user named.
    """

    reference: Reference
    plain: bool = False
    mirror: bool = False

    @property
    def base(self) -> str:
        """The address of the repository (distribution-spec: `/v2/<name>`)."""
        registry = self.reference.registry
        host = "registry-1.docker.io" if registry == DOCKER_HUB else registry
        scheme = "http" if self.plain or is_loopback(registry) else "https"
        return f"{scheme}://{host}/v2/{self.reference.repository}"

    @property
    def manifest(self) -> str:
        """The address of the manifest; CannotTell where the reference names none."""
        if not self.reference.digest and not self.reference.tag:
            raise CannotTell(
                f"{self.reference} names neither a tag nor a digest", remedy="give one of them"
            )
        return f"{self.base}/manifests/{self.reference.digest or self.reference.tag}"

    def may_lead_to(self, url: str) -> bool:
        """Whether this registry may send us to an address, for a token or by a redirect.

        That is https, without a login in it, and with a port that exists. Plain HTTP will do from
        loopback to loopback, and back to a host that is spoken to in plain HTTP already.
        """
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            parts.port  # noqa: B018 - raises ValueError where it is none
        except ValueError:
            return False
        registry = self.reference.registry
        may_be_plain = is_loopback(host) if is_loopback(registry) else False
        may_be_plain = may_be_plain or (self.plain and host == host_of(registry))
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and may_be_plain)
        return bool(host) and is_safe and "@" not in parts.netloc
