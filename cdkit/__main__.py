"""`python -m cdkit`, and what the console script calls."""

import sys

from cdkit.cli.main import run


def main() -> None:
    """Run the command line, and end the process."""
    run(sys.argv[1:])


if __name__ == "__main__":
    main()
