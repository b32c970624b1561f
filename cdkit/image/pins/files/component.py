"""GitLab CI components: the files in `templates/` that other projects' pipelines include."""

import re

from cdkit.image.pins.document import Document
from cdkit.image.pins.jobs import find, has_jobs
from cdkit.image.pins.use import FileFormat

_HEADER = re.compile(r"^spec:", re.MULTILINE)
_PIPELINE = re.compile(r"\.gitlab-ci\.ya?ml$|(?:^|/)\.?(?:gitlab|gitlab-ci|ci)/")


def claims(document: Document) -> bool:
    """Whether it has a component's header, and is no pipeline by its name or folder."""
    if document.templated or _PIPELINE.search(document.path):
        return False
    return bool(_HEADER.search(document.text)) and has_jobs(document.root)


FORMAT = FileFormat(
    name="component",
    title="GitLab CI components",
    known_by="`templates/*.yml` with a `spec:` before its jobs",
    syntax="tree",
    paths=(r"(?:^|/)templates/(?:[^/]+/template|[^/]+)\.ya?ml",),
    needles=(b"spec", b"inputs"),
    any_of=(b"image", b"services"),
    claims=claims,
    find=find,
    source="https://docs.gitlab.com/ci/components/",
)
