"""`python -m cdkit`, and what the console script calls."""

import sys

from cdkit.cli.main import main as run


def main() -> None:
    """Run the command line."""
    run(sys.argv[1:])


if __name__ == "__main__":
    main()
