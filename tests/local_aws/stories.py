"""Stories of a deployment: what is done with it, and what was there before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from datafi_cdk.errors import LocalAwsError

from .deployed_edge import STACK, Edge
from .everything import everything
from .held_data import Data, content_of, data_of, made_by

VERSIONS = f"{STACK}-versions"


@dataclass(frozen=True)
class Chapter:
    """What was there before and after something was done.

    Args:
        before: What held data before, by logical id without its hash.
        contents: What was in it.
        left: Of these, what is still there, with what is in it now.
        after: What holds data in the stacks that there are now.
        made: What holds data and was made by the servers' stack since that exists.
        entries: Everything that is there now, and was not there before the story.
        statuses: The stacks that there are now.
        failure: What the `cdk` command said if it failed.
    """

    before: dict[str, Data]
    contents: dict[Data, Any]
    left: dict[Data, Any]
    after: dict[str, Data]
    made: dict[str, Data]
    entries: set[str]
    statuses: dict[str, str]
    failure: str

    def gone(self) -> set[str]:
        """The names of what held data and is no more."""
        return {name for name, data in self.before.items() if data not in self.left}

    def changed(self) -> set[str]:
        """The names of what holds other data than before."""
        return {
            name
            for name, data in self.before.items()
            if data in self.left and self.left[data] != self.contents[data]
        }


@dataclass
class Story:
    """A deployment, and what is done with it.

    Args:
        edge: The deployment.
        deletes: Whether its resources may be deleted.
    """

    edge: Edge
    deletes: bool
    chapters: dict[str, Chapter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note what there is before the story."""
        self._base = everything(self.edge.aws)

    def tell(self, title: str, act: Callable[[], object]) -> None:
        """Do something, and note what was there before and after.

        Args:
            title: The name of the chapter.
            act: What is done; the `cdk` command in it may fail.
        """
        aws = self.edge.aws
        before = self.data()
        contents = {data: content_of(aws, data) for data in before.values()}
        failure = ""
        try:
            act()
        except LocalAwsError as error:
            failure = str(error)
        now, statuses = everything(aws), self._statuses()
        self.chapters[title] = Chapter(
            before=before,
            contents=contents,
            left={data: content_of(aws, data) for data in contents if data.entry in now},
            after=self.data(),
            made=made_by(aws, STACK) if STACK in statuses else {},
            entries=now - self._base,
            statuses=statuses,
            failure=failure,
        )

    def data(self) -> dict[str, Data]:
        """What holds data in the stacks that there are."""
        return {
            name: data
            for stack in self._statuses()
            for name, data in data_of(self.edge.aws, stack).items()
        }

    def _statuses(self) -> dict[str, str]:
        found = self.edge.aws.client("cloudformation").describe_stacks()["Stacks"]
        return {
            each["StackName"]: each["StackStatus"]
            for each in found
            if each["StackName"] in (STACK, VERSIONS)
        }

    def write(self, domain: str, **servers: dict[str, Any]) -> None:
        """Set domain and servers in the code."""
        self.edge.further = {
            "allow_delete_resources": self.deletes,
            "dns": {"root_domain": domain, "enable_namespace": True},
            "load_balancer": {"access_logs": True},
            "new_vpc": {"flow_logs": True},
        }
        self.edge.code = servers

    def unprotect(self) -> None:
        """Turn off the deletion protection of the load balancer, as `docs/data.md` says."""
        elbv2 = self.edge.aws.client("elbv2")
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
        )
