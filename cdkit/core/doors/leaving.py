"""The door out: a run that is over ends, and takes nothing of what it holds apart before."""

import atexit
import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process with a code, once all that is written is out and exit functions have run.

    The interpreter's own end looks at each object once more to free it, which takes longer than
    some steps do. It is left to that where other threads run, which it waits for, where somebody
    traces or measures, and where what is written cannot be got rid of, which it tells.
    """
    if _may_go():
        try:
            atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter runs; there is no other name
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):
            sys.exit(code)
        os._exit(code)
    sys.exit(code)


def _may_go() -> bool:
    threading = sys.modules.get("threading")
    return not (sys.gettrace() or sys.getprofile() or (threading and threading.active_count() > 1))
