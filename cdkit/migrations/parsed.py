"""What a reader makes of a file: its statements in order, and what of it could not be read."""

from msgspec import Struct

from cdkit.migrations.statement import Statement
from cdkit.migrations.trouble import Trouble


class Parsed(Struct, frozen=True, kw_only=True):
    """The statements of a file, in order, and what could not be read."""

    statements: tuple[Statement, ...] = ()
    troubles: tuple[Trouble, ...] = ()
