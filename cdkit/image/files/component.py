"""GitLab CI components: the files in `templates/` that other projects' pipelines include."""

import re

from cdkit.image.document import Document
from cdkit.image.files import gitlab
from cdkit.image.use import FileFormat

_HEADER = re.compile(r"^spec:", re.MULTILINE)
_PIPELINE = re.compile("|".join(f"(?:{path})$" for path in gitlab.FORMAT.paths))


def claims(document: Document) -> bool:
    """Whether it has a component's header, and is no pipeline by its name or folder."""
    if document.templated or _PIPELINE.search(document.path):
        return False
    return bool(_HEADER.search(document.text)) and gitlab.has_jobs(document.root)


FORMAT = FileFormat(
    name="component",
    title="GitLab CI components",
    syntax="tree",
    paths=(r"(?:^|/)templates/(?:[^/]+/template|[^/]+)\.ya?ml",),
    needles=(b"spec", b"inputs"),
    any_of=(b"image", b"services"),
    claims=claims,
    find=gitlab.find,
    source="https://docs.gitlab.com/ci/components/",
)
