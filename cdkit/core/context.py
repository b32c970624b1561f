"""What a CI system says about the build that runs us."""

from msgspec import Struct


class BuildContext(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The run that we are part of; an empty string or zero means that nobody said.

    `run` names the whole pipeline run and `attempt` its repetition (from 1), so that the pair is
    never used twice; `pipeline` names what it is a run of (a workflow, a job of Jenkins, a
    definition), `job` the job within it, and `leg` which one of a matrix it is, where
    all have the job's name (`2 of 4`). `branch` is the branch that the change is on,
    `target_branch` the one that a pull request wants to enter.
    """

    system: str
    repository: str = ""
    repository_url: str = ""
    commit: str = ""
    branch: str = ""
    tag: str = ""
    target_branch: str = ""
    default_branch: str = ""
    pull_request: str = ""
    event: str = ""
    run: str = ""
    attempt: int = 0
    number: str = ""
    pipeline: str = ""
    job: str = ""
    leg: str = ""
    url: str = ""
    actor: str = ""

    @property
    def build_id(self) -> str:
        """A name that no other attempt of any run of this system's project has, or an empty one."""
        if not self.run:
            return ""
        return f"{self.run}-{self.attempt}" if self.attempt else self.run
