"""Writes the corpus's truth anew: `python -m tests.migrations.corpus_truth [NAME OF A CASE]…`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import msgspec
import psycopg

from tests.migrations.corpus import Truth, cases, truth_file
from tests.migrations.replaying import OWNER, done, prepare, prepared_corpus
from tests.parts import postgres


def main(wanted: list[str]) -> None:
    """Ask the system's server and the embedded one about every case, or about some."""
    system = postgres.binaries()
    folders = {path.parent for path in postgres.embedded()} | ({system} if system else set())
    for folder in folders:
        home = Path(tempfile.mkdtemp(prefix="cdkit-pg-", dir="/tmp"))
        for server in postgres.running(folder, home):
            _write(server, wanted)
        shutil.rmtree(home, ignore_errors=True)


def _write(server: postgres.Server, wanted: list[str]) -> None:
    with psycopg.connect(server.dsn()) as connection:
        major = connection.info.server_version // 10000
    corpus = prepared_corpus(server)
    found: dict[str, Truth] = {}
    copy = server.new_database(corpus.template, OWNER)
    with psycopg.connect(server.dsn(copy), autocommit=True) as session:
        prepare(session, corpus.queries)
        for case in cases():
            if case.only in {0, major} and (not wanted or case.name in wanted):
                try:
                    found[case.name] = done(corpus, session, case)
                except psycopg.Error as fault:
                    sys.stderr.write(f"{major} {case.name}: {fault}\n")
    if wanted:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    else:
        truth_file(major).write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
