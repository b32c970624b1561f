"""Asking a registry for its own setting against tags that move, in ten seconds or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cdkit.core.errors import CannotTell, CdkitError
from cdkit.core.oci.authorize import challenges
from cdkit.core.oci.reference import Reference, is_loopback
from cdkit.core.secret import Secret, revealed
from cdkit.core.world import MIB, Clock, Completed, Http, Processes, Response, Talk, World
from cdkit.image.pushed.setting import RegistryKind, Setting, unknown

PATIENCE = 10.0
"""Seconds for the settings of all tags together: a report must not hold a pipeline up."""


def settings_of(references: Sequence[Reference], world: World) -> tuple[Setting, ...]:
    """Return the setting for each tag; whatever goes wrong is "unknown", with its reason."""
    hurried = _hurried(world)
    kinds: dict[str, RegistryKind | None] = {}
    found = []
    for reference in references:
        try:
            if reference.registry not in kinds:
                kinds[reference.registry] = _kind_of(reference, hurried)
            found.append(_setting(reference, kinds[reference.registry], hurried))
        except CdkitError as fault:
            found.append(unknown(f"{fault}; {fault.remedy}"))
    return tuple(found)


def _setting(reference: Reference, kind: RegistryKind | None, world: World) -> Setting:
    if kind is None:
        return unknown(f"cdkit knows of no setting that {reference.registry} would have")
    return kind.immutability(reference, world)


def _kind_of(reference: Reference, world: World) -> RegistryKind | None:
    """Return the make of a registry, by its host, else by the challenge that it answers with.

    `/v2/` is what every registry has (distribution-spec, "end-1"); no login goes along.
    """
    from cdkit.core.plugins import collect
    from cdkit.image.pushed import registries

    kinds = collect(registries, "REGISTRY", RegistryKind).values()
    by_host = next((kind for kind in kinds if kind.claims(reference)), None)
    if by_host:
        return by_host
    scheme = "http" if is_loopback(reference.registry) else "https"
    answer = world.http.request("GET", f"{scheme}://{reference.registry}/v2/", limit=MIB)
    offered = challenges(answer.headers.get("www-authenticate", ""))
    return next((k for k in kinds if any(k.recognises(one) for one in offered)), None)


def _hurried(world: World) -> World:
    """Return a world in which time runs out, and which is asked for the same thing once.

    Most settings are the repository's: several tags of it need one answer.
    """
    hurry = _Hurry(clock=world.clock, until=world.clock.monotonic() + PATIENCE)
    return replace(
        world,
        http=_HurriedHttp(world.http, hurry),
        processes=_HurriedProcesses(world.processes, hurry),
        talk=_SaidOnce(world.talk),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hurry:
    clock: Clock
    until: float

    def at_most(self, timeout: float) -> float:
        """Return the seconds that are left of this timeout; CannotTell where none are."""
        left = self.until - self.clock.monotonic()
        if left <= 0:
            raise CannotTell(
                f"the setting was not read within {PATIENCE:g} s", remedy="ask the registry later"
            )
        return min(timeout, left)


class _HurriedHttp:
    def __init__(self, door: Http, hurry: _Hurry) -> None:
        self._door = door
        self._hurry = hurry
        self._known: dict[object, Response] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes = b"",
        timeout: float = 30,
        limit: int = 8 * MIB,
    ) -> Response:
        """Send one request, in what time is left."""
        sent = tuple((name, revealed(text)) for name, text in (headers or {}).items())
        key = (method, url, sent, body)
        if key not in self._known:
            timeout = self._hurry.at_most(timeout)
            self._known[key] = self._door.request(
                method, url, headers=headers, body=body, timeout=timeout, limit=limit
            )
        return self._known[key]


class _HurriedProcesses:
    def __init__(self, door: Processes, hurry: _Hurry) -> None:
        self._door = door
        self._hurry = hurry
        self._known: dict[object, Completed] = {}

    def which(self, program: str) -> str | None:
        """Return the full path of a program on the PATH, or None."""
        return self._door.which(program)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 60,
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Completed:
        """Run a program, in what time is left."""
        key = (tuple(argv), stdin)
        if key not in self._known:
            timeout = self._hurry.at_most(timeout)
            self._known[key] = self._door.run(
                argv, stdin=stdin, timeout=timeout, environ=environ, cwd=cwd
            )
        return self._known[key]


class _SaidOnce:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._said: set[str] = set()

    def say(self, text: str) -> None:
        """Say one line, unless it was said before."""
        if text not in self._said:
            self._said.add(text)
            self._talk.say(text)
