"""What caused an incident: as somebody wrote it, and which deployment that is."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from cdkit.dora.source import Seen
from cdkit.dora.told import Changed, Deployed, Incident

NOBODY = "none"
"""The cause of an incident that is known to be no deployment's."""

_WRITTEN = re.compile(
    r"^[ \t>*_#-]*caused[ -]by[ \t*_]*(?::[ \t*_`]*|\r?\n(?:[ \t]*\r?\n)*[ \t`]*)"
    r"([A-Za-z0-9][\w.:@/+-]{0,255})",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_LABEL = re.compile(r"caused-by:\s*(\S{1,256})", re.IGNORECASE | re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_LONGEST = 65_536


def cause_in(text: str, labels: Iterable[str] = ()) -> str:
    """Return the cause that a label `caused-by:…` names, else a line of the text; or nothing.

    A line is `caused-by: <deployment, digest or commit>`, or a heading of a form with the answer
    below it. `none` says that no deployment caused it.
    """
    for label in labels:
        if found := _LABEL.fullmatch(label.strip()):
            return _plain(found[1])
    written = _WRITTEN.search(text[:_LONGEST])
    return _plain(written[1]) if written else ""


def _plain(cause: str) -> str:
    """Return a cause without what people write around it, or the address of a commit."""
    bare = cause.strip("`*_.,;:")
    for mark in ("/commit/", "/deployments/"):
        bare = bare.rpartition(mark)[2]
    return bare.lower() if bare.lower() == NOBODY or _COMMIT.fullmatch(bare.lower()) else bare


def attributed(
    incidents: Iterable[Incident], seen: Sequence[Seen], changes: Iterable[Changed]
) -> tuple[tuple[Incident, ...], int]:
    """Return the incidents with their causes as deployments' ids, and how many name an unknown one.

    A cause may be a deployment's id, one of its other names, its digest, its commit, or a commit
    that it brought first; of a commit seven letters are enough where they fit only one. Of
    several deployments it is the last one before the incident. Whose service nobody told has that
    of its cause, or the only one that there is.
    """
    names = _names(seen, changes)
    services = {one.deployed.service for one in seen}
    only = services.pop() if len(services) == 1 else ""
    done, unknown = [], 0
    for incident in incidents:
        cause = _deployment(incident, names)
        if incident.cause not in {"", NOBODY} and cause is None:
            unknown += 1
        if cause is not None:
            service = incident.service or cause.service
            done.append(replace(incident, cause=cause.id or incident.cause, service=service))
        else:
            done.append(replace(incident, service=incident.service or only))
    return tuple(done), unknown


def _names(seen: Iterable[Seen], changes: Iterable[Changed]) -> Mapping[str, list[Deployed]]:
    found: dict[str, list[Deployed]] = {}
    by_id: dict[tuple[str, str], Deployed] = {}
    for one in seen:
        deployed = one.deployed
        by_id[deployed.service, deployed.id] = deployed
        for name in {deployed.id, deployed.digest, deployed.commit, *one.names} - {""}:
            found.setdefault(name, []).append(deployed)
    for change in changes:
        brought = by_id.get((change.service, change.deployment))
        if brought is not None and change.commit not in found:
            found[change.commit] = [brought]
    return found


def _deployment(incident: Incident, names: Mapping[str, list[Deployed]]) -> Deployed | None:
    cause = incident.cause
    those = names.get(cause)
    if those is None and _COMMIT.fullmatch(cause):
        fitting = {name for name in names if name.startswith(cause)}
        those = names[fitting.pop()] if len(fitting) == 1 else None
    earlier = [
        one
        for one in those or ()
        if one.at <= incident.opened_at and incident.service in {"", one.service}
    ]
    return max(earlier, key=lambda one: one.at, default=None)
