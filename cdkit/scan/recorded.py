"""A scan that was recorded: the report, and the sidecar that says of which bytes and when."""

from datetime import datetime

import msgspec
from msgspec import Struct

from cdkit.core.digest import sha256
from cdkit.core.documents.kinds import Database
from cdkit.core.errors import Unreadable
from cdkit.core.oci.image import Image
from cdkit.core.world import MIB, Files

REPORT_LIMIT = 512 * MIB
_KIND = "recorded-scan"


class _Scanner(Struct, frozen=True, kw_only=True):
    name: str
    version: str


class _Database(Struct, frozen=True, kw_only=True):
    updated_at: str
    version: int | str = ""


class _Sidecar(Struct, frozen=True, kw_only=True):
    kind: str
    version: int
    manifest_digest: str
    config_digest: str
    report_sha256: str
    recorded_at: datetime
    scanner: _Scanner
    database: _Database


class Recording(Struct, frozen=True, kw_only=True):
    """A recorded report whose sidecar was checked against it and against the image."""

    report: bytes
    config_digest: str
    recorded_at: datetime
    scanner: str
    scanner_version: str
    database: Database


def sidecar_path(path: str) -> str:
    """Return where the sidecar of a recorded report stands: `trivy.json`, `trivy.sidecar.json`."""
    return f"{path.removesuffix('.json')}.sidecar.json"


def read_recording(path: str, image: Image, files: Files) -> Recording:
    """Read a recorded report and its sidecar.

    Raises Missing where either is not there, and Unreadable where the sidecar is none, where the
    report is not the one that was recorded, or where it was recorded of another image.
    """
    sidecar = _read_sidecar(sidecar_path(path), files)
    report = files.read(path, limit=REPORT_LIMIT)
    if sha256(report).encoded != sidecar.report_sha256:
        raise _wrong("is not the report that was recorded: its bytes have changed", path)
    if sidecar.manifest_digest not in image.digests():
        raise _wrong(f"was recorded of {sidecar.manifest_digest}, not of {image.digest}", path)
    if sidecar.config_digest not in {str(part.config_digest) for part in image.platforms}:
        raise _wrong(f"was recorded of another config ({sidecar.config_digest})", path)
    return Recording(
        report=report,
        config_digest=sidecar.config_digest,
        recorded_at=sidecar.recorded_at,
        scanner=sidecar.scanner.name,
        scanner_version=sidecar.scanner.version,
        database=Database(
            updated_at=sidecar.database.updated_at, version=str(sidecar.database.version)
        ),
    )


def _read_sidecar(path: str, files: Files) -> _Sidecar:
    data = files.read(path, limit=MIB)
    try:
        sidecar = msgspec.json.decode(data, type=_Sidecar)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _wrong(f"is no sidecar of a recorded scan: {fault}", path) from fault
    if (sidecar.kind, sidecar.version) != (_KIND, 1):
        found = f"{sidecar.kind[:60]!r}, version {sidecar.version}"
        raise _wrong(f"is {found}, not {_KIND!r}, version 1", path)
    return sidecar


def _wrong(what: str, path: str) -> Unreadable:
    return Unreadable(what, where=path, remedy="record the scan of this very image again")
