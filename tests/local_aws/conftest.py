"""One embedded AWS for each worker, and ways to deploy to it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from datafi_cdk.local import CdkCli, EmbeddedAws

Eventually = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    """A running embedded AWS, shared by the tests of a worker."""
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Polls a condition until it is truthy and returns its value; fails after 20 seconds."""

    def poll(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 20
        while not (value := condition()):
            assert time.monotonic() < deadline, "the condition did not become true"
            time.sleep(0.02)
        return value

    return poll


@dataclass
class Stack:
    """A CloudFormation stack of the embedded AWS, deployed without the `cdk` command."""

    aws: EmbeddedAws
    eventually: Eventually
    name: str

    def deploy(self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> str:
        """Create or update the stack and return the status that it ends in."""
        cloudformation = self.aws.client("cloudformation")
        change = cloudformation.update_stack if self._description() else cloudformation.create_stack
        template = {
            "Resources": resources,
            "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
        }
        change(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        return self._settled()

    def delete(self) -> str:
        """Delete the stack and return the status that it ends in."""
        cloudformation = self.aws.client("cloudformation")
        stack_id = self._description()["StackId"]
        cloudformation.delete_stack(StackName=self.name)
        self.name = stack_id
        return self._settled()

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        outputs = self._description().get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def physical_id(self, logical_id: str) -> str:
        """What `Ref` gives for a resource."""
        resource = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def failures(self) -> str:
        """Why resources failed."""
        events = self.aws.client("cloudformation").describe_stack_events(StackName=self.name)
        return "\n".join(
            event.get("ResourceStatusReason", "")
            for event in events["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        )

    def _description(self) -> dict[str, Any]:
        for stack in self.aws.client("cloudformation").describe_stacks()["Stacks"]:
            if self.name in (stack["StackName"], stack["StackId"]):
                return dict(stack)
        return {}

    def _settled(self) -> str:
        def final() -> str | None:
            (stack,) = self.aws.client("cloudformation").describe_stacks(StackName=self.name)[
                "Stacks"
            ]
            status = str(stack["StackStatus"])
            return None if status.endswith("_IN_PROGRESS") else status

        return str(self.eventually(final))


@pytest.fixture
def stack(embedded_aws: EmbeddedAws, eventually: Eventually) -> Stack:
    """A stack with a name of its own, not deployed yet."""
    return Stack(embedded_aws, eventually, f"test-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def make_cdk(
    embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], CdkCli]:
    """Writes an app into a folder of its own and gives the `cdk` command for it."""

    def make(source: str) -> CdkCli:
        folder = tmp_path_factory.mktemp("app with a space")
        (folder / "app.py").write_text(source)
        (folder / "cdk.json").write_text('{"app": "python3 app.py"}')
        return CdkCli(embedded_aws, folder)

    return make
