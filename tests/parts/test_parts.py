"""The real parts do what other tests take for granted."""

from __future__ import annotations

import http.client
import os
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import psycopg
import pymysql
import pytest

from tests.parts import podman as podman_part
from tests.parts import postgres as postgres_part
from tests.parts import presence, registry
from tests.parts.node import Node

if TYPE_CHECKING:
    from docker import DockerClient


def look_and_find_nothing(part: str) -> str:
    return f"no {part} anywhere; get one"


def test_a_missing_part_skips_with_a_reason_that_says_how_to_get_it() -> None:
    with pytest.raises(pytest.skip.Exception, match="docker: no docker anywhere; get one"):
        presence.demand(("docker",), frozenset(), look_and_find_nothing)


def test_a_missing_part_that_is_required_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="docker is required here, and missing"):
        presence.demand(("docker",), frozenset({"docker"}), look_and_find_nothing)


def test_a_part_that_nobody_knows_fails_even_where_nothing_is_required() -> None:
    with pytest.raises(pytest.fail.Exception, match="no such part"):
        presence.demand(("dokcer",), frozenset())


def test_requiring_a_part_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(pytest.UsageError, match="postgers"):
        presence.required("docker, postgers")


def test_the_environment_looks_like_a_terminal() -> None:
    assert [name for name in os.environ if name == "CI" or name.startswith("GITHUB_")] == []


@pytest.mark.needs("docker")
def test_the_engine_runs_linux_containers(docker_engine: DockerClient) -> None:
    assert docker_engine.version()["Os"] == "linux"


@pytest.mark.needs("podman")
def test_podman_answers_as_docker_does(podman: podman_part.Podman) -> None:
    client = docker.DockerClient(base_url=podman.host, version="1.40")
    assert client.info()["OSType"] == "linux"
    client.close()


def answer(address: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", "/v2/", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.needs("registry")
def test_the_open_registry_asks_for_no_login(registry: registry.Registry) -> None:
    assert answer(registry.address, {}) == 200


@pytest.mark.needs("registry")
def test_the_closed_registry_refuses_strangers(registry_with_login: registry.Registry) -> None:
    assert answer(registry_with_login.address, {}) == 401


@pytest.mark.needs("registry")
def test_the_closed_registry_lets_its_user_in(registry_with_login: registry.Registry) -> None:
    login = b64encode(f"{registry_with_login.user}:{registry_with_login.password}".encode())
    headers = {"Authorization": f"Basic {login.decode()}"}
    assert answer(registry_with_login.address, headers) == 200


@pytest.mark.needs("postgres")
def test_a_new_database_is_empty(postgres: str) -> None:
    query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    with psycopg.connect(postgres) as connection:
        assert connection.execute(query).fetchone() == (0,)


@pytest.mark.needs("postgres")
def test_a_database_made_from_a_template_has_its_tables(
    postgres_server: postgres_part.Server,
) -> None:
    template = postgres_server.new_database()
    with psycopg.connect(postgres_server.dsn(template)) as connection:
        connection.execute("CREATE TABLE orders (id bigint PRIMARY KEY)")
    copy = postgres_server.new_database(template)
    with psycopg.connect(postgres_server.dsn(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


@pytest.mark.needs("node")
def test_node_imports_the_packages_from_any_folder(node: Node, tmp_path: Path) -> None:
    script = tmp_path / "evaluate.mjs"
    script.write_text(
        'import {Lexer, Parser, Evaluator, data} from "@actions/expressions";\n'
        'const tree = new Parser(new Lexer("1 == 1").lex().tokens, [], []).parse();\n'
        "console.log(new Evaluator(tree, new data.Dictionary()).evaluate().coerceString());\n",
    )
    done = node.run(script)
    assert (done.stdout, done.stderr) == ("true\n", "")


@pytest.mark.needs("mariadb")
def test_a_new_mariadb_database_is_empty(mariadb: pymysql.Connection) -> None:
    with mariadb.cursor() as cursor:
        assert cursor.execute("SHOW TABLES") == 0
