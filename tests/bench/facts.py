"""What reading a thousand facts costs, bare and signed, beside what nobody can save."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cdkit.core.digest import sha256
from cdkit.core.documents.envelope import open_envelope
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.trust import Verifier
from cdkit.evidence.signing.keys import open_key
from cdkit.evidence.store import open_store
from tests.bench.measure import show
from tests.evidence.doubles import IMAGE_KEY, SUBJECT, evidence
from tests.evidence.signing.keys import pem, private, verifier
from tests.worlds import world

NUMBER = 1000
RUNS = 11
KEYS = frozenset({IMAGE_KEY})


def facts(folder: Path) -> int:
    """Read facts from a folder: under 100 ms bare, and signed at what the signatures cost."""
    outside = world(folder, environ={"CDKIT_SIGNING_KEY": pem("p256")})
    sign = open_key(outside).sign
    bare = [encode_statement(state(evidence(job=str(n)), SUBJECT)) for n in range(NUMBER)]
    signed = [sign(data) for data in bare]
    _fill(folder / "bare", bare)
    _fill(folder / "signed", signed)
    key, how = private("p256").public_key(), ec.ECDSA(hashes.SHA256())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    opened = [one for one in (open_envelope(data, where="") for data in signed) if one]
    pairs = [(one.signatures[0].sig, one.signed) for one in opened]

    def read(name: str, check: Verifier | None = None) -> None:
        found = open_store(name, outside, verifier=check).about(KEYS)
        assert len(found.facts) == NUMBER

    check = verifier()
    rounds = [
        (
            _seconds(lambda: read("bare")),
            _seconds(lambda: read("signed", check)) - _seconds(lambda: read("signed")),
            _seconds(lambda: [key.verify(sig, data, how) for sig, data in pairs]),
        )
        for _ in range(RUNS)
    ]
    milliseconds = 1000 * statistics.median(one for one, _, _ in rounds)
    ratio = statistics.median(ours / least for _, ours, least in rounds)
    missed = show("milliseconds to read 1,000 facts", milliseconds, 100)
    return missed + show("checking 1,000 signatures / the verifications alone", ratio, 1.2)


def _fill(folder: Path, records: list[bytes]) -> None:
    place = folder / "subjects" / "sha256" / IMAGE_KEY.partition(":")[2]
    place.mkdir(parents=True)
    for data in records:
        (place / f"{sha256(data).encoded}.json").write_bytes(data)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
