"""A user's credentials at a real NATS, whose operator and accounts are known by their keys."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from cdkit.events.cloudevents import CloudEvent
from cdkit.events.outbox import key_of
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.targets import SinkTable, resolve
from tests.events.places import envelope, world
from tests.parts import nats as nats_part

LIMITS = {
    **dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1),
    **dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1),
    "wildcards": True,
}
KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}


@dataclass(frozen=True)
class Identity:
    """Somebody with a key, by whose letters NATS knows him."""

    kind: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def name(self) -> str:
        return letters(bytes([KINDS[self.kind]]) + self.key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        kind = KINDS[self.kind]
        two = bytes([18 << 3 | kind >> 5, (kind & 31) << 3])
        return letters(two + self.key.private_bytes_raw())

    def vouch(self, other: Identity, **said: Any) -> str:  # noqa: ANN401 - claims of any kind
        """Return a token about another."""
        body: dict[str, Any] = {
            "iat": 1_700_000_000,
            "iss": self.name,
            "sub": other.name,
            "name": other.kind,
            "nats": {"type": other.kind, "version": 2, **said},
        }
        body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode()
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        text = ".".join(url_letters(json.dumps(part).encode()) for part in (head, body))
        return f"{text}.{url_letters(self.key.sign(text.encode()))}"


def letters(data: bytes) -> str:
    checked = data + binascii.crc_hqx(data, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")


def url_letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def credentials(token: str, seed: str) -> str:
    parts = (("NATS USER JWT", token), ("USER NKEY SEED", seed))
    return "\n".join(f"-----BEGIN {n}-----\n{it}\n------END {n}------\n" for n, it in parts)


def send(url: str, path: str, folder: Path, *events: CloudEvent) -> list[Receipt]:
    (target,) = resolve([SinkTable(type="nats", url=url, settings={"credentials": path})])
    parcels = [Parcel(event=e, key=key_of(e, "sink")) for e in events or (envelope("1"),)]
    return list(target.sink.send(parcels, target.options, world(folder)))


@pytest.mark.needs("nats")
def test_a_file_of_credentials_lets_us_in_and_a_wrong_one_holds_the_event(tmp_path: Path) -> None:
    kinds = ("operator", "account", "account", "user", "user")
    operator, system, account, user, other = map(Identity, kinds)
    token = account.vouch(user, subs=-1, data=-1, payload=-1)
    ours = operator.vouch(account, limits=LIMITS)
    (tmp_path / "mine.creds").write_text(credentials(token, user.seed))
    (tmp_path / "stolen.creds").write_text(credentials(token, other.seed))
    more = (
        f"operator: {operator.vouch(operator)}\nresolver: MEMORY\n"
        f"system_account: {system.name}\nresolver_preload: {{\n"
        f"{account.name}: {ours}\n{system.name}: {operator.vouch(system)}\n}}\n"
    )
    with nats_part.serving(tmp_path, more=more) as url:
        (early,) = send(url, "mine.creds", tmp_path)
        asyncio.run(_stream(url, token, user))
        huge = replace(envelope("2"), data=b" " * 5000)
        right = send(url, "mine.creds", tmp_path, envelope("1"), huge)
        (wrong,) = send(url, "stolen.creds", tmp_path)
    assert early.said == "no stream listens to this subject"
    assert [receipt.state for receipt in right] == ["delivered", "refused"]
    assert (wrong.state, "Authorization" in wrong.said) == ("held", True)


async def _stream(url: str, token: str, user: Identity) -> None:
    import nats

    connection = await nats.connect(
        url,
        user_jwt_cb=token.encode,
        signature_cb=lambda number: base64.b64encode(user.key.sign(number.encode())),
    )
    await connection.jetstream().add_stream(
        name="cdevents", subjects=["cdevents.>"], max_msg_size=4000
    )
    await connection.close()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "eyJ0.eyJ0.c2ln",
        credentials("", Identity("user").seed),
        credentials("eyJ0.eyJ0.c2ln", "SU"),
        credentials("eyJ0.eyJ0.c2ln", "SUA!"),
        credentials("eyJ0.eyJ0.c2ln", Identity("user").seed[:-1] + "1"),
        credentials("eyJ0.eyJ0.c2ln", Identity("account").seed),
        credentials("eyJ0.eyJ0.c2ln", Identity("user").name),
    ],
)
def test_a_file_without_credentials_holds_the_event(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "mine.creds").write_text(text)
    (receipt,) = send("nats://127.0.0.1:1", "mine.creds", tmp_path)
    assert receipt.state == "held"
    assert receipt.said.startswith("mine.creds")
