"""What a source is: a tool's way of writing migrations, and a file as that tool reads it."""

from collections.abc import Callable

from msgspec import Struct

from cdkit.migrations.text import Text


class Script(Struct, frozen=True, kw_only=True):
    """The part of a file that runs on the way up, offsets kept: all else in it is blank.

    `in_transaction` says whether the tool wraps it in a transaction; None where that depends on
    who runs the file.
    """

    sql: bytes
    in_transaction: bool | None = None


class Source(Struct, frozen=True, kw_only=True):
    """A source, exported as SOURCE by a module of `sources/`.

    `recognises` gets the path and the bytes of a file, and exactly one source says yes; `read`
    gives the part that runs. `up_of` says of a path which names (a pattern each, `*` for any text)
    the migration would have that it takes back: only beside one of these it is left out.
    """

    recognises: Callable[[str, bytes], bool]
    read: Callable[[bytes], Script]
    up_of: Callable[[str], tuple[str, ...]]


class Migration(Struct, frozen=True, kw_only=True):
    """A migration file: its text, what of it runs, and which source it is of."""

    text: Text
    script: Script
    source: str

    @property
    def path(self) -> str:
        """The path as the user wrote it."""
        return self.text.path
