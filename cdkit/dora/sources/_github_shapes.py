"""What GitHub is asked, and what it answers, as far as it is read.

Source: docs.github.com, GraphQL API, "Deployments", "Pulls" (held against the schema that GitHub
publishes, of 2026); REST API 2022-11-28, "List repository issues", "Compare two commits". The
number of a deployment (`databaseId`) is not asked for: it is an Int of 32 bits there, and those of
2024 were at 1.8 thousand millions already.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

Time = Annotated[datetime, Meta(tz=True)]

DEPLOYMENTS = """
query($owner: String!, $name: String!, $after: String, $environments: [String!]) {
  repository(owner: $owner, name: $name) {
    page: deployments(first: 100, after: $after, environments: $environments,
                      orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id createdAt commitOid environment latestEnvironment task payload creator { login }
        statuses(first: 30) { totalCount nodes { state createdAt logUrl } }
      }
    }
  }
}"""

STATUSES = """
query($id: ID!, $after: String) {
  repository: node(id: $id) {
    ... on Deployment {
      page: statuses(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { state createdAt logUrl }
      }
    }
  }
}"""

MERGED = """
query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    page: pullRequests(first: 50, after: $after, states: MERGED,
                       orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id updatedAt mergedAt mergeCommit { oid authoredDate parents(first: 1) { totalCount } }
        commits(first: 100) {
          totalCount
          nodes { commit { oid authoredDate committedDate parents(first: 1) { totalCount } } }
        }
      }
    }
  }
}"""


COMMITS = """
query($id: ID!, $after: String) {
  repository: node(id: $id) {
    ... on PullRequest {
      page: commits(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { commit { oid authoredDate committedDate parents(first: 1) { totalCount } } }
      }
    }
  }
}"""


class Status(Struct, frozen=True, rename="camel"):
    """What was said of a deployment, when; `log_url` leads to the job that said it."""

    state: str
    created_at: Time
    log_url: str | None = None


class Statuses(Struct, frozen=True, rename="camel"):
    """The statuses of a deployment, or the first of them."""

    nodes: list[Status]
    total_count: int


class Actor(Struct, frozen=True):
    """Who did it: a person or an app."""

    login: str = ""


class Deployment(Struct, frozen=True, rename="camel"):
    """A deployment; `payload` is a text of JSON."""

    id: str
    created_at: Time
    commit_oid: str
    statuses: Statuses
    environment: str | None = None
    latest_environment: str | None = None
    task: str | None = None
    payload: str | None = None
    creator: Actor | None = None


class Label(Struct, frozen=True):
    """A label of an issue."""

    name: str


class Issue(Struct, frozen=True):
    """An issue, or a pull request, which is one too."""

    number: int
    created_at: Time
    closed_at: Time | None = None
    state_reason: str | None = None
    body: str | None = None
    labels: list[Label | str] = []
    pull_request: dict[str, Any] | None = None


class Count(Struct, frozen=True, rename="camel"):
    """How many there are."""

    total_count: int


class Written(Struct, frozen=True, rename="camel"):
    """A commit with its times; one that another answer names has no `committed_date`."""

    oid: str
    authored_date: Time
    committed_date: Time | None = None
    parents: Count = Count(1)


class InPull(Struct, frozen=True):
    """A commit of a pull request."""

    commit: Written


class Commits(Struct, frozen=True, rename="camel"):
    """The commits of a pull request, or the first of them."""

    nodes: list[InPull]
    total_count: int


class Pull(Struct, frozen=True, rename="camel"):
    """A merged pull request."""

    id: str
    updated_at: Time
    merged_at: Time
    commits: Commits
    merge_commit: Written | None = None


class Person(Struct, frozen=True):
    """When somebody wrote or committed something."""

    date: Time


class GitCommit(Struct, frozen=True):
    """The times of a commit."""

    author: Person
    committer: Person


class Parent(Struct, frozen=True):
    """A parent of a commit."""

    sha: str


class Compared(Struct, frozen=True):
    """A commit between two others."""

    sha: str
    commit: GitCommit
    parents: list[Parent]


class Comparison(Struct, frozen=True):
    """A page of what lies between two commits, oldest first."""

    total_commits: int
    commits: list[Compared]
