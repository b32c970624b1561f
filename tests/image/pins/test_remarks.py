"""An allowance counts in a comment, and in no value that looks like one."""

from __future__ import annotations

import pytest

from cdkit.image.pins.document import Source
from cdkit.image.pins.remarks import heard

ALLOWED = "# cdkit: allow mutable-image (why)"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", f"image: nginx:1  {ALLOWED}\n"),
        ("a.yaml", f"{ALLOWED}\nimage: nginx:1\n"),
        ("a.yaml", f"script: |\n  a\n\n{ALLOWED}\nimage: nginx:1\n"),
        ("a.yaml", f"script: |\n  a\n{ALLOWED}\nimage: nginx:1\n"),
        ("a.yaml", f"a: 1\n---\nimage: nginx:1  {ALLOWED}\n"),
        ("a.yaml", f"é: '😀'\nimage: nginx:1  {ALLOWED}\n"),
        ("a.yaml", f"{{{{ if .x }}}}\nimage: nginx:1  {ALLOWED}\n{{{{ end }}}}\n"),
        ("a.tf", f'image = "nginx:1" {ALLOWED}\n'),
        ("a.tf", f'/* "a */ image = "nginx:1" {ALLOWED}\n'),
        ("a.json", f'{{"image": "nginx:1", "why": "{ALLOWED}"}}'),
        ("Dockerfile", f"{ALLOWED}\nFROM nginx:1\n"),
    ],
)
def test_what_a_comment_says_is_heard(path: str, text: str) -> None:
    assert heard(Source(path=path, text=text)) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", f"- {{args: ['{ALLOWED}'], image: nginx:1}}\n"),
        ("a.yaml", f"script: |\n  {ALLOWED}\nimage: nginx:1\n"),
        ("a.yaml", f"a: 1\n---\nscript: >-\n  {ALLOWED}\nimage: nginx:1\n"),
        ("a.yml", f'é: "😀 {ALLOWED}"\nimage: nginx:1\n'),
        ("a.tf", f'user_data = "{ALLOWED}"\nimage = "nginx:1"\n'),
        ("a.tf", f'script = <<EOF\n{ALLOWED}\nEOF\nimage = "nginx:1"\n'),
    ],
)
def test_what_a_value_says_is_not(path: str, text: str) -> None:
    said = heard(Source(path=path, text=text))
    assert "cdkit:" not in said
    assert len(said) == len(text)
