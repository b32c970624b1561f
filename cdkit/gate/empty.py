"""Keys of a policy that stand there and ask for nothing: a list that was emptied, a value unfilled.

`signed-by: []` would let anybody sign, as if it were not there; who wrote it meant something else.
So would a signer without an `issuer` (Sigstore's package asks for none then), or with no `kinds`.
"""

from collections.abc import Iterator

import yaml

from cdkit.core.config.nodes import compose, place
from cdkit.core.errors import Fault

_NULL = "tag:yaml.org,2002:null"
_WHOLE = ("signed-by", "locked", "extends", "baseline")
"""Keys of the policy itself that are worth nothing without a value."""

_PEOPLE = ("approvals", "break-glass")
"""Keys whose `by` lets anybody where it is empty."""


def empties(data: bytes, *, where: str) -> Iterator[Fault]:
    """Yield a fault for each such key, at its place. The file must have been read as a policy."""
    root = compose(data, where=where)
    whole = dict(_pairs(root))
    lists = [
        pair
        for stage in _items(whole.get("stages"))
        for pair in _pairs(stage)
        if pair[0] in {"enter", "stay"}
    ]
    asked = [pair for pair in lists if isinstance(pair[1], yaml.ScalarNode)]
    asked += [pair for _, wanted in lists for one in _items(wanted) for pair in _pairs(one)]
    asked += [(name, node) for name, node in whole.items() if name in _WHOLE]
    for _, signers in _pairs(whole.get("signers")):
        asked += [pair for signer in _items(signers) for pair in _pairs(signer)]
    people = [*asked, *((name, node) for name, node in whole.items() if name in _PEOPLE)]
    asked += [
        ("by", node)
        for name, value in people
        if name in _PEOPLE
        for key, node in _pairs(value)
        if key == "by"
    ]
    for name, node in asked:
        if _is_empty(node):
            yield Fault(
                f"{name!r} is empty, and asks for nothing",
                where=place(node, where=where),
                remedy=f"fill it in, or leave `{name}` out",
            )


def _is_empty(node: yaml.Node) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return node.tag == _NULL or not node.value.strip()
    return not node.value


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []
