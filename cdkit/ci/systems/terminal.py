"""https://no-color.org: a person's terminal, and every CI system that we do not know.

It is meant when no other system claims the environment. Gitea's and Forgejo's runners imitate
GitHub's variables without GitHub's meanings (run numbers, addresses), and gitlab-ci-local sets
`GITLAB_CI=false`: they land here too, and so does any job after `CDKIT_CI=terminal`. Nothing is
known about the build, so names come from git; `CDKIT_CI=github` is there for who knows better.
"""

from cdkit.ci.system import CiSystem, Environ, Sample
from cdkit.core.context import BuildContext


def present(environ: Environ) -> bool:
    """Claim nothing: the terminal is what is left."""
    del environ
    return False


def read(environ: Environ) -> BuildContext:
    """Return a context that says nothing but that a person, or a stranger, runs us."""
    del environ
    return BuildContext(system="terminal")


_NOTHING = BuildContext(system="terminal")

SYSTEM = CiSystem(
    name="terminal",
    title="a terminal",
    present=present,
    read=read,
    log_colour=True,
    fallback=True,
    samples=(
        Sample(name="a person's shell", environ={"TERM": "xterm", "HOME": "/"}, context=_NOTHING),
        Sample(
            name="Gitea Actions, which imitates GitHub's variables",
            environ={"CI": "true", "GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true"},
            context=_NOTHING,
        ),
        Sample(
            name="Forgejo Actions, which does so too",
            environ={"CI": "true", "GITHUB_ACTIONS": "true", "FORGEJO_ACTIONS": "true"},
            context=_NOTHING,
        ),
        Sample(
            name="gitlab-ci-local, which says that it is not GitLab",
            environ={"CI": "true", "GITLAB_CI": "false", "CI_PIPELINE_ID": "1000"},
            context=_NOTHING,
        ),
        Sample(
            name="a shell that has inherited Jenkins' address, outside any build",
            environ={"JENKINS_URL": "https://jenkins.example.com/", "JENKINS_HOME": "/var/jenkins"},
            context=_NOTHING,
        ),
        Sample(
            name="TeamCity, which shares BUILD_NUMBER with Jenkins",
            environ={"TEAMCITY_VERSION": "2026.07", "BUILD_NUMBER": "12"},
            context=_NOTHING,
        ),
    ),
)
