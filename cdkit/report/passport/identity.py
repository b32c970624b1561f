"""The part of the passport on what the image is: digests, tags, source, base."""

from collections.abc import Iterator

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.kinds import Identity
from cdkit.report.web.markup import Markup, disclosure, element, joined, section, table
from cdkit.report.web.pieces import code, run, tag, when


def identity(dossier: Dossier) -> Markup:
    """Return all that identifies the image, by the newest fact that says so."""
    known = dossier.identity
    if known is None:
        told = (
            f"No record says what this digest is. Run `cdkit tag-image --digest {dossier.image}`."
        )
        return section("identity", "Identity", element("p", told, class_="empty"))
    rows = [row for term, value in _rows(known) for row in _row(term, value)]
    return section("identity", "Identity", element("dl", *rows, class_="facts"), *_more(known))


def _row(term: str, value: str) -> tuple[Markup, Markup]:
    return element("dt", term), element("dd", value)


def _rows(known: Identity) -> Iterator[tuple[str, str]]:
    yield "Image", code(known.image)
    if known.media_type:
        yield "Media type", code(known.media_type)
    yield "Tags", joined((code(one) for one in known.tags), ", ") if known.tags else "none"
    dirty = [" ", tag("with uncommitted changes", "warn")] if known.origin.dirty else []
    yield "Commit", joined([code(known.commit) or "not recorded", *dirty])
    yield "Source tree", code(known.tree) or "not recorded"
    base = [code(known.base_name), " ", code(known.base_digest)]
    told = known.base_name or known.base_digest
    yield "Base image", joined(base) if told else "not recorded"
    yield "Recorded", joined([when(known.origin.recorded_at), " by ", run(known.origin)])


def _more(known: Identity) -> Iterator[Markup]:
    if known.platforms:
        head = ("platform", "manifest", "config")
        rows = [
            (one.platform, code(one.digest), code(one.config_digest)) for one in known.platforms
        ]
        wide = 3 if any(one.config_digest for one in known.platforms) else 2
        yield element("h3", "Platforms", class_="sub")
        yield table("Platforms", head[:wide], (row[:wide] for row in rows))
    said = {**known.labels, **known.annotations}
    if said:
        shown = table("Labels and annotations", ("name", "value"), sorted(said.items()))
        yield disclosure("Labels and annotations", shown)
