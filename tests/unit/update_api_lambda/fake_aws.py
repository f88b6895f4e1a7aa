"""Fakes of what the update API calls; each checks parameters against botocore's model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

CANARY = "canary/Key+with=all"
ENVIRONMENT_CANARY = "canary-environment-value"
CLUSTER = "arn:aws:ecs:eu-west-1:111111111111:cluster/c"
SERVICE = "arn:aws:ecs:eu-west-1:111111111111:service/c/s"
FAMILY = "arn:aws:ecs:eu-west-1:111111111111:task-definition/es"
PARAMETER = "/datafi/Edge/es"
START = datetime(2026, 1, 5, 3, 4, 5, tzinfo=UTC)
"""A Monday."""


def refused(operation: str, code: str = "AccessDeniedException") -> ClientError:
    """An error as AWS answers it, with a message that quotes what must not be seen."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": f"{CANARY} {ENVIRONMENT_CANARY}"},
            "ResponseMetadata": {"RequestId": "aws-request-1"},
        },
        operation,
    )


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        """At `START`."""
        self.seconds = 0.0

    def monotonic(self) -> float:
        """Seconds since some time."""
        return 1000.0 + self.seconds

    def now(self) -> datetime:
        """The time of day."""
        return START + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.seconds += seconds


class FakeClient:
    """Records calls, checks their parameters against botocore's model, and fails on demand."""

    def __init__(self, model: Any, clock: Clock) -> None:
        """Without calls and without failures."""
        self.meta = SimpleNamespace(service_model=model)
        self.clock = clock
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[str, Exception] = {}
        self.afterwards: dict[str, Exception] = {}
        """Errors raised after the call was carried out."""

    def names(self) -> list[str]:
        """The operations called, in order."""
        return [name for name, _ in self.calls]

    def _enter(self, name: str, parameters: dict[str, Any]) -> None:
        validate_parameters(parameters, self.meta.service_model.operation_model(name).input_shape)
        self.calls.append((name, parameters))
        if name in self.failures:
            raise self.failures[name]

    def _leave(self, name: str, answer: dict[str, Any]) -> dict[str, Any]:
        if name in self.afterwards:
            raise self.afterwards[name]
        return answer


class FakeSecrets(FakeClient):
    """A Secrets Manager that holds one secret."""

    value = CANARY
    previous: str | None = None
    created = START - timedelta(days=30)

    def rotate(self, value: str) -> None:
        """Make a value the current one, and that the previous one."""
        self.previous, self.value, self.created = self.value, value, self.clock.now()

    def get_secret_value(self, **parameters: Any) -> dict[str, Any]:
        """A version of the secret."""
        self._enter("GetSecretValue", parameters)
        if parameters["VersionStage"] == "AWSCURRENT":
            return {"SecretString": self.value, "CreatedDate": self.created}
        if self.previous is None:
            raise refused("GetSecretValue", "ResourceNotFoundException")
        return {"SecretString": self.previous, "CreatedDate": START - timedelta(days=60)}


class FakeEvents(FakeClient):
    """An event bus."""

    error_code = ""

    def put_events(self, **parameters: Any) -> dict[str, Any]:
        """Take events, or say that one was not taken."""
        self._enter("PutEvents", parameters)
        return {"Entries": [{"ErrorCode": self.error_code} if self.error_code else {}]}


class FakeSsm(FakeClient):
    """A Parameter Store that keeps a hundred versions, and labels."""

    def __init__(self, model: Any, clock: Clock) -> None:
        """With the parameter of a service, whose deployment completed a day ago."""
        super().__init__(model, clock)
        written = START - timedelta(days=1)
        first: dict[str, Any] = {"Value": "v1", "Version": 1, "LastModifiedDate": written}
        first["Labels"] = ["COMPLETED.1"]
        self.parameters: dict[str, list[dict[str, Any]]] = {PARAMETER: [first]}

    @property
    def value(self) -> str:
        """What the service's parameter holds."""
        return str(self.parameters[PARAMETER][-1]["Value"])

    def labels(self) -> dict[int, list[str]]:
        """The labels of the service's parameter by version."""
        versions = self.parameters[PARAMETER]
        return {each["Version"]: each["Labels"] for each in versions if each["Labels"]}

    def write(self, value: str) -> None:
        """Write the service's parameter as CloudFormation does: the description stays."""
        self._write(PARAMETER, {"Value": value}, user="cloudformation")

    def get_parameter(self, **parameters: Any) -> dict[str, Any]:
        """The newest version."""
        self._enter("GetParameter", parameters)
        return {"Parameter": dict(self._versions(parameters["Name"], "GetParameter")[-1])}

    def get_parameter_history(self, **parameters: Any) -> dict[str, Any]:
        """A page of versions, oldest first."""
        self._enter("GetParameterHistory", parameters)
        versions = self._versions(parameters["Name"], "GetParameterHistory")
        first = int(parameters.get("NextToken", 0))
        last = first + parameters["MaxResults"]
        page = [{**each, "Labels": list(each["Labels"])} for each in versions[first:last]]
        return {"Parameters": page, **({"NextToken": str(last)} if last < len(versions) else {})}

    def put_parameter(self, **parameters: Any) -> dict[str, Any]:
        """Write a version."""
        self._enter("PutParameter", parameters)
        name = parameters["Name"]
        if name in self.parameters and not parameters["Overwrite"]:
            raise refused("PutParameter", "ParameterAlreadyExists")
        return self._leave("PutParameter", {"Version": self._write(name, parameters)})

    def delete_parameter(self, **parameters: Any) -> dict[str, Any]:
        """Delete a parameter."""
        self._enter("DeleteParameter", parameters)
        self._versions(parameters["Name"], "DeleteParameter")
        del self.parameters[parameters["Name"]]
        return {}

    def label_parameter_version(self, **parameters: Any) -> dict[str, Any]:
        """Attach a label, and take it off any other version."""
        self._enter("LabelParameterVersion", parameters)
        (label,) = parameters["Labels"]
        for version in self._versions(parameters["Name"], "LabelParameterVersion"):
            version["Labels"] = [each for each in version["Labels"] if each != label]
            if version["Version"] == parameters["ParameterVersion"]:
                version["Labels"].append(label)
        return {"InvalidLabels": []}

    def unlabel_parameter_version(self, **parameters: Any) -> dict[str, Any]:
        """Take labels off."""
        self._enter("UnlabelParameterVersion", parameters)
        for version in self._versions(parameters["Name"], "UnlabelParameterVersion"):
            if version["Version"] == parameters["ParameterVersion"]:
                version["Labels"] = [
                    each for each in version["Labels"] if each not in parameters["Labels"]
                ]
        return {}

    def _versions(self, name: str, operation: str) -> list[dict[str, Any]]:
        if name not in self.parameters:
            raise refused(operation, "ParameterNotFound")
        return self.parameters[name]

    def _write(self, name: str, parameters: dict[str, Any], user: str = "update-api") -> int:
        versions = self.parameters.setdefault(name, [])
        if len(versions) == 100 and versions[0]["Labels"]:
            raise refused("PutParameter", "ParameterMaxVersionLimitExceeded")
        before = versions[-1] if versions else {}
        version = {
            "Value": parameters["Value"],
            "Version": before.get("Version", 0) + 1,
            "LastModifiedDate": self.clock.now(),
            "LastModifiedUser": user,
            "Description": parameters.get("Description", before.get("Description", "")),
            "Labels": [],
        }
        self.parameters[name] = [*versions, version][-100:]
        return int(version["Version"])


class FakeEcs(FakeClient):
    """An ECS with one service, whose rollouts end when the test says so."""

    def __init__(self, model: Any, clock: Clock) -> None:
        """With revision 1 of a plain task definition."""
        super().__init__(model, clock)
        self.tags: list[dict[str, str]] = []
        self.takes_time = False
        self.gone: dict[str, Any] | None = None
        self.on_update: Callable[[], None] = lambda: None
        self.definitions = {f"{FAMILY}:1": self.plain("datafi/es:v1")}
        self.deployments = [self._deployment(f"{FAMILY}:1", "COMPLETED")]
        self.records: list[dict[str, Any]] = []

    @staticmethod
    def plain(image: str) -> dict[str, Any]:
        """A task definition with a side car."""
        environment = [{"name": "KEY", "value": ENVIRONMENT_CANARY}]
        return {
            "family": "es",
            "containerDefinitions": [
                {"name": "proxy", "image": "proxy:v1"},
                {"name": "es", "image": image, "environment": environment},
            ],
        }

    @property
    def revision(self) -> str:
        """The revision that the service is set to."""
        return str(self.deployments[0]["taskDefinition"])

    def image(self, revision: str = "") -> str:
        """The image of the service's container."""
        containers = self.definitions[revision or self.revision]["containerDefinitions"]
        return next(str(each["image"]) for each in containers if each["name"] == "es")

    def deploy(self, revision: str) -> None:
        """Begin a rollout, as UpdateService does; the one that goes on is stopped."""
        for record in self.records:
            if record["status"] in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
                record["status"] = "STOPPED"
        self.records.insert(
            0,
            {
                "status": "IN_PROGRESS",
                "targetServiceRevisionArn": f"revision/{revision}",
                "createdAt": self.clock.now(),
            },
        )
        steady = [each for each in self.deployments if each["rolloutState"] == "COMPLETED"]
        superseded = [each for each in self.deployments if each["rolloutState"] == "IN_PROGRESS"]
        before = [{**each, "status": "ACTIVE"} for each in [*superseded, *steady[:1]]]
        self.deployments = [self._deployment(revision, "IN_PROGRESS"), *before]
        if not self.takes_time:
            self.complete()

    def complete(self) -> None:
        """The rollout that goes on completes."""
        ends = {"IN_PROGRESS": "SUCCESSFUL", "ROLLBACK_IN_PROGRESS": "ROLLBACK_SUCCESSFUL"}
        if self.records and self.records[0]["status"] in ends:
            self.records[0]["status"] = ends[self.records[0]["status"]]
        self.deployments = [{**self.deployments[0], "rolloutState": "COMPLETED"}]

    def fail(self, *, rolls_back: bool = True, at_once: bool = True) -> None:
        """The rollout fails; with a circuit breaker, ECS brings back what ran, maybe slowly."""
        if not rolls_back:
            self.records[0]["status"] = "STOPPED"
            self.deployments[0]["rolloutState"] = "FAILED"
            return
        before = self.deployments[-1]["taskDefinition"]
        if at_once:
            self.records[0]["status"] = "ROLLBACK_SUCCESSFUL"
            self.deployments = [self._deployment(before, "COMPLETED")]
            return
        self.records[0]["status"] = "ROLLBACK_IN_PROGRESS"
        failed = {**self.deployments[0], "status": "ACTIVE", "rolloutState": "FAILED"}
        self.deployments = [self._deployment(before, "IN_PROGRESS"), failed]

    def describe_services(self, **parameters: Any) -> dict[str, Any]:
        """The service."""
        self._enter("DescribeServices", parameters)
        service = {
            "serviceArn": SERVICE,
            "status": "ACTIVE",
            "taskDefinition": self.revision,
            "deployments": [dict(each) for each in self.deployments],
            "desiredCount": 1,
            "runningCount": 1,
            "pendingCount": 0,
        }
        if self.gone is not None:
            service = {**service, **self.gone}
        return {"services": [service], "failures": []}

    def describe_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """A revision."""
        self._enter("DescribeTaskDefinition", parameters)
        arn = parameters["taskDefinition"]
        definition = {**self.definitions[arn], "taskDefinitionArn": arn, "status": "ACTIVE"}
        return {"taskDefinition": definition, "tags": self.tags}

    def register_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """A new revision."""
        self._enter("RegisterTaskDefinition", parameters)
        return {"taskDefinition": {"taskDefinitionArn": self.register(parameters)}}

    def register(self, definition: dict[str, Any]) -> str:
        """Number a new revision."""
        number = max(int(arn.rpartition(":")[2]) for arn in self.definitions) + 1
        arn = f"{FAMILY}:{number}"
        self.definitions[arn] = definition
        return arn

    def update_service(self, **parameters: Any) -> dict[str, Any]:
        """Set the service."""
        self._enter("UpdateService", parameters)
        self.on_update()
        self.deploy(parameters.get("taskDefinition", self.revision))
        return self._leave("UpdateService", {})

    def deregister_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """Remove a revision."""
        self._enter("DeregisterTaskDefinition", parameters)
        del self.definitions[parameters["taskDefinition"]]
        return {}

    def list_service_deployments(self, **parameters: Any) -> dict[str, Any]:
        """The last rollouts, newest first."""
        self._enter("ListServiceDeployments", parameters)
        return {"serviceDeployments": [dict(each) for each in self.records[:20]]}

    def describe_service_revisions(self, **parameters: Any) -> dict[str, Any]:
        """What rollouts were to run."""
        self._enter("DescribeServiceRevisions", parameters)
        return {
            "serviceRevisions": [
                {
                    "serviceRevisionArn": arn,
                    "containerImages": [
                        {
                            "containerName": "es",
                            "image": self.image(arn.removeprefix("revision/")),
                        }
                    ],
                }
                for arn in parameters["serviceRevisionArns"]
            ]
        }

    @staticmethod
    def _deployment(revision: str, state: str) -> dict[str, Any]:
        return {"status": "PRIMARY", "taskDefinition": revision, "rolloutState": state}
