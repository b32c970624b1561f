"""GitLab CI: pipelines, and the files that they include."""

import re

from cdkit.image.pins.document import Document
from cdkit.image.pins.jobs import find, has_jobs
from cdkit.image.pins.use import FileFormat

_OWN = re.compile(r"\.gitlab-ci\.ya?ml$")
_VALUES = re.compile(r"values[^/]*$")
"""A chart's values for its tests, which stand in `ci/`, too."""


def claims(document: Document) -> bool:
    """Whether it is a pipeline by its name, or a file that one includes by its content."""
    if _OWN.search(document.path):
        return True
    if document.templated or _VALUES.search(document.path):
        return False
    return has_jobs(document.root)


FORMAT = FileFormat(
    name="gitlab",
    title="GitLab CI",
    known_by="`.gitlab-ci.yml`, `*.gitlab-ci.yml`, folders such as `.gitlab/` and `ci/`",
    syntax="tree",
    paths=(
        r"\.gitlab-ci\.ya?ml",
        r"(?:^|/)\.?(?:gitlab|gitlab-ci|ci)/.+\.ya?ml",
    ),
    certain=(r"\.gitlab-ci\.ya?ml",),
    needles=(),
    any_of=(b"image", b"services"),
    claims=claims,
    find=find,
    source="https://docs.gitlab.com/ci/yaml/#image",
)
