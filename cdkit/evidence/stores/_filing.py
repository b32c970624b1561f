"""How a record stands in a registry: its tags, its media type, what tools are shown of it."""

import msgspec
from msgspec import Struct

from cdkit.core.digest import HEX_LENGTH, Digest, sha256
from cdkit.core.documents.envelope import BUNDLE, DSSE, IN_TOTO, Envelope
from cdkit.core.documents.fact import fact_of, statement_of
from cdkit.core.documents.statement import Statement
from cdkit.evidence.shelf import environment_of, images_first, named, summary_of, unfiled
from cdkit.evidence.stores._tags import (
    attached_prefix,
    ending,
    environment_prefix,
    moment_of,
    subject_prefix,
)


class Filing(Struct, frozen=True, kw_only=True):
    """The tags of a record, that of an image first; its media type; hints that nobody signed."""

    keys: frozenset[str]
    tags: tuple[str, ...]
    kind: str
    annotations: dict[str, str]

    @property
    def image(self) -> Digest | None:
        """The digest that may be an image's, whose manifest the record then names."""
        for key in sorted(self.keys):
            if key.startswith("sha256:") and len(key) == 7 + HEX_LENGTH["sha256"]:
                return Digest.parse(key)
        return None


def filing_of_fact(data: bytes, *, store: str) -> Filing:
    """Return where a fact is filed in a store; Unwritable where its subject has no digest."""
    statement, payload, envelope = statement_of(data, where="this statement")
    fact = fact_of(statement, digest=str(sha256(payload)), where="this statement")
    if not fact.keys or any(key.endswith(":") for key in fact.keys):
        raise unfiled(fact.keys, store)
    prefixes = [subject_prefix(key) for key in sorted(fact.keys, key=images_first)]
    if (place := environment_of(fact)) is not None:
        prefix = environment_prefix(named(place))
        prefixes.append(f"{prefix}{moment_of(fact.recorded_at)}.")
    return _filing(data, statement, envelope, prefixes, fact.recorded_at)


def filing_of_summary(data: bytes, *, store: str) -> Filing:
    """Return where a statement for others is filed; raises as `summary_of` does."""
    statement, envelope = summary_of(data)
    keys = sorted(_keys(statement), key=images_first)
    if not keys or any(key.endswith(":") for key in keys):
        raise unfiled(frozenset(keys), store)
    return _filing(data, statement, envelope, [attached_prefix(key) for key in keys], "")


def _filing(
    data: bytes, statement: Statement, envelope: Envelope | None, prefixes: list[str], at: str
) -> Filing:
    end = ending(data, envelope)
    kind = IN_TOTO if envelope is None else BUNDLE if envelope.bundle else DSSE
    return Filing(
        keys=_keys(statement),
        tags=tuple(f"{prefix}{end}" for prefix in prefixes),
        kind=kind,
        annotations=_annotations(statement.predicate_type, kind, at or _verified_at(statement)),
    )


def _keys(statement: Statement) -> frozenset[str]:
    return frozenset().union(*(subject.keys() for subject in statement.subject))


class _When(Struct, frozen=True, rename="camel"):
    time_verified: str = ""


def _verified_at(statement: Statement) -> str:
    """Return when a verification summary says that it was made; an empty string: it does not."""
    try:
        return msgspec.json.decode(bytes(statement.predicate), type=_When).time_verified
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _annotations(predicate: str, kind: str, at: str) -> dict[str, str]:
    """Return what tools show of an artifact: hints, so that we read none."""
    hints = {"org.opencontainers.image.created": at} if at else {}
    hints["dev.sigstore.bundle.predicateType"] = predicate
    if kind == BUNDLE:
        hints["dev.sigstore.bundle.content"] = "dsse-envelope"
    else:
        hints["in-toto.io/predicate-type"] = predicate
    return hints
