"""Lines of templates, and values with tags of their own: what readers take and we must not miss."""

from __future__ import annotations

import pytest

from cdkit.core.errors import Unreadable
from cdkit.image.pins.find import all_formats, read
from tests.image.pins.cases import COMMIT, DIGEST, pinned

OBJECT = "apiVersion: v1\nkind: Pod\nspec:\n{{ if .x }}\n  containers:\n"


def told(path: str, name: str, text: str) -> list[tuple[str, bool]]:
    """Return each reference, and whether a digest can be written into it."""
    found = read(path, text.encode(), [all_formats()[name]])
    return [(use.text, bool(use.edits)) for use in found.uses] if found else []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- image: a:1", [("a:1", True)]),
        ("- image: a:1, # why", [("a:1", True)]),
        ("- image: &a a:1", [("a:1", True)]),
        ("- image: *a", []),
        ("- {name: x, image: a:1}", [("a:1", True)]),
        ("- {image: 'a:1', name: x}", [("a:1", True)]),
        ('containers: [{"image": "a:1"}, {image: b}]', [("a:1", True), ("b", True)]),
        ("- {image: a:{{ .x }}, name: y}", [("a:{{ .x }}", False)]),
        ('- {image: "{{ .x }}", name: y}', [("{{ .x }}", False)]),
        ("# {image: a:1}", []),
        ('x: {{ dict "image" "a:1" }}', []),
        ('{{ printf "{a, image: %s" .x }}', []),
    ],
)
def test_a_line_of_a_template_names_images_in_block_and_flow(
    line: str, expected: list[tuple[str, bool]]
) -> None:
    assert told("a.yaml", "kubernetes", f"{OBJECT}  {line}\n") == expected


def test_an_image_in_a_flow_of_a_template_is_pinned_where_it_stands() -> None:
    line = "  - {name: {{ .x }}, image: a:1} # y\n"
    found = read("a.yaml", (OBJECT + line).encode(), [all_formats()["kubernetes"]])

    assert found
    assert pinned(found).data == (OBJECT + line.replace("a:1", f"a:1@{DIGEST}")).encode()


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        (
            "a.yaml",
            "kubernetes",
            "apiVersion: !x v1\nkind: !y Pod\ncontainers: [{image: !z a:1}]\n",
        ),
        ("a.yaml", "kubernetes", "apiVersion: v1\nkind: Pod\ncontainers: {b: {image: !z 'a:1'}}\n"),
        ("a.yaml", "tekton", "apiVersion: !x tekton.dev/v1\nspec: {steps: [{image: !x a:1}]}\n"),
        ("compose.yml", "compose", "services: {b: {build: .}, c: {image: !override a:1}}\n"),
        (".gitlab-ci.yml", "gitlab", "job: {script: x, image: !x a:1}\n"),
        ("cloudbuild.yaml", "cloudbuild", "steps: [{name: c, args: [-t, '']}, {name: !x a:1}]\n"),
    ],
)
def test_a_tag_of_its_own_hides_no_image(path: str, name: str, text: str) -> None:
    assert ("a:1", False) in told(path, name, text)


def test_a_tag_of_its_own_hides_no_action() -> None:
    text = "jobs: {a: {steps: [{uses: !x a/b@v1}, {uses: !y 'docker://a:1'}]}}\n"

    assert told(".github/workflows/a.yml", "github", text) == [("a/b@v1", True), ("a:1", False)]


def test_an_action_may_name_its_server() -> None:
    text = "jobs: {a: {steps: [{uses: 'https://code.forgejo.org/a/b/c@v1'}]}}\n"
    found = read(".forgejo/workflows/a.yml", text.encode(), [all_formats()["github"]])

    assert found
    assert pinned(found).data == text.replace("@v1'}]}}", f"@{COMMIT}'}}]}}}} # v1").encode()


@pytest.mark.parametrize(("character", "column"), [("\0", 5), ("\x7f", 5)])
def test_a_character_that_yaml_forbids_is_told_at_its_place(character: str, column: int) -> None:
    text = f"apiVersion: v1\nkind: '\N{GRINNING FACE}'\nx: {character}\n".replace("x: ", "x: y")
    with pytest.raises(Unreadable) as caught:
        read("a.yaml", text.encode(), [all_formats()["kubernetes"]])

    assert str(caught.value).startswith(f"a.yaml:3:{column}: is not YAML: unacceptable character")
