"""`python -m cdkit`, and what the console script calls."""

import sys

from cdkit.cli.main import main as run
from cdkit.core.doors.leaving import leave


def main() -> None:
    """Run the command line, and end the process."""
    try:
        run(sys.argv[1:])
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        leave(end.code)


if __name__ == "__main__":
    main()
