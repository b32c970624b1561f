"""Signing without a key of one's own, by Sigstore: its package does all of it.

The job's identity (GitHub's or GitLab's OIDC token) becomes a certificate of ten minutes, and the
certificate with the statement's hash an entry in a public log that forgets nothing
(docs.sigstore.dev, "Overview"). Verifying asks nobody: the log's promise is in the bundle.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from cdkit.core.documents.envelope import Envelope
from cdkit.core.errors import CannotTell, CdkitError, MissingExtra, Unreadable
from cdkit.core.trust import Identity
from cdkit.core.world import MIB, World

if TYPE_CHECKING:
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.verify import Verifier

T = TypeVar("T")

CONFIG_VARIABLE = "CDKIT_SIGSTORE_CONFIG"
"""A client trust configuration (JSON) of a Sigstore of one's own; without it: the public one."""


class NoIdentity(CannotTell):
    """The job has no OIDC token: nobody vouches for it."""


def open_keyless(world: World) -> "KeylessSigner":
    """Return who signs with the identity that the CI system vouches for.

    Raises NoIdentity where it vouches for none, MissingExtra where the package is missing.
    """
    try:
        from sigstore import oidc
    except ImportError as fault:
        raise _no_package() from fault
    found = _asked("the CI system's token", oidc.detect_credential)
    if not found:
        raise NoIdentity(
            "there is no identity to sign with: the CI system gave this job no OIDC token",
            where="sign",
            remedy="GitHub: `permissions: {id-token: write}`; GitLab: `id_tokens: "
            "{SIGSTORE_ID_TOKEN: {aud: sigstore}}`; or sign with a key",
        )
    token = _asked("the CI system's token", lambda: oidc.IdentityToken(found))
    return KeylessSigner(token, lambda: _signing_config(world))


class KeylessSigner:
    """Signs with a certificate for the job's identity."""

    def __init__(self, token: Any, config: "Callable[[], ClientTrustConfig]") -> None:  # noqa: ANN401 - of a library that an extra brings
        self._token = token
        self._config = config

    @property
    def name(self) -> str:
        """The identity that will stand in the certificate."""
        return str(self._token.identity)

    def sign(self, statement: bytes) -> bytes:
        """Return the bundle of a statement; CannotTell where Sigstore gives none."""
        from sigstore import dsse
        from sigstore.sign import SigningContext

        def signed() -> str:
            context = SigningContext.from_trust_config(self._config())
            with context.signer(self._token) as signer:
                return signer.sign_dsse(dsse.Statement(statement)).to_json()

        return _asked("Sigstore", signed).encode() + b"\n"


def open_sigstore(world: World | None = None) -> "Verifier":
    """Return Sigstore's own verifier, which asks nobody: its root is in the package, or is given.

    Raises MissingExtra where the package is missing, CannotTell where the root cannot be read.
    """
    try:
        from sigstore.verify import Verifier
    except ImportError as fault:
        raise _no_package() from fault
    config = _given_config(world) if world else None
    if config:
        return _asked("Sigstore's root", lambda: Verifier(trusted_root=config.trusted_root))
    return _asked("Sigstore's root", lambda: Verifier.production(offline=True))


def certified(
    envelope: Envelope,
    identities: tuple[Identity, ...],
    verifier: "Verifier",
    *,
    where: str,
    read: "Callable[[bytes], Bundle] | None" = None,
) -> tuple[str, ...]:
    """Return the name of the identity that Sigstore certified under an envelope.

    `read` is the package's own reader unless another is given. Raises Unreadable where it is none
    of them, or where the bundle does not hold what it claims.
    """
    from sigstore.models import Bundle
    from sigstore.verify import policy

    bundle = _read(where, lambda: (read or Bundle.from_json)(envelope.bundle))
    said = "the policy names no identity"
    for identity in identities:
        wanted = policy.Identity(identity=identity.identity, issuer=identity.issuer)
        try:
            kind, payload = verifier.verify_dsse(bundle, wanted)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is no yes
            said = f"{type(fault).__name__}: {str(fault)[:300]}"
            continue
        if (kind, payload) == (envelope.payload_type, envelope.payload):
            return (identity.name,)
        said = "it signs another payload"
    raise Unreadable(
        f"is signed by nobody known to the policy ({said})",
        where=where,
        remedy="name the identity and its issuer in the policy, as `cosign verify-attestation` "
        "prints them",
    )


def _signing_config(world: World) -> "ClientTrustConfig":
    from sigstore.models import ClientTrustConfig

    return _given_config(world) or ClientTrustConfig.production()


def _given_config(world: World) -> "ClientTrustConfig | None":
    """Return the Sigstore that the environment names, if it names one."""
    from sigstore.models import ClientTrustConfig

    path = world.environ.get(CONFIG_VARIABLE)
    if not path:
        return None
    text = world.files.read(path, limit=MIB).decode("utf-8", "replace")
    return _asked(path, lambda: ClientTrustConfig.from_json(text))


def _asked(whom: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except CdkitError:
        raise
    except Exception as fault:
        raise CannotTell(
            f"{whom} gives no answer: {type(fault).__name__}: {str(fault)[:300]}",
            remedy="try again; where the job cannot reach Sigstore, sign with a key",
        ) from fault


def _read(where: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception as fault:
        raise Unreadable(
            f"is no bundle that Sigstore reads: {str(fault)[:200]}",
            where=where,
            remedy="let the step that signed it run again",
        ) from fault


def _no_package() -> MissingExtra:
    return MissingExtra("sigstore", "sigstore", wanted_by="signing without a key")
