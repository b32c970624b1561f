"""https://no-color.org: a person's terminal, and every CI system that we do not know.

It is meant when no other system claims the environment; gitlab-ci-local, which sets
`GITLAB_CI=false`, lands here too, and so does any job after `CDKIT_CI=terminal`. Nothing is known
about the build, so names come from git.
"""

from cdkit.ci.system import CiSystem, Environ, Sample, Told
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
    told=Told(note="Meant where no other system is recognised; names come from git."),
    samples=(
        Sample(name="a person's shell", environ={"TERM": "xterm", "HOME": "/"}, context=_NOTHING),
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
    ),
)
