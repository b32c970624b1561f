"""Package URLs: build the one of an image, read anybody's, compare them by meaning."""

import re
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.digest import Digest
from cdkit.core.errors import RequestError

_TYPE = re.compile(r"[a-z][a-z0-9.-]*", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9._-]*", re.ASCII)
_LEGAL = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})+", re.ASCII)

# What the definitions of the types call "not case sensitive", so that one thing has one name
# (ECMA-427, "Type definitions"; github.com/package-url/purl-spec, types/*-definition.json).
_ANY_NAMESPACE = frozenset((
    "alpm", "apk", "bitbucket", "composer", "deb", "github", "golang", "hex", "luarocks", "npm",
    "qpkg", "rpm", "vscode-extension", "yocto",
))  # fmt: skip
_ANY_NAME = frozenset((
    "alpm", "apk", "bitbucket", "bitnami", "composer", "deb", "github", "golang", "hex", "luarocks",
    "npm", "otp", "pub", "pypi", "vscode-extension",
))  # fmt: skip
_ANY_VERSION = frozenset({"huggingface", "vscode-extension"})
_RUN = "[-_.]+"
"""What stands between the words of a Python package's name: any run of these is one dash."""


class Purl(Struct, frozen=True, kw_only=True, order=True):
    """A package URL, decoded and normalised, so that equal ones compare equal.

    Parts are those of the purl specification (ECMA-427): `namespace` and `subpath` keep `/`
    between their segments, `qualifiers` are sorted pairs.
    """

    type: str
    namespace: str = ""
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""

    def __str__(self) -> str:
        """Return the canonical form: a colon is never percent-encoded (ECMA-427, encoding)."""
        text = f"pkg:{self.type}/"
        if self.namespace:
            text += quote(self.namespace, safe="/:") + "/"
        text += quote(self.name, safe=":")
        if self.version:
            text += "@" + quote(self.version, safe=":")
        if self.qualifiers:
            text += "?" + "&".join(f"{k}={quote(v, safe='/:')}" for k, v in self.qualifiers)
        if self.subpath:
            text += "#" + quote(self.subpath, safe="/:")
        return text


def image_purl(repository: str, digest: Digest) -> Purl:
    """Return the package URL of an image: the last part of its repository, its digest, its place.

    Source: purl specification, type `oci`: the name is the last fragment of the repository in
    lower case, the version is the digest, `repository_url` is where it may be found.
    """
    return Purl(
        type="oci",
        name=repository.rsplit("/", 1)[-1].lower(),
        version=str(digest),
        qualifiers=(("repository_url", repository),),
    )


def parse_purl(text: str) -> Purl:
    """Read a package URL as the purl specification says ("How to parse").

    What a type's definition says of its names is done: `pkg:pypi/Typing_Extensions` is
    `pkg:pypi/typing-extensions`. Raises RequestError where it is none: another scheme, a missing
    type or name, a character that no URL may hold, a broken percent-encoding, a qualifier that is
    said twice. An `oci` one must have a digest as its version and no namespace, since anything
    less names no content.
    """
    if not _LEGAL.fullmatch(text):
        raise _illegal(text, "holds a character that a URL may not hold, or a broken %-encoding")
    rest, _, subpath = text.partition("#")
    rest, _, query = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    if scheme.lower() != "pkg" or not colon:
        raise _illegal(text, "does not begin with pkg:")
    kind, path, version = _path(text, rest)
    namespace, _, name = path.rpartition("/")
    purl = Purl(
        type=kind,
        namespace=_segments(text, namespace),
        name=_decode(text, name),
        version=_decode(text, version),
        qualifiers=_qualifiers(text, query),
        subpath=_segments(text, subpath, dots=False),
    )
    return _image(text, purl) if kind == "oci" else _in_one_form(text, purl)


def _in_one_form(text: str, purl: Purl) -> Purl:
    """Return a package URL whose names are written as its type's definition says."""
    kind, namespace, name, version = purl.type, purl.namespace, purl.name, purl.version
    if kind in _ANY_NAMESPACE:
        namespace = namespace.lower()
    if kind in _ANY_NAME or (kind == "mlflow" and "databricks" in _place(purl)):
        name = name.lower()
    if kind in _ANY_VERSION:
        version = version.lower()
    match kind:
        case "pypi":
            name = re.sub(_RUN, "-", name)
        case "pub":
            name = name.replace("-", "_")
        case "cpan":
            namespace = namespace.upper()
            if "::" in name:
                raise _illegal(text, "names a module of Perl: say the distribution, with dashes")
        case _:
            pass
    return replace(purl, namespace=namespace, name=name, version=version)


def _place(purl: Purl) -> str:
    return dict(purl.qualifiers).get("repository_url", "")


def _path(text: str, rest: str) -> tuple[str, str, str]:
    """Split what follows the scheme into type, namespace with name, and version."""
    kind, _, path = rest.strip("/").partition("/")
    if not _TYPE.fullmatch(kind.lower()):
        raise _illegal(text, "has no type, or one that is not a word")
    # The last `@`: one inside a scope (`pkg:npm/@acme/x`) is no version separator.
    head, at, version = path.rpartition("@")
    if not at or "/" in version:
        head, version = path, ""
    head = head.strip("/")
    if not head:
        raise _illegal(text, "has no name")
    return kind.lower(), head, version


def _segments(text: str, path: str, *, dots: bool = True) -> str:
    """Return a path's decoded segments, without empty ones (and `.` and `..` unless `dots`)."""
    parts = [_decode(text, part) for part in path.split("/") if part]
    if any("/" in part for part in parts):
        raise _illegal(text, "has an encoded slash inside a path segment")
    return "/".join(part for part in parts if dots or part not in {".", ".."})


def _qualifiers(text: str, query: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        key = key.lower()
        if not _KEY.fullmatch(key):
            raise _illegal(text, f"has a qualifier {key!r}, which is not a word")
        if key in found:
            raise _illegal(text, f"says the qualifier {key!r} twice")
        if value:
            found[key] = _decode(text, value)
    return tuple(sorted(found.items()))


def _image(text: str, purl: Purl) -> Purl:
    if purl.namespace:
        raise _illegal(text, "is of type oci and has a namespace; say repository_url instead")
    if not purl.version:
        raise _illegal(text, "is of type oci and has no digest as its version")
    digest = Digest.parse(purl.version.lower(), where=text[:200])
    return Purl(
        type="oci",
        name=purl.name.lower(),
        version=str(digest),
        qualifiers=purl.qualifiers,
        subpath=purl.subpath,
    )


def _decode(text: str, part: str) -> str:
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError as fault:
        raise _illegal(text, "holds a %-encoding that is not UTF-8") from fault


def _illegal(text: str, fault: str) -> RequestError:
    return RequestError(
        f"{text[:200]!r} {fault}",
        remedy="write a package URL: pkg:oci/<name>@sha256:<digest>?repository_url=<repository>",
    )
