"""What a hostile file can cost: aliases, expressions and lines that would not end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import Unreadable
from cdkit.image.pins import find
from cdkit.image.pins.find import FileUses

MANY = 5_000
BLANKS = " " * 200_000
STEPS = "    - uses: a/b@v1\n"
WORKFLOW = ".github/workflows/a.yml"


Look = Callable[[str, str], FileUses | None]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Return what finds the references in a text, were it a file of this path."""

    def found(path: str, text: str) -> FileUses | None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return find.look(path, DiskFiles(tmp_path), {})

    return found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            WORKFLOW,
            f"jobs:\n  x:\n    steps: &s\n{STEPS * MANY}"
            + "".join(f"  a{i}: {{steps: *s}}\n" for i in range(MANY)),
        ),
        (
            "pod.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- containers: &s\n"
            + "  - image: nginx\n" * MANY
            + "- containers: *s\n" * MANY,
        ),
        (
            "kustomization.yaml",
            "patches:\n- &p\n  patch: |\n"
            + "    - {op: replace, path: /spec/image, value: x}\n" * MANY
            + "- *p\n" * MANY,
        ),
        (
            "merged.yaml",
            "apiVersion: v1\nkind: x\na0: &a0 {image: x}\n"
            + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 99)),
        ),
    ],
)
def test_aliases_that_stand_for_too_much_are_refused(look: Look, path: str, text: str) -> None:
    with pytest.raises(Unreadable, match="holds aliases that stand for over"):
        look(path, text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            f"hub: {{image: x, script: x, extends: [{','.join(f'j{i}' for i in range(MANY))}]}}\n"
            + "".join(f"j{i}: {{script: x, extends: hub}}\n" for i in range(MANY)),
            "`extends`",
        ),
        (
            "variables:\n"
            + "".join(f"  X{i}: nginx\n" for i in range(MANY))
            + "".join(f"j{i}: {{script: x, image: $X{i}}}\n" for i in range(MANY)),
            "variables",
        ),
    ],
)
def test_jobs_that_are_tangled_too_much_are_refused(look: Look, text: str, what: str) -> None:
    with pytest.raises(Unreadable, match=f"has jobs that {what} tie"):
        look(".gitlab-ci.yml", text)


@pytest.mark.parametrize(
    ("path", "text", "uses"),
    [
        ("Dockerfile", f"# syntax=a{BLANKS}b\nFROM x\n", 2),
        ("pod.yaml", f"apiVersion: v1\nkind: x\n{{{{ a\nimage: a{BLANKS}b\n", 1),
        (".gitlab-ci.yml", f"image: $X\nvariables: {{X: n}}\n# {'$[[inputs.a' * 50_000}\n", 1),
        (
            ".gitlab-ci.yml",
            f'image: $X\nvariables: {{X: n}}\na: {{script: "{"$[[inputs.a" * 50_000}"}}\n',
            1,
        ),
        ("compose.yml", f'services: {{a: {{image: "{"${A:-" * 90_000}{"}" * 90_000}"}}}}\n', 1),
        (
            "compose.yml",
            "services:\n" + "".join(f"  p{i}: {{extends: p{i - 1}}}\n" for i in range(20_000)),
            0,
        ),
        (
            WORKFLOW,
            "jobs:\n  x:\n    steps:\n" + "    - {uses: a/b@v1, with: {a: b}}\n" * 10_000,
            10_000,
        ),
    ],
)
def test_a_long_line_or_chain_is_read_in_time_that_grows_with_it(
    look: Look, path: str, text: str, uses: int
) -> None:
    found = look(path, text)

    assert len(found.uses if found else ()) == uses


def test_a_directive_without_a_value_is_none(look: Look) -> None:
    found = look("Dockerfile", "# syntax=  \nFROM nginx:1\n")

    assert [use.text for use in found.uses] == ["nginx:1"] if found else False


def test_a_key_that_stands_twice_in_json_is_told_at_its_line(look: Look) -> None:
    text = '{"apiVersion": "v1", "kind": "x",\n\t"a": "\\ud83d\\ude00",\n"image": 1,\n "image": 2}'

    with pytest.raises(Unreadable) as caught:
        look("pod.json", text.replace('"image": 1', '"containers": [{"image": 1,\n"image": 2}]'))

    assert str(caught.value).startswith("pod.json:4:1: ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", 'apiVersion: v1\nkind: Pod\nspec: {containers: [{"im\\x61ge": evil}]}\n'),
        ("a.json", '{"apiVersion": "v1", "kind": "x", "containers": [{"\\u0069mage": "evil"}]}'),
        ("a.yaml", 'apiVersion: v1\nkind: Pod\nspec: {containers: [{? "im\\\n age" : evil}]}\n'),
        ("a.yaml", 'apiVersion: "tekton\\u002edev/v1"\nkind: x\nspec: {steps: [{image: evil}]}\n'),
        ("a.json", '{"apiVersion": "tekton.dev\\/v1", "spec": {"steps": [{"image": "evil"}]}}'),
        (WORKFLOW, 'jobs: {a: {steps: [{"\\x75ses": "docker:\\x2f/evil"}]}}\n'),
    ],
)
def test_what_is_spelt_with_escapes_is_found_all_the_same(look: Look, path: str, text: str) -> None:
    found = look(path, text)

    assert [use.text for use in found.uses] == ["evil"] if found else False


def test_a_key_that_is_spelt_with_escapes_is_found_in_a_file_that_is_too_large(look: Look) -> None:
    large = f"# {' ' * find.LARGEST}\n"

    assert look("a.yaml", f"{large}apiVersion: v1\n") is None
    with pytest.raises(Unreadable, match="may name images"):
        look("a.yaml", f'{large}apiVersion: v1\nkind: Pod\n"im\\x61ge": evil\n')
