"""Checking the signatures under facts against those whom a policy trusts."""

from cdkit.core.errors import MissingExtra, RequestError
from cdkit.core.trust import Trust, Verifier, moment
from cdkit.core.world import World


def open_verifier(trust: Trust, *, where: str, world: World | None = None) -> Verifier:
    """Return what checks signatures for these signers; `where` is the file that names them.

    `world` is where CDKIT_SIGSTORE_CONFIG may name another Sigstore than the public one.
    Raises RequestError where a key, a time or a name in it is none, MissingExtra where the package
    that checks is not there.
    """
    signers = (*trust.keys, *trust.identities)
    names = [signer.name for signer in signers]
    if not all(names) or len(set(names)) < len(names):
        raise RequestError(
            "names a signer twice, or not at all", where=where, remedy="give each its own name"
        )
    for signer in signers:
        for text in filter(None, (signer.valid_from, signer.valid_until)):
            moment(text, where=where)
    try:
        from cdkit.evidence.signing._keyring import Keyring
    except ImportError as fault:
        raise MissingExtra("cryptography", "sign", wanted_by="checking signatures") from fault
    from cdkit.evidence.signing.keyless import open_sigstore

    return Keyring(trust, where=where, sigstore=lambda: open_sigstore(world))
