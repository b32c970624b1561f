"""Harbor: the project's tag immutability rules.

Harbor can stand on any host. It is recognised by the service that its challenge names,
`harbor-registry` (harbor, src/server/middleware/v2auth), so that no other registry is ever asked
for Harbor's API. The rules: goharbor.io, "Tag Immutability Rules" (any rule that matches counts);
`/api/v2.0/projects/{project}/immutabletagrules` (harbor, api/v2.0/swagger.yaml, ImmutableRule).
"""

from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.oci.authorize import Challenge
from cdkit.core.oci.login import login_for
from cdkit.core.oci.reference import Reference, is_loopback
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, World
from cdkit.image.pushed.registries._asking import read_json
from cdkit.image.pushed.registries._patterns import doublestar
from cdkit.image.pushed.setting import RegistryKind, Setting, immutable, mutable

_SERVICE = "harbor-registry"
_PAGE = 100
"""The most that one page holds; a project has at most 15 rules."""


class _Selector(Struct, frozen=True, kw_only=True):
    decoration: str
    pattern: str
    kind: str = "doublestar"


class _Rule(Struct, frozen=True, kw_only=True):
    tag_selectors: tuple[_Selector, ...]
    scope_selectors: dict[str, tuple[_Selector, ...]]
    id: int = 0
    disabled: bool = False


def claims(reference: Reference) -> bool:
    """Claim no host: any may be Harbor's."""
    del reference
    return False


def recognises(challenge: Challenge) -> bool:
    """Whether a challenge is Harbor's."""
    return challenge.parameters.get("service") == _SERVICE


def immutability(reference: Reference, world: World) -> Setting:
    """Ask the registry's own API, on its own host, with its own login."""
    project, _, repository = reference.repository.partition("/")
    for rule in _rules(reference, project, world):
        if not rule.disabled and _matches(rule, repository, reference.tag):
            return immutable(f"Harbor: immutability rule {rule.id} of {project} covers the tag")
    return mutable(f"Harbor: no immutability rule of the project {project} covers the tag")


def _rules(reference: Reference, project: str, world: World) -> tuple[_Rule, ...]:
    scheme = "http" if is_loopback(reference.registry) else "https"
    url = f"{scheme}://{reference.registry}/api/v2.0/projects/{project}/immutabletagrules"
    login = login_for(reference, world)
    basic = login.basic() if login else None
    headers: dict[str, str | Secret] = {"X-Is-Resource-Name": "true"}
    if basic:
        headers["Authorization"] = basic
    answer = world.http.request("GET", f"{url}?page_size={_PAGE}", headers=headers, limit=MIB)
    rules = read_json(answer, tuple[_Rule, ...], api=f"{reference.registry}/api/v2.0")
    if len(rules) >= _PAGE:
        raise CannotTell("Harbor has more rules than it shows", remedy="look at them in Harbor")
    return rules


def _matches(rule: _Rule, repository: str, tag: str) -> bool:
    """Whether a rule covers a tag; CannotTell where its shape is none that Harbor itself writes."""
    scopes = rule.scope_selectors.get("repository", ())
    if len(scopes) != 1 or len(rule.tag_selectors) != 1:
        raise CannotTell(
            f"Harbor's rule {rule.id} has another number of selectors than one of each",
            remedy="look at the rule in Harbor",
        )
    in_scope = _selects(scopes[0], repository, "repoMatches", "repoExcludes")
    return in_scope and _selects(rule.tag_selectors[0], tag, "matches", "excludes")


def _selects(selector: _Selector, text: str, matches: str, excludes: str) -> bool:
    if selector.kind != "doublestar" or selector.decoration not in {matches, excludes}:
        raise CannotTell(
            f"Harbor's selector {selector.decoration[:80]!r} is one that cdkit does not know",
            remedy="use a newer cdkit",
        )
    return doublestar(selector.pattern, text) == (selector.decoration == matches)


REGISTRY = RegistryKind(
    name="Harbor", claims=claims, recognises=recognises, immutability=immutability
)
