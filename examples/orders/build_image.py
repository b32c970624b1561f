"""Builds the service's image from its Dockerfile, the same bytes each time, without an engine.

    python build_image.py --out image
    python build_image.py --out demo/bad/image --overlay demo/bad

The result is an OCI image layout (image-spec 1.1, "Image Layout") for linux/amd64 with layers that
are not compressed, so that no zlib's version shows in a digest. Each instruction that changes the
file system makes one layer. `apk add` and `pip install` of pinned versions take the packages'
records from packages/: those name what a package manager would have installed, not the programs
themselves, so the image can be scanned and shipped but not started. An instruction that this
cannot carry out faithfully is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import shlex
import shutil
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Instruction = Callable[["Build", str], "Files | None"]

#: What an image holds at a path: a file's bytes, or None for a folder.
Files = dict[PurePosixPath, bytes | None]

# The time of every file and of the image itself: a build's own clock would show in the digest.
BUILT, BUILT_EPOCH = "2026-11-20T00:00:00Z", 1_795_132_800
OCI = "application/vnd.oci.image"
INSTALLED = PurePosixPath("lib/apk/db/installed")
SITE_PACKAGES = PurePosixPath("usr/lib/python3.12/site-packages")
# Not part of a build: what it makes, and what the tests leave.
LEFT_OUT = shutil.ignore_patterns("image", "demo", "reports", ".*_cache", "__pycache__", ".git")
ADDED_BY_BASE = "ADD acme-python-3.12-alpine3.22.tar / # from platform/python"


@dataclass(kw_only=True)
class Build:
    """An image under construction. `root` is the file system after the instructions so far."""

    context: Path
    config: dict[str, object] = field(default_factory=dict)
    layers: list[bytes] = field(default_factory=list)
    history: list[dict[str, object]] = field(default_factory=list)
    root: Files = field(default_factory=dict)
    workdir: PurePosixPath = field(default_factory=PurePosixPath)

    def commit(self, created_by: str, changed: Files | None) -> None:
        """Add an instruction's layer, or its mere history when it changed no file."""
        entry: dict[str, object] = {"created": BUILT, "created_by": created_by}
        if changed is None:
            entry["empty_layer"] = True
        else:
            self.root |= changed
            self.layers.append(_tar(changed))
        self.history.append(entry)


def _fail(message: str) -> NoReturn:
    raise SystemExit(f"build_image: {message}")


def build(context: Path) -> dict[str, bytes]:
    """Return the layout's files by their path in it, built from `context`/Dockerfile."""
    made = Build(context=context)
    made.commit(ADDED_BY_BASE, _tree(context / "packages" / "base", PurePosixPath()))
    base_digest = _digest(_image(made)[-1])
    for line, text in _instructions((context / "Dockerfile").read_text(encoding="utf-8")):
        name, _, rest = text.partition(" ")
        if name == "FROM":
            _check_base(rest, base_digest)
        elif carry_out := INSTRUCTIONS.get(name):
            made.commit(text, carry_out(made, rest))
        else:
            _fail(f"Dockerfile:{line}: cannot carry out {name}; known: {', '.join(INSTRUCTIONS)}")
    return _layout(made)


def _instructions(dockerfile: str) -> Iterable[tuple[int, str]]:
    """Yield each instruction with its first line's number, its continued lines joined."""
    started, held = 0, ""
    for number, line in enumerate(dockerfile.splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        started = started or number
        if text.endswith("\\"):
            held += text[:-1].rstrip() + " "
            continue
        yield started, held + text
        started, held = 0, ""


def _check_base(reference: str, digest: str) -> None:
    pinned = reference.partition("@")[2]
    if pinned != digest:
        _fail(f"packages/base is {digest}, but the Dockerfile's FROM names {pinned or 'no digest'}")


def _label(made: Build, rest: str) -> None:
    made.config["Labels"] = _pairs(rest)


def _env(made: Build, rest: str) -> None:
    made.config["Env"] = [f"{name}={value}" for name, value in _pairs(rest).items()]


def _user(made: Build, rest: str) -> None:
    made.config["User"] = rest


def _expose(made: Build, rest: str) -> None:
    made.config["ExposedPorts"] = {f"{port}/tcp": {} for port in rest.split()}


def _entrypoint(made: Build, rest: str) -> None:
    made.config["Entrypoint"] = json.loads(rest)


def _pairs(text: str) -> dict[str, str]:
    words = [word.partition("=") for word in shlex.split(text)]
    return {name: value for name, _, value in words}


def _workdir(made: Build, rest: str) -> Files:
    made.workdir = _inside(made, rest)
    made.config["WorkingDir"] = f"/{made.workdir}"
    return {made.workdir: None}


def _copy(made: Build, rest: str) -> Files:
    source, target = shlex.split(rest)
    if ".." in PurePosixPath(source).parts:
        _fail(f"COPY {source}: that leads upwards, out of the context")
    return _tree(made.context / source, _inside(made, target), _ignored(made.context))


def _inside(made: Build, path: str) -> PurePosixPath:
    """Return where `path` is in the image, from its root: relative ones start at WORKDIR."""
    if ".." in PurePosixPath(path).parts:
        _fail(f"{path} leads upwards: name the place from the root")
    return PurePosixPath("/", made.workdir, path).relative_to("/")


def _run(made: Build, rest: str) -> Files:
    words = shlex.split(rest)
    if words[:2] == ["apk", "add"]:
        return _apk_add(made, [word for word in words[2:] if not word.startswith("-")])
    if words[:4] == ["python3", "-m", "pip", "install"]:
        return _pip_install(made, [word for word in words[4:] if not word.startswith("-")])
    _fail(f"RUN {rest}: only apk add and python3 -m pip install are known")


def _apk_add(made: Build, packages: Sequence[str]) -> Files:
    installed = made.root[INSTALLED]
    for package in packages:
        name, _, version = package.partition("=")
        installed = (installed or b"") + _record(made, "apk", f"{name}-{version}")
    return {INSTALLED: installed}


def _pip_install(made: Build, packages: Sequence[str]) -> Files:
    changed: Files = {}
    for package in packages:
        name, _, version = package.partition("==")
        stem = f"{name.replace('-', '_')}-{version}"
        folder = SITE_PACKAGES / f"{stem}.dist-info"
        changed[folder / "METADATA"] = _record(made, "pip", stem)
        changed[folder / "INSTALLER"] = b"pip\n"
    return changed


def _record(made: Build, kind: str, name: str) -> bytes:
    try:
        return (made.context / "packages" / kind / name).read_bytes()
    except FileNotFoundError:
        _fail(f"packages/{kind} has no {name}: pin a version that is there")


def _ignored(context: Path) -> set[str]:
    """Return the names that .dockerignore leaves out; of its patterns only **/NAME is known."""
    lines = (context / ".dockerignore").read_text(encoding="utf-8").split()
    if other := [line for line in lines if not re.fullmatch(r"\*\*/[\w.-]+", line)]:
        _fail(f".dockerignore: only **/NAME is known, not {other[0]}")
    return {line.removeprefix("**/") for line in lines}


def _tree(source: Path, target: PurePosixPath, ignored: Iterable[str] = ()) -> Files:
    """Return the files below `source` as they will stand below `target`, symbolic links refused."""
    if not source.is_dir():
        _fail(f"{source} is not a folder")
    found: Files = {}
    for path in source.rglob("*"):
        relative = path.relative_to(source)
        if set(relative.parts) & set(ignored):
            continue
        if path.is_symlink():
            _fail(f"{path} is a symbolic link")
        found[target / PurePosixPath(relative.as_posix())] = (
            None if path.is_dir() else path.read_bytes()
        )
    return found


def _tar(files: Files) -> bytes:
    """Return a layer's tar (POSIX ustar): sorted, owned by root, every folder before its files."""
    folders = {parent: None for path in files for parent in path.parents if parent.name}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in sorted({**folders, **files}.items()):
            entry = tarfile.TarInfo(path.as_posix())
            entry.mtime, entry.mode = BUILT_EPOCH, 0o644
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _described(media_type: str, content: bytes, **more: object) -> dict[str, object]:
    return {
        "mediaType": f"{OCI}.{media_type}",
        "digest": _digest(content),
        "size": len(content),
        **more,
    }


def _image(made: Build) -> list[bytes]:
    """Return the image's blobs: layers, then the configuration, last the manifest."""
    config = _json(
        {
            "created": BUILT,
            "architecture": "amd64",
            "os": "linux",
            "config": made.config,
            "rootfs": {"type": "layers", "diff_ids": [_digest(each) for each in made.layers]},
            "history": made.history,
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": _described("config.v1+json", config),
            "layers": [_described("layer.v1.tar", each) for each in made.layers],
        }
    )
    return [*made.layers, config, manifest]


def _layout(made: Build) -> dict[str, bytes]:
    blobs = _image(made)
    project = tomllib.loads((made.context / "pyproject.toml").read_text(encoding="utf-8"))
    manifest = _described(
        "manifest.v1+json",
        blobs[-1],
        platform={"architecture": "amd64", "os": "linux"},
        annotations={"org.opencontainers.image.ref.name": project["project"]["version"]},
    )
    index = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.index.v1+json",
        "manifests": [manifest],
    }
    return {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json(index),
        **{f"blobs/sha256/{_digest(blob).removeprefix('sha256:')}": blob for blob in blobs},
    }


INSTRUCTIONS: dict[str, Instruction] = {
    "LABEL": _label,
    "RUN": _run,
    "WORKDIR": _workdir,
    "COPY": _copy,
    "USER": _user,
    "ENV": _env,
    "EXPOSE": _expose,
    "ENTRYPOINT": _entrypoint,
}


def write(layout: dict[str, bytes], out: Path) -> None:
    """Put the layout at `out`, in the place of whatever layout is there."""
    if out.exists() and not (out / "oci-layout").is_file():
        _fail(f"{out} is there and is no image layout: remove it, or name another --out")
    aside = out.with_name(f".{out.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    for name, content in layout.items():
        path = aside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    shutil.rmtree(out, ignore_errors=True)
    aside.rename(out)


def main(arguments: Sequence[str]) -> None:
    """Build what the command line asks for and print the image's digest."""
    parser = argparse.ArgumentParser(description="Build the image without an engine.")
    parser.add_argument("--out", type=Path, required=True, help="the layout's folder")
    parser.add_argument("--context", type=Path, default=Path(__file__).parent)
    parser.add_argument("--overlay", type=Path, help="files to put over the context's first")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        for source in [options.context, *filter(None, [options.overlay])]:
            shutil.copytree(source, context, ignore=LEFT_OUT, dirs_exist_ok=True)
        layout = build(context)
    write(layout, options.out)
    print(json.loads(layout["index.json"])["manifests"][0]["digest"])


if __name__ == "__main__":
    main(sys.argv[1:])
