"""Runs in the project's own Python (3.8 or newer), and hands back what a renderer made there.

`python channel.py RENDERER` reads the request, a JSON object, from stdin, lets `render(request)` of
the file RENDERER.py beside it answer, and writes the answer as one JSON object to stdout. Whatever
the project itself prints goes elsewhere: the last of it is told as `heard`. Whatever it raises,
SystemExit too, is told as `fault`. A child that the project forked never answers.
"""

from __future__ import annotations

import collections
import json
import os
import runpy
import sys
import threading
import traceback
from typing import Any

MOST_HEARD = 64
"""How many pieces of what the project printed last are kept, of 1 KiB at the most each."""


class Heard:
    """What the project prints, drained so that it never waits, the end of it kept."""

    def __init__(self) -> None:
        self._kept: collections.deque[bytes] = collections.deque(maxlen=MOST_HEARD)
        source, sink = os.pipe()
        self._source = source
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.close(sink)
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        while True:
            try:
                piece = os.read(self._source, 1024)
            except OSError:
                return
            if not piece:
                return
            self._kept.append(piece)

    def end(self) -> str:
        """Return the end of what was printed."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                continue
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        # A child that the project forked may still hold the pipe.
        self._thread.join(timeout=1)
        return b"".join(list(self._kept)).decode("utf-8", "replace")


def fault_of(fault: BaseException) -> dict[str, Any]:
    """Return an exception as the answer tells it: what, and the last place of the project in it."""
    path, line = "", 0
    for frame in traceback.extract_tb(fault.__traceback__):
        inside = relative(frame.filename)
        if inside:
            path, line = inside, frame.lineno or 0
    if isinstance(fault, SyntaxError) and fault.filename and relative(fault.filename):
        path, line = relative(fault.filename), fault.lineno or 0
    return {"kind": type(fault).__name__, "said": str(fault)[:4000], "path": path, "line": line}


def relative(path: str) -> str:
    """Return a path of the project's own as the project writes it, nothing for any other."""
    home = os.path.realpath(os.getcwd())
    full = os.path.realpath(path)
    below = full.startswith(home + os.sep) and "site-packages" not in full and path[:1] != "<"
    return os.path.relpath(full, home).replace(os.sep, "/") if below else ""


def main() -> None:
    """Answer one request."""
    renderer = sys.argv[1]
    beside = os.path.dirname(os.path.abspath(__file__))
    request = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    sys.path[0] = os.getcwd()
    del sys.argv[1:]
    out = os.dup(1)
    heard = Heard()
    us = os.getpid()
    answer: dict[str, Any] = {}
    try:
        render: Any = runpy.run_path(os.path.join(beside, renderer + ".py"))["render"]
        answer = render(request, fault_of, relative)
    except BaseException as fault:  # sys.exit in an env.py is a fault like others
        answer = {"fault": fault_of(fault)}
    if os.getpid() != us:
        os._exit(0)
    answer["heard"] = heard.end()
    data = json.dumps(answer).encode("ascii")
    while data:
        data = data[os.write(out, data) :]
    # Neither threads nor exit handlers of the project keep us.
    os._exit(0)


if __name__ == "__main__":
    main()
