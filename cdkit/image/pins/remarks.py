"""Words of ours in a file (`cdkit: allow …`) count in comments alone: in a value nobody said them.

JSON has no comments: there they count wherever they stand, as they do in what is YAML or HCL only
after a template engine has been through it.

Sources: YAML 1.2.2, 6.6 "Comments"; HCL Native Syntax Specification, "Comments".
"""

import re
from collections.abc import Callable, Iterable, Iterator

import yaml

from cdkit.core.errors import Unreadable
from cdkit.image.pins.document import Source
from cdkit.image.pins.hcl import texts

_WORD = re.compile("cdkit:")

Ranges = Iterable[tuple[int, int]]


def heard(source: Source) -> str:
    """Return the text of a file, its length kept, without the words of ours in its values."""
    ending = source.path.lower().rpartition(".")[2]
    values_of = _VALUES.get(ending)
    if values_of is None or "cdkit:" not in source.text:
        return source.text
    try:
        values = list(values_of(source))
    except (Unreadable, yaml.YAMLError):
        return source.text

    def said(found: re.Match[str]) -> str:
        inside = any(start <= found.start() < end for start, end in values)
        return " " * len(found[0]) if inside else found[0]

    return _WORD.sub(said, source.text)


def _of_yaml(source: Source) -> Iterator[tuple[int, int]]:
    """Yield where the scalars of all documents of a file stand."""
    for event in yaml.parse(source.text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
            yield event.start_mark.index, event.end_mark.index


_VALUES: dict[str, Callable[[Source], Ranges]] = {
    **dict.fromkeys(("yaml", "yml"), _of_yaml),
    **dict.fromkeys(("tf", "tofu", "tfvars", "hcl"), texts),
}
