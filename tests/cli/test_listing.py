"""Lists for a person: what is shown can be copied, and what is cut off says so."""

from cdkit.cli.listing import listing

IMAGE = f"registry.example.com/a/rather/long/name/of/a/repository/orders@sha256:{'0a' * 32}"


def test_an_image_is_shown_with_its_whole_digest() -> None:
    assert listing(("image",), [(IMAGE,)], "text").splitlines()[1] == IMAGE


def test_what_is_cut_off_says_so() -> None:
    shown = listing(("why", "by"), [("x" * 300, "ann")], "text").splitlines()[1]
    assert shown == f"{'x' * 249}…  ann"
