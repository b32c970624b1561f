"""Tools that give each migration a folder of its own, in which its script has a fixed name."""

from msgspec import structs

from cdkit.migrations.folder import FolderTool, read_folder
from cdkit.migrations.look import join, parent
from cdkit.migrations.source import Project, Request

UP = "up.sql"
"""What the script is called where another one, `down.sql`, stands beside it."""


def folder_of(path: str) -> str:
    """Return the name of the folder that a migration is."""
    return parent(path).rpartition("/")[2]


def up_beside(path: str) -> tuple[str, ...]:
    """Return the migration that a `down.sql` takes back; none for any other file."""
    return (join(parent(path), UP),) if path.endswith("/down.sql") else ()


def read_nested(tool: FolderTool, request: Request, name: str = UP) -> Project:
    """Read the folders below the root; `name` is what the script in each is called."""
    # A file that is named alone stands in a folder of its own: the others are beside that.
    request = structs.replace(request, depth=max(request.depth, 1))
    return structs.replace(
        read_folder(tool, request),
        holds=lambda path: path.endswith(f"/{name}") and parent(parent(path)) == request.root,
    )
