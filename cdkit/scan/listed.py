"""The packages that a CycloneDX document lists: of a scan's, or of the list beside its report."""

from collections.abc import Iterator

from cdkit.core.documents.inventory import Component
from cdkit.scan import cyclonedx as cdx
from cdkit.scan.report import version_of

INSPECTOR = "amazon:inspector:sbom_scanner:"
_SYSTEM = frozenset({"apk", "deb", "rpm", "alpm"})
_PACKAGES = frozenset({"", "library", "framework"})
"""Components that are packages even without a package URL; a lock file is an `application`."""
_DEEPEST = 20


def packages_of(held: tuple[cdx.Component, ...]) -> list[cdx.Component]:
    """Return those of a document's components that are packages."""
    return [one for one in held if one.purl or one.type in _PACKAGES]


def walk(components: tuple[cdx.Component, ...], depth: int = 0) -> Iterator[cdx.Component]:
    """Yield all components, those in others too."""
    for one in components:
        yield one
        if one.components and depth < _DEEPEST:
            yield from walk(one.components, depth + 1)


def type_of(made: cdx.Component) -> str:
    """Return the sort of a package, in Trivy's words where it is Trivy's."""
    own = property_of(made, "aquasecurity:trivy:PkgType")
    return own or made.purl.removeprefix("pkg:").partition("/")[0] or made.type or "unknown"


def kind_of(made: cdx.Component) -> str:
    """Return the sort of a package with whose it is, `os/apk` or `library/pypi`."""
    scheme = made.purl.removeprefix("pkg:").partition("/")[0]
    return f"{'os' if scheme in _SYSTEM else 'library'}/{type_of(made)}"


def property_of(made: cdx.Component, name: str) -> str:
    """Return the value that a tool gave to a name, or an empty string."""
    return next((one.value for one in made.properties or () if one.name == name), "")


def component_of(made: cdx.Component) -> Component:
    """Return a package for the inventory."""
    licenses = (
        choice.expression or (choice.license.id or choice.license.name if choice.license else "")
        for choice in made.licenses or ()
    )
    return Component(
        name=made.name,
        version=made.version or version_of(made.purl),
        purl=made.purl,
        kind=kind_of(made),
        path=_path(made),
        licenses=tuple(text for text in licenses if text),
    )


def _path(made: cdx.Component) -> str:
    said = property_of(made, "aquasecurity:trivy:FilePath") or property_of(made, f"{INSPECTOR}path")
    return said.lstrip("/")


def counts_of(components: tuple[Component, ...]) -> dict[str, int]:
    """Return how many packages there are of each kind."""
    counts: dict[str, int] = {}
    for one in components:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return counts
