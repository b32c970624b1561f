"""A stand-in for Grype 0.120: no real one can be had where the tests run.

It speaks Grype's command line, environment and files as far as cdkit uses them (cmd/grype/cli),
and refuses what Grype would refuse; it finds Alpine's packages in a real OCI layout, archive or
folder. What it cannot show is whether the real Grype does the same. Its database is
`6/vulnerability.db`, JSON of our own:
`{"built", "advisories": {PACKAGE: {"id", "fixed", "severity"}}, "mode"}`. A `mode` makes it fail in
one of the ways that programs fail.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

VERSION = "0.120.1"
KNOWN = {
    "GRYPE_CHECK_FOR_APP_UPDATE",
    "GRYPE_DB_AUTO_UPDATE",
    "GRYPE_DB_CACHE_DIR",
    "GRYPE_DB_VALIDATE_AGE",
    "GRYPE_DB_VALIDATE_BY_HASH_ON_START",
    "GRYPE_EXTERNAL_SOURCES_ENABLE",
}


def main() -> None:
    """Run what the arguments ask for."""
    arguments = sys.argv[1:]
    settings = _take(arguments, "--config")
    if unknown := {n for n in os.environ if n.startswith("GRYPE_")} - KNOWN:
        _fail(f"unknown settings {unknown}")
    if arguments == ["version", "-o", "json"]:
        said = {"application": "grype", "version": VERSION, "supportedDbSchema": 6}
        sys.stdout.write(json.dumps(said))
        return
    ignored = _ignored(settings)
    if arguments == ["db", "status", "-o", "json"]:
        _status()
        return
    outputs = []
    while output := _take(arguments, "-o"):
        outputs.append(output)
    (target,) = arguments
    _scan(target, outputs, ignored)


def _take(arguments: list[str], name: str) -> str:
    if name not in arguments:
        return ""
    at = arguments.index(name)
    value = arguments[at + 1]
    del arguments[at : at + 2]
    return value


def _fail(what: str, code: int = 1) -> None:
    sys.stderr.write(f"[0000] ERROR {what}\n")
    sys.exit(code)


def _ignored(settings: str) -> set[str]:
    """Which findings its settings ignore: of the file named, else of the user's own."""
    if settings and not Path(settings).is_file():
        _fail(f"file does not exist: {settings}")
    own = Path(os.environ.get("HOME", "/nonexistent")) / ".grype.yaml"
    path = Path(settings) if settings else own
    text = path.read_text() if path.is_file() else ""
    return {line.partition(": ")[2] for line in text.splitlines() if "vulnerability: " in line}


def _database() -> dict[str, Any]:
    """The database; fetched from nowhere where there is none and updates are on."""
    home = Path(os.environ.get("HOME", "/nonexistent"))
    cache = os.environ.get("XDG_CACHE_HOME") or str(home / ".cache")
    folder = Path(os.environ.get("GRYPE_DB_CACHE_DIR") or f"{cache}/grype/db") / "6"
    if not (folder / "import.json").is_file():
        return {"fault": f"database metadata not found: {folder}"}
    data = (folder / "vulnerability.db").read_bytes()
    stated = json.loads((folder / "import.json").read_bytes())["digest"]
    if os.environ.get("GRYPE_DB_VALIDATE_BY_HASH_ON_START") == "true" and stated != _hash(data):
        return {"fault": f"bad db checksum ({folder})"}
    return {**json.loads(data), "path": f"{folder}/vulnerability.db"}


def _hash(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _described(database: dict[str, Any]) -> dict[str, Any]:
    return {
        "schemaVersion": "v6.1.3",
        "from": "https://grype.example.com/databases/v6/x",
        "built": database["built"],
        "path": database["path"],
        "valid": True,
    }


def _status() -> None:
    database = _database()
    if fault := database.get("fault"):
        nothing = {"schemaVersion": "", "built": None, "valid": False, "error": fault}
        sys.stdout.write(json.dumps(nothing))
        _fail(fault)
    sys.stdout.write(json.dumps(_described(database)))


def _scan(target: str, outputs: list[str], ignored: set[str]) -> None:
    database = _database()
    if fault := database.get("fault"):
        _fail(f"failed to load vulnerability db: {fault}")
    mode = database.get("mode", "")
    if mode == "exit-2":
        _fail("discovered vulnerabilities at or above the severity threshold", 2)
    if mode == "killed":
        sys.stdout.write('{"matches": [')
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "sleeps":
        time.sleep(600)
    if mode == "too-many":
        _fail("failed to get image descriptor from registry: GET https://r/v2/: TOOMANYREQUESTS")
    scheme, _, place = target.partition(":")
    image, files = _SCHEMES[scheme](place)
    packages = _packages(files.get("lib/apk/db/installed", b"").decode())
    report = json.dumps(_report(image, files, packages, database, ignored), indent=1)
    for output in outputs:
        form, _, path = output.partition("=")
        if form == "json":
            sys.stdout.write(report[: len(report) // 2] if mode == "half" else report)
        elif form == "cyclonedx-json" and mode != "no-list":
            Path(path).write_text(_listed(packages))


def _layout(place: str) -> tuple[dict[str, str], dict[str, bytes]]:
    folder = Path(place)
    blobs = folder / "blobs"
    roots = json.loads((folder / "index.json").read_bytes())["manifests"]
    if len(roots) != 1:
        _fail(f"unexpected number of OCI directory manifests (found {len(roots)})")
    data = (blobs / roots[0]["digest"].replace(":", "/")).read_bytes()
    manifest = json.loads(data)
    files: dict[str, bytes] = {}
    for layer in manifest["layers"]:
        files |= _tar((blobs / layer["digest"].replace(":", "/")).read_bytes())
    image = {"imageID": manifest["config"]["digest"], "manifestDigest": roots[0]["digest"]}
    return image, files


def _archive(place: str) -> tuple[dict[str, str], dict[str, bytes]]:
    held = _tar(Path(place).read_bytes())
    (entry,) = json.loads(held["manifest.json"])
    files: dict[str, bytes] = {}
    for layer in entry["Layers"]:
        files |= _tar(held[layer])
    return {"imageID": _hash(held[entry["Config"]]), "manifestDigest": "sha256:" + "0" * 64}, files


def _folder(place: str) -> tuple[dict[str, str], dict[str, bytes]]:
    root = Path(place)
    return {}, {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def _registry(place: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """Of a registry it only shows what it would ask with: the login that it was given."""
    login = Path(os.environ.get("DOCKER_CONFIG", "/nonexistent")) / "config.json"
    said = login.read_text() if login.is_file() else "none"
    _fail(f"pulls {place} with {sorted(json.loads(said)['auths']) if said != 'none' else said}")
    raise AssertionError


_SCHEMES = {
    "oci-dir": _layout,
    "docker-archive": _archive,
    "dir": _folder,
    "registry": _registry,
}


def _tar(data: bytes) -> dict[str, bytes]:
    files = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            if member.isreg() and (stream := tar.extractfile(member)):
                files[member.name.removeprefix("./")] = stream.read()
    return files


def _packages(installed: str) -> list[tuple[str, str]]:
    entries = [dict(x.split(":", 1) for x in e.splitlines()) for e in installed.split("\n\n") if e]
    return [(entry["P"], entry["V"]) for entry in entries]


def _purl(name: str, version: str) -> str:
    return f"pkg:apk/alpine/{name}@{version}?arch=x86_64"


def _report(
    image: dict[str, str],
    files: dict[str, bytes],
    packages: list[tuple[str, str]],
    database: dict[str, Any],
    ignored: set[str],
) -> dict[str, Any]:
    known = database["advisories"]
    found = [
        _match(name, version, known[name])
        for name, version in packages
        if name in known and version != known[name]["fixed"]
    ]
    release = files.get("etc/alpine-release", b"").decode().strip()
    shown = [one for one in found if one["vulnerability"]["id"] not in ignored]
    target: Any = {"userInput": "x", **image} if image else "/"
    return {
        "matches": shown,
        "ignoredMatches": [one for one in found if one not in shown],
        "source": {"type": "image" if image else "directory", "target": target},
        "distro": {"name": "alpine" if release else "", "version": release, "idLike": None},
        "descriptor": {
            "name": "grype",
            "version": VERSION,
            "db": {"status": _described(database), "providers": {}},
        },
    }


def _match(name: str, version: str, advisory: dict[str, str]) -> dict[str, Any]:
    fixed = advisory.get("fixed", "")
    return {
        "vulnerability": {
            "id": advisory["id"],
            "severity": advisory["severity"],
            "fix": {"versions": [fixed] if fixed else [], "state": "fixed" if fixed else "unknown"},
        },
        "relatedVulnerabilities": [],
        "artifact": {
            "name": name,
            "version": version,
            "type": "apk",
            "purl": _purl(name, version),
            "locations": [{"path": "/lib/apk/db/installed", "layerID": "sha256:0"}],
        },
    }


def _listed(packages: list[tuple[str, str]]) -> str:
    parts = [
        {"type": "library", "name": name, "version": version, "purl": _purl(name, version)}
        for name, version in packages
    ]
    parts.append({"type": "operating-system", "name": "alpine", "version": "3.22"})
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts})


if __name__ == "__main__":
    main()
