"""The one constant from which every name and address of ours derives."""

import cdkit

NAMESPACE = "https://cdkit.dev"
"""Prefix of our identifiers. It names things; nothing is ever fetched from it."""

TOOL = f"cdkit {cdkit.__version__}"


def predicate_type(kind: str, version: int = 1) -> str:
    """Return the in-toto predicate type of our documents of this kind and version."""
    return f"{NAMESPACE}/{kind}/v{version}"


def schema_id(kind: str, version: int = 1) -> str:
    """Return the `$id` of the JSON Schema of our documents of this kind and version."""
    return f"{NAMESPACE}/schemas/{kind}/v{version}.json"


def rule_page(domain: str, rule: str) -> str:
    """Return the path, inside the project, of the page that explains a rule."""
    return f"docs/rules/{domain}/{rule}.md"
