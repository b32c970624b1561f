"""What the tests of the registry client share: a world with a login, and a scripted registry."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.oci import media
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.world import Processes, World
from tests.core.serving import Answer, Asked, Script, Server
from tests.image.layouts import Layout
from tests.worlds import StandingClock, world

UNKNOWN = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})


def outside(
    tmp_path: Path,
    processes: Processes | None = None,
    *,
    clock: StandingClock | None = None,
    **environ: str,
) -> World:
    """A world whose home is the folder and whose HTTP is real."""
    home = {"HOME": str(tmp_path), **environ}
    clock = clock or StandingClock()
    around = world(tmp_path, environ=home, http=RequestsHttp(clock), processes=processes)
    return dataclasses.replace(around, clock=clock)


def log_in(tmp_path: Path, address: str, user: str, password: str) -> None:
    """Leave a login as `docker login` does."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    write_auths(tmp_path, {address: {"auth": auth}})


def write_auths(tmp_path: Path, auths: Mapping[str, object]) -> None:
    """Write a config.json of docker's with these logins."""
    (tmp_path / ".docker").mkdir(exist_ok=True)
    (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": auths}))


def digest_of(data: bytes) -> str:
    """The digest of these bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def serves(layout: Layout, root: str, *, header: bool = True) -> Script:
    """A registry that holds a layout's blobs under any name, and its root under the tag v1."""
    manifests = {digest_of(data): data for data in layout.blobs.values()}

    def script(asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        data = manifests.get(root if name == "v1" else name)
        if data is None:
            return Answer(404, {}, UNKNOWN.encode())
        kind = media.OCI_INDEX if b'"manifests"' in data else media.OCI_MANIFEST
        headers = {"Content-Type": kind}
        if header:
            headers["Docker-Content-Digest"] = digest_of(data)
        return Answer(200, headers, data)

    return script


def behind_token(
    server_url: Callable[[], str], layout: Layout, index: str, token: Mapping[str, object]
) -> Script:
    """A registry that wants the token `t0ken`, and its token server, which gives this answer."""
    served = serves(layout, index)

    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(200, {}, json.dumps(token).encode())
        if asked.headers.get("authorization") == "Bearer t0ken":
            return served(asked)
        challenge = (
            f'Bearer realm="{server_url()}/token",service="reg",scope="repository:team/app:pull"'
        )
        return Answer(401, {"WWW-Authenticate": challenge})

    return script


def ref(server: Server, rest: str = ":v1") -> Reference:
    """The reference of team/app on a server."""
    return parse(f"{server.address}/team/app{rest}")


def push_layout(layout: Path, reference: str) -> None:
    """Push a layout's image v1 by skopeo, as it is."""
    command = ["skopeo", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false"]
    subprocess.run(
        [*command, "--insecure-policy", f"oci:{layout}:v1", f"docker://{reference}"],
        check=True,
        capture_output=True,
    )
