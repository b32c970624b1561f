"""One try to ask a host: what is sent, and how each way to fail is put."""

import re
from socket import EAI_NONAME, gaierror

from msgspec import Struct

from cdkit.core.errors import CannotTell, Failing, NoAnswer, NoHost

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|wrong version number")
"""How OpenSSL's releases put that what came is no TLS, but mostly plain HTTP."""


class Sent(Struct, frozen=True, kw_only=True):
    """A request: its address whole, and taken apart.

    `place` is the host with its port, `target` the path with the query.
    """

    method: str
    url: str
    scheme: str
    host: str
    port: int
    place: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows whether it has arrived (RFC 9110, 9.2)."""
        return self.method in _REPEATABLE


class CutOff(Failing):
    """An answer that began and did not end: the same may work a moment later."""


def cut_off(host: str, fault: str) -> CutOff:
    """Say that an answer ended before its end."""
    return CutOff(
        f"{host} cut its answer short ({fault})",
        remedy="try again; look for a proxy in between that cuts answers",
    )


def packed(host: str) -> CannotTell:
    """Say that an answer is compressed: its size would be no bound for what it holds."""
    return CannotTell(
        f"{host} packed its answer, though it was asked not to",
        remedy="ask its operator, or go past the proxy in between",
    )


def too_large(host: str, limit: int) -> CannotTell:
    """Say that an answer held more than anybody here would read."""
    return CannotTell(f"{host} answered with over {limit} bytes", remedy="check the address")


def uncertain(host: str) -> CannotTell:
    """Say that two readers would see an answer end in two places."""
    return CannotTell(
        f"{host} does not say clearly where its answer ends",
        remedy="look for a proxy in between that changes answers, or tell the host's operator",
    )


def unended(host: str) -> NoAnswer:
    """Say that an answer began, and went on too long."""
    return NoAnswer(f"{host} did not end its answer in time", remedy="give it more time")


def too_late(host: str) -> NoAnswer:
    """Say that none came in time."""
    return NoAnswer(f"{host} did not answer in time", remedy="try again, or check the network")


def untrusted(host: str, fault: Exception) -> CannotTell:
    """Say what is wrong with a host's TLS."""
    if _NO_TLS.search(str(fault)):
        return CannotTell(
            f"{host} speaks no TLS there",
            remedy="check the port; plain HTTP is spoken on loopback, and to registries that "
            "registries.conf calls insecure",
        )
    return CannotTell(
        f"{host} has no certificate that this machine trusts",
        remedy="check the host's name; name a company's own CA in REQUESTS_CA_BUNDLE",
    )


def no_bundle(host: str) -> CannotTell:
    """Say that the certificates to trust are not where the environment says."""
    return CannotTell(
        f"{host} cannot be trusted: REQUESTS_CA_BUNDLE names no file of certificates",
        remedy="mend its path, or unset it",
    )


def unreached(host: str, fault: Exception) -> NoAnswer:
    """Say that nobody answers there."""
    unknown = isinstance(fault, gaierror) and fault.errno == EAI_NONAME
    return (NoHost if unknown else NoAnswer)(
        f"{host} cannot be reached ({type(fault).__name__})",
        remedy="check the address and the network, and try again",
    )
