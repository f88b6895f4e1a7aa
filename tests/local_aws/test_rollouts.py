"""ECS deployments take time, fail and roll back, and the service's history and events say so."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import EmbeddedAws

from .conftest import Eventually, Stack

pytestmark = pytest.mark.long

SECONDS = 1.0
DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def slow_aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS whose deployments take a second, and fail for two images."""
    with EmbeddedAws(rollout_seconds=SECONDS, failing_tags=("bad", DIGEST)) as aws:
        yield aws


@dataclass
class Service:
    """An ECS service of its own cluster, and the events that it sent."""

    aws: EmbeddedAws
    eventually: Eventually
    name: str = field(default_factory=lambda: f"s-{uuid.uuid4().hex[:8]}")
    queue: str = ""

    def __post_init__(self) -> None:
        """Send the service's events to a queue."""
        sqs, events = self.aws.client("sqs"), self.aws.client("events")
        self.queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        pattern = {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [{"suffix": f"/{self.name}"}],
        }
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        targets = [{"Id": "1", "Arn": arn["Attributes"]["QueueArn"]}]
        events.put_targets(Rule=self.name, Targets=targets)
        self.ecs = self.aws.client("ecs")
        self.ecs.create_cluster(clusterName=self.name)

    def revision(self, image: str) -> str:
        """The ARN of a new task definition with this image."""
        made = self.ecs.register_task_definition(
            family=self.name, containerDefinitions=[{"name": "es", "image": image, "memory": 128}]
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def create(self, image: str, breaker: dict[str, bool] | None = None, count: int = 1) -> str:
        """Create the service and return its task definition."""
        revision = self.revision(image)
        self.ecs.create_service(
            cluster=self.name,
            serviceName=self.name,
            taskDefinition=revision,
            desiredCount=count,
            deploymentConfiguration={
                "deploymentCircuitBreaker": breaker or {"enable": True, "rollback": True}
            },
        )
        return revision

    def update(self, image: str) -> str:
        """Move the service to a new revision and return it."""
        revision = self.revision(image)
        self.ecs.update_service(cluster=self.name, service=self.name, taskDefinition=revision)
        return revision

    def show(self) -> dict[str, Any]:
        """The service, as described."""
        (shown,) = self.ecs.describe_services(cluster=self.name, services=[self.name])["services"]
        return dict(shown)

    def deployments(self) -> list[tuple[str, str, str]]:
        """Status, state and task definition of the deployments, newest first."""
        return [
            (shown["status"], shown["rolloutState"], shown["taskDefinition"])
            for shown in self.show()["deployments"]
        ]

    def history(self, **filters: Any) -> list[dict[str, Any]]:
        """The service deployments, newest first."""
        answer = self.ecs.list_service_deployments(cluster=self.name, service=self.name, **filters)
        return list(answer["serviceDeployments"])

    def await_status(self, status: str) -> dict[str, Any]:
        """The newest service deployment, when it has this status."""
        self.eventually(lambda: self.history()[0]["status"] == status)
        arn = self.history()[0]["serviceDeploymentArn"]
        answer = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        return dict(answer["serviceDeployments"][0])

    def events(self, count: int) -> list[dict[str, Any]]:
        """The next events, when there are so many."""
        sqs, found = self.aws.client("sqs"), []

        def enough() -> bool:
            answer = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        self.eventually(enough)
        return found


@pytest.fixture
def slow_stack(slow_aws: EmbeddedAws, eventually: Eventually) -> Stack:
    """A stack of the embedded AWS whose deployments take time."""
    return Stack(slow_aws, eventually, f"test-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def service(slow_aws: EmbeddedAws, eventually: Eventually) -> Service:
    """A service that is not created yet."""
    return Service(slow_aws, eventually)


def test_a_deployment_is_in_progress_and_then_complete(service: Service) -> None:
    """The tasks are pending until the time is over; the older deployment stays until then."""
    first = service.create("es:1", count=2)
    assert service.deployments() == [("PRIMARY", "IN_PROGRESS", first)]
    shown = service.show()
    assert (shown["runningCount"], shown["pendingCount"]) == (0, 2)
    assert shown["deployments"][0]["id"].removeprefix("ecs-svc/").isdigit()
    made = service.await_status("SUCCESSFUL")
    assert made["sourceServiceRevisions"] == []

    second = service.update("es:2")
    assert service.deployments() == [
        ("PRIMARY", "IN_PROGRESS", second),
        ("ACTIVE", "COMPLETED", first),
    ]
    shown = service.show()
    assert (shown["runningCount"], shown["pendingCount"]) == (2, 2)
    identifier = shown["deployments"][0]["id"]
    assert shown["deployments"][0]["rolloutStateReason"] == (
        f"ECS deployment {identifier} in progress."
    )
    assert shown["currentServiceDeployment"] == service.history()[0]["serviceDeploymentArn"]
    service.await_status("SUCCESSFUL")
    assert service.deployments() == [("PRIMARY", "COMPLETED", second)]
    shown = service.show()
    assert (shown["runningCount"], shown["pendingCount"]) == (2, 0)
    assert (
        shown["deployments"][0]["rolloutStateReason"] == f"ECS deployment {identifier} completed."
    )


def test_events_follow_a_deployment(service: Service) -> None:
    """Its start and its end are told to the default bus, as documented."""
    service.create("es:1")
    identifier = service.show()["deployments"][0]["id"]
    started, ended = service.events(2)
    assert started["resources"] == [service.show()["serviceArn"]]
    updated = started["detail"].pop("updatedAt")
    assert updated.endswith("Z")
    assert started["detail"] == {
        "eventType": "INFO",
        "eventName": "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "deploymentId": identifier,
        "reason": f"ECS deployment {identifier} in progress.",
    }
    assert ended["detail"]["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED"
    assert ended["detail"]["reason"] == f"ECS deployment {identifier} completed."


@pytest.mark.parametrize("image", ["es:bad", f"registry:5000/es@{DIGEST}"])
def test_a_failed_deployment_is_rolled_back(service: Service, image: str) -> None:
    """The circuit breaker starts a deployment of the former revision, and it completes."""
    first = service.create("registry:5000/es:1")
    service.await_status("SUCCESSFUL")
    stable, failed = service.show()["deployments"][0]["id"], service.update(image)
    failing = service.show()["deployments"][0]["id"]
    service.eventually(lambda: service.history()[0]["status"] == "ROLLBACK_IN_PROGRESS")
    assert service.deployments() == [
        ("PRIMARY", "IN_PROGRESS", first),
        ("ACTIVE", "FAILED", failed),
        ("ACTIVE", "COMPLETED", first),
    ]
    rolling = service.show()["deployments"][0]
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {stable}."
    assert rolling["rolloutStateReason"] == reason

    ended = service.await_status("ROLLBACK_SUCCESSFUL")
    assert service.deployments() == [("PRIMARY", "COMPLETED", first)]
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert ended["statusReason"] == ended["rollback"]["reason"]
    assert ended["rollback"]["serviceRevisionArn"] == ended["sourceServiceRevisions"][0]["arn"]
    told = [
        (event["detail"]["deploymentId"], event["detail"]["eventName"].rpartition("_")[2])
        for event in service.events(6)
    ]
    assert told[2:] == [
        (failing, "PROGRESS"),
        (failing, "FAILED"),
        (rolling["id"], "PROGRESS"),
        (rolling["id"], "COMPLETED"),
    ]
    stopped = service.ecs.list_tasks(cluster=service.name, desiredStatus="STOPPED")["taskArns"]
    tasks = service.ecs.describe_tasks(cluster=service.name, tasks=stopped)["tasks"]
    assert any(image in task["stoppedReason"] for task in tasks)


def test_a_failed_deployment_stays_without_a_rollback(service: Service) -> None:
    """It is PRIMARY and FAILED, and the older one keeps its tasks."""
    first = service.create("es:1", {"enable": True, "rollback": False})
    service.await_status("SUCCESSFUL")
    failed = service.update("es:bad")
    ended = service.await_status("STOPPED")
    assert "stoppedAt" in ended
    assert service.deployments() == [
        ("PRIMARY", "FAILED", failed),
        ("ACTIVE", "COMPLETED", first),
    ]
    assert service.show()["runningCount"] == 1
    (error,) = [event for event in service.events(4) if event["detail"]["eventType"] == "ERROR"]
    assert error["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    assert error["detail"]["reason"] == "ECS deployment circuit breaker: task failed to start."

    third = service.update("es:3")
    service.await_status("SUCCESSFUL")
    assert service.deployments() == [("PRIMARY", "COMPLETED", third)]


def test_a_deployment_goes_on_without_a_circuit_breaker(service: Service) -> None:
    """It counts failures and stays in progress for good."""
    first = service.create("es:1", {"enable": False, "rollback": False})
    service.await_status("SUCCESSFUL")
    failing = service.update("es:bad")
    service.eventually(lambda: service.show()["deployments"][0]["failedTasks"])
    assert service.deployments() == [
        ("PRIMARY", "IN_PROGRESS", failing),
        ("ACTIVE", "COMPLETED", first),
    ]
    assert service.history()[0]["status"] == "IN_PROGRESS"
    shown = service.show()
    assert (shown["runningCount"], shown["pendingCount"]) == (1, 1)


def test_a_first_deployment_has_nothing_to_roll_back_to(service: Service) -> None:
    """It is FAILED, and its rollback too."""
    failed = service.create("es:bad")
    ended = service.await_status("ROLLBACK_FAILED")
    assert service.deployments() == [("PRIMARY", "FAILED", failed)]
    assert ended["statusReason"] == "No rollback candidate was found to run the rollback."


def test_a_newer_deployment_supersedes_one_in_progress(service: Service) -> None:
    """The older service deployment is STOPPED, and the newer one completes."""
    service.create("es:1")
    service.await_status("SUCCESSFUL")
    service.update("es:2")
    third = service.update("es:3")
    assert [shown["status"] for shown in service.history()] == [
        "IN_PROGRESS",
        "STOPPED",
        "SUCCESSFUL",
    ]
    service.await_status("SUCCESSFUL")
    assert service.deployments() == [("PRIMARY", "COMPLETED", third)]
    assert [shown["status"] for shown in service.history()][1] == "STOPPED"


def test_what_starts_a_deployment(service: Service) -> None:
    """Force and network do; the desired count does not, as AWS documents."""
    service.create("es:1")
    service.await_status("SUCCESSFUL")
    names = {"cluster": service.name, "service": service.name}
    service.ecs.update_service(**names, desiredCount=2)
    assert len(service.history()) == 1
    assert service.show()["runningCount"] == 2
    service.ecs.update_service(**names, forceNewDeployment=True)
    service.await_status("SUCCESSFUL")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    service.ecs.update_service(**names, networkConfiguration=network)
    service.await_status("SUCCESSFUL")
    assert len(service.history()) == 3


def test_the_history_can_be_filtered_and_paged(service: Service) -> None:
    """Newest first, by status, page by page; what is not there is a failure."""
    service.create("es:1")
    service.await_status("SUCCESSFUL")
    service.update("es:2")
    service.await_status("SUCCESSFUL")
    newest, oldest = service.history()
    assert newest["createdAt"] > oldest["createdAt"]
    assert service.history(status=["STOPPED"]) == []
    names = {"cluster": service.name, "service": newest["serviceArn"], "maxResults": 1}
    page = service.ecs.list_service_deployments(**names)
    assert page["serviceDeployments"] == [newest]
    rest = service.ecs.list_service_deployments(**names, nextToken=page["nextToken"])
    assert rest["serviceDeployments"] == [oldest]
    assert "nextToken" not in rest

    wanted = [newest["targetServiceRevisionArn"], f"{newest['targetServiceRevisionArn']}0"]
    answer = service.ecs.describe_service_revisions(serviceRevisionArns=wanted)
    (revision,) = answer["serviceRevisions"]
    assert revision["taskDefinition"] == service.show()["taskDefinition"]
    assert revision["containerImages"] == [{"containerName": "es", "image": "es:2"}]
    assert answer["failures"] == [{"arn": wanted[1], "reason": "MISSING"}]
    with pytest.raises(service.ecs.exceptions.ServiceNotFoundException):
        service.ecs.list_service_deployments(cluster=service.name, service="none")


def test_a_deleted_service_ends_its_deployment(service: Service) -> None:
    """Nothing starts any more when its time would be over."""
    service.create("es:1")
    service.ecs.delete_service(cluster=service.name, service=service.name, force=True)
    assert service.history()[0]["status"] == "STOPPED"
    (event,) = service.events(1)
    assert event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_IN_PROGRESS"


def test_a_service_is_not_moved_to_a_deregistered_revision(service: Service) -> None:
    """It is refused, and the family stands for the latest revision that is left."""
    first = service.create("es:1")
    service.await_status("SUCCESSFUL")
    second, third = service.revision("es:2"), service.revision("es:3")
    service.ecs.deregister_task_definition(taskDefinition=third)
    shown = service.ecs.describe_task_definition(taskDefinition=service.name)
    assert shown["taskDefinition"]["taskDefinitionArn"] == second
    shown = service.ecs.describe_task_definition(taskDefinition=third)
    assert shown["taskDefinition"]["status"] == "INACTIVE"
    names = {"cluster": service.name, "service": service.name}
    with pytest.raises(service.ecs.exceptions.ClientException, match="TaskDefinition is inactive"):
        service.ecs.update_service(**names, taskDefinition=third)
    assert service.show()["taskDefinition"] == first
    service.ecs.update_service(**names, taskDefinition=service.name)
    assert service.show()["taskDefinition"] == second


def test_a_rule_calls_a_lambda(service: Service, slow_stack: Stack) -> None:
    """The event reaches a function that is a target of a rule of the default bus."""
    code = """
import boto3

def handler(event, context):
    name = event["detail"]["eventName"]
    boto3.client("ssm").put_parameter(Name=f"/told/{name}", Value="1", Type="String")
"""
    pattern = {"source": ["aws.ecs"], "resources": [{"suffix": f"/{service.name}"}]}
    role = {"Statement": [], "Version": "2012-10-17"}
    told = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": role}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": code},
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": pattern,
                "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}}],
            },
        },
    }
    assert slow_stack.deploy(told) == "CREATE_COMPLETE", slow_stack.failures()
    service.create("es:1")
    ssm = slow_stack.aws.client("ssm")
    service.eventually(lambda: len(ssm.get_parameters_by_path(Path="/told")["Parameters"]) == 2)


def test_a_deployment_is_complete_at_once_by_default(
    embedded_aws: EmbeddedAws, eventually: Eventually
) -> None:
    """The answer to the request shows a completed deployment, and the history has it."""
    service = Service(embedded_aws, eventually)
    first = service.create("es:bad", count=2)
    assert service.deployments() == [("PRIMARY", "COMPLETED", first)]
    assert service.show()["runningCount"] == 2
    second = service.update("es:2")
    assert service.deployments() == [("PRIMARY", "COMPLETED", second)]
    assert [shown["status"] for shown in service.history()] == ["SUCCESSFUL", "SUCCESSFUL"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"rollout_seconds": -1}, "rollout_seconds"),
        ({"rollout_seconds": float("nan")}, "rollout_seconds"),
        ({"failing_tags": "bad"}, "failing_tags"),
        ({"failing_tags": ["a b"]}, "failing_tags"),
        ({"failing_tags": [""]}, "failing_tags"),
    ],
)
def test_refuses_arguments_that_mean_nothing(arguments: dict[str, Any], named: str) -> None:
    """A negative time, and a text in place of a list, are named."""
    with pytest.raises(LocalAwsError, match=named):
        EmbeddedAws(**arguments)


def stack_of(tag: str, count: int = 1, enable: bool = True, **further: Any) -> dict[str, Any]:
    """A service with a circuit breaker that rolls back."""
    container = {"Name": "es", "Image": f"es:{tag}", "Memory": 128}
    breaker = {"Enable": enable, "Rollback": enable}
    return {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {}},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Family": "es", "ContainerDefinitions": [container]},
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Task"},
                "DesiredCount": count,
                "DeploymentConfiguration": {"DeploymentCircuitBreaker": breaker},
            },
        },
        **further,
    }


def shown_service(stack: Stack) -> dict[str, Any]:
    """The stack's service."""
    answer = stack.aws.client("ecs").describe_services(
        cluster=stack.physical_id("Cluster"), services=[stack.physical_id("Service")]
    )
    return dict(answer["services"][0])


BREAKER = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."


def test_a_stack_waits_and_rolls_back(slow_stack: Stack) -> None:
    """Create and update end with the rollout; a failed one restores the template's revision.

    Also when somebody moved the service to another revision in between.
    """
    assert slow_stack.deploy(stack_of("1")) == "CREATE_COMPLETE", slow_stack.failures()
    shown = shown_service(slow_stack)
    assert [made["rolloutState"] for made in shown["deployments"]] == ["COMPLETED"]
    first = shown["taskDefinition"]
    assert first == slow_stack.physical_id("Task")

    ecs = slow_stack.aws.client("ecs")
    made = ecs.register_task_definition(
        family="es", containerDefinitions=[{"name": "es", "image": "es:2", "memory": 128}]
    )
    moved = made["taskDefinition"]["taskDefinitionArn"]
    names = {"cluster": shown["clusterArn"], "service": shown["serviceName"]}
    ecs.update_service(**names, taskDefinition=moved)
    slow_stack.eventually(lambda: len(shown_service(slow_stack)["deployments"]) == 1)

    assert slow_stack.deploy(stack_of("bad")) == "UPDATE_ROLLBACK_COMPLETE"
    assert BREAKER in slow_stack.failures()
    shown = shown_service(slow_stack)
    assert shown["taskDefinition"] == first
    assert [made["rolloutState"] for made in shown["deployments"]] == ["COMPLETED"]
    old = ecs.describe_task_definition(taskDefinition=first)["taskDefinition"]
    assert old["status"] == "ACTIVE"
    assert slow_stack.deploy(stack_of("3")) == "UPDATE_COMPLETE", slow_stack.failures()
    assert slow_stack.delete() == "DELETE_COMPLETE"


def test_an_update_restores_the_revision_of_the_template(slow_stack: Stack) -> None:
    """A change of the count alone brings back a service that was moved, and so does a rollback."""
    assert slow_stack.deploy(stack_of("1")) == "CREATE_COMPLETE", slow_stack.failures()
    shown = shown_service(slow_stack)
    first, names = shown["taskDefinition"], {"cluster": shown["clusterArn"]}
    ecs = slow_stack.aws.client("ecs")

    def move() -> None:
        made = ecs.register_task_definition(
            family="es", containerDefinitions=[{"name": "es", "image": "es:2", "memory": 128}]
        )
        moved = made["taskDefinition"]["taskDefinitionArn"]
        ecs.update_service(**names, service=shown["serviceName"], taskDefinition=moved)

    move()
    assert slow_stack.deploy(stack_of("1", 2)) == "UPDATE_COMPLETE", slow_stack.failures()
    assert shown_service(slow_stack)["taskDefinition"] == first
    move()
    broken = {"Type": "AWS::SSM::Parameter", "DependsOn": "Service", "Properties": {"Type": "No"}}
    status = slow_stack.deploy(stack_of("3", Broken=broken))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert shown_service(slow_stack)["taskDefinition"] == first


def test_a_stack_with_a_failing_service_is_not_created(slow_stack: Stack) -> None:
    """The stack rolls back, and the service is gone."""
    assert slow_stack.deploy(stack_of("bad")) == "ROLLBACK_COMPLETE"
    assert BREAKER in slow_stack.failures()
    ecs = slow_stack.aws.client("ecs")
    services = [
        arn
        for cluster in ecs.list_clusters()["clusterArns"]
        for arn in ecs.list_services(cluster=cluster)["serviceArns"]
        if slow_stack.name in arn
    ]
    assert services == []


def test_an_update_that_never_ends_can_be_cancelled(slow_stack: Stack) -> None:
    """Without a circuit breaker CloudFormation waits, until the update is cancelled."""
    status = slow_stack.deploy(stack_of("1", enable=False))
    assert status == "CREATE_COMPLETE", slow_stack.failures()
    first = shown_service(slow_stack)["taskDefinition"]
    cloudformation = slow_stack.aws.client("cloudformation")
    cloudformation.update_stack(
        StackName=slow_stack.name,
        TemplateBody=json.dumps({"Resources": stack_of("bad", enable=False)}),
    )
    slow_stack.eventually(lambda: shown_service(slow_stack)["deployments"][0]["failedTasks"])
    (shown,) = cloudformation.describe_stacks(StackName=slow_stack.name)["Stacks"]
    assert shown["StackStatus"] == "UPDATE_IN_PROGRESS"
    cloudformation.cancel_update_stack(StackName=slow_stack.name)
    assert slow_stack._settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert "Resource update cancelled" in slow_stack.failures()
    shown = shown_service(slow_stack)
    assert shown["taskDefinition"] == first
    assert [made["rolloutState"] for made in shown["deployments"]] == ["COMPLETED"]
