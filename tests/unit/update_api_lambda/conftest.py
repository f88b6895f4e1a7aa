"""The Lambda's modules, fakes for what it calls, and a world that joins them."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

ASSET = Path(__file__).parents[3] / "lambda_assets" / "update_api"
CANARY = "canary/Key+with=all"
ENVIRONMENT_CANARY = "canary-environment-value"
CLUSTER = "arn:aws:ecs:eu-west-1:111111111111:cluster/c"
SERVICE = "arn:aws:ecs:eu-west-1:111111111111:service/c/s"
FAMILY = "arn:aws:ecs:eu-west-1:111111111111:task-definition/es"
SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:key-AbCdEf"
ENVIRONMENT = {
    "SERVICE_ARN": SERVICE,
    "CLUSTER_ARN": CLUSTER,
    "SERVICE_NAME": "es",
    "SERVICE_TYPE": "ES",
    "CONTAINER_NAME": "app",
    "API_KEY_SECRET_ARN": SECRET,
}


class FakeClient:
    """Records calls, checks their parameters against botocore's model, and fails on demand."""

    def __init__(self, model: Any) -> None:
        """Without calls and without failures."""
        self.meta = SimpleNamespace(service_model=model)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[str, Exception] = {}

    def names(self) -> list[str]:
        """The operations called, in order."""
        return [name for name, _ in self.calls]

    def _enter(self, name: str, parameters: dict[str, Any]) -> None:
        validate_parameters(parameters, self.meta.service_model.operation_model(name).input_shape)
        self.calls.append((name, parameters))
        if name in self.failures:
            raise self.failures[name]


class FakeSecrets(FakeClient):
    """A Secrets Manager that holds one secret."""

    value = CANARY

    def get_secret_value(self, **parameters: Any) -> dict[str, Any]:
        """The secret's current value."""
        self._enter("GetSecretValue", parameters)
        return {"SecretString": self.value}


class FakeEcs(FakeClient):
    """An ECS with one service."""

    def __init__(self, model: Any) -> None:
        """With revision 1 of a plain task definition."""
        super().__init__(model)
        self.tags: list[dict[str, str]] = []
        self.lose_answer_of_update = False
        self.service: dict[str, Any] = {"status": "ACTIVE", "taskDefinition": f"{FAMILY}:1"}
        self.definitions = {f"{FAMILY}:1": self.plain("datafi/es:v1")}

    @staticmethod
    def plain(image: str) -> dict[str, Any]:
        """A task definition with a side car."""
        environment = [{"name": "KEY", "value": ENVIRONMENT_CANARY}]
        return {
            "family": "es",
            "containerDefinitions": [
                {"name": "proxy", "image": "proxy:v1"},
                {"name": "app", "image": image, "environment": environment},
            ],
        }

    def image(self) -> str:
        """The image that the service's container now has."""
        definition = self.definitions[self.service["taskDefinition"]]
        return str(definition["containerDefinitions"][1]["image"])

    def describe_services(self, **parameters: Any) -> dict[str, Any]:
        """The service."""
        self._enter("DescribeServices", parameters)
        return {"services": [self.service] if self.service else [], "failures": []}

    def describe_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """A revision."""
        self._enter("DescribeTaskDefinition", parameters)
        arn = parameters["taskDefinition"]
        definition = {**self.definitions[arn], "taskDefinitionArn": arn, "status": "ACTIVE"}
        return {"taskDefinition": definition, "tags": self.tags}

    def register_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """A new revision."""
        self._enter("RegisterTaskDefinition", parameters)
        arn = f"{FAMILY}:{len(self.definitions) + 1}"
        self.definitions[arn] = parameters
        return {"taskDefinition": {"taskDefinitionArn": arn}}

    def update_service(self, **parameters: Any) -> dict[str, Any]:
        """Set the service; with `lose_answer_of_update`, fail after having done so."""
        if self.lose_answer_of_update:
            self.service["taskDefinition"] = parameters["taskDefinition"]
        self._enter("UpdateService", parameters)
        self.service["taskDefinition"] = parameters["taskDefinition"]
        return {}

    def deregister_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """Remove a revision."""
        self._enter("DeregisterTaskDefinition", parameters)
        del self.definitions[parameters["taskDefinition"]]
        return {}


@contextmanager
def importable_asset() -> Iterator[None]:
    """The asset's folder on the path; afterwards neither it nor its modules are left there."""
    names = {path.stem for path in ASSET.glob("*.py")}
    sys.path.insert(0, str(ASSET))
    try:
        yield
    finally:
        sys.path.remove(str(ASSET))
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="session")
def asset() -> SimpleNamespace:
    """The Lambda's modules, but for `handler`, by name."""
    with importable_asset():
        names = sorted(path.stem for path in ASSET.glob("*.py") if path.stem != "handler")
        return SimpleNamespace(**{name: importlib.import_module(name) for name in names})


@pytest.fixture(scope="session")
def api_models() -> SimpleNamespace:
    """Botocore's models of the two APIs."""
    session = botocore.session.get_session()
    return SimpleNamespace(
        ecs=session.get_service_model("ecs"),
        secrets=session.get_service_model("secretsmanager"),
    )


@dataclass
class World:
    """The application with fakes around it, and what came out of it."""

    ecs: FakeEcs
    secrets: FakeSecrets
    time: float = 1000.0
    log: list[dict[str, Any]] = field(default_factory=list)
    application: Any = None

    def send(self, **event: Any) -> dict[str, Any]:
        """Answer a right request with some members of its event replaced."""
        whole = {
            "httpMethod": "POST",
            "path": "/",
            "headers": {"x-api-key": CANARY, "x-forwarded-for": "10.9.9.9, 203.0.113.7"},
            "body": '{"imageTag": "v2"}',
            "isBase64Encoded": False,
            **event,
        }
        answer: dict[str, Any] = self.application.answer(whole, "request-1")
        return answer

    def order(self, **members: Any) -> dict[str, Any]:
        """Answer a right request with this JSON object."""
        return self.send(body=json.dumps(members))

    @staticmethod
    def refused(operation: str, code: str = "AccessDeniedException") -> ClientError:
        """An error as AWS answers it, with a message that quotes what must not be seen."""
        return ClientError(
            {
                "Error": {"Code": code, "Message": f"{CANARY} {ENVIRONMENT_CANARY}"},
                "ResponseMetadata": {"RequestId": "aws-request-1"},
            },
            operation,
        )

    def seen(self, answer: dict[str, Any]) -> str:
        """All that leaves the function: the answer and the log."""
        return json.dumps([answer, self.log])


@pytest.fixture
def world(asset: SimpleNamespace, api_models: SimpleNamespace) -> World:
    """A fresh world: the service runs `datafi/es:v1`."""
    settings = asset.update_settings.UpdateSettings.from_environment(ENVIRONMENT)
    made = World(FakeEcs(api_models.ecs), FakeSecrets(api_models.secrets))
    made.application = asset.update_application.UpdateApplication(
        settings=settings,
        api_key=asset.api_key.ApiKey(made.secrets, SECRET, clock=lambda: made.time),
        service=asset.ecs_service.EcsService(made.ecs, settings),
        log=lambda entry: made.log.append(dict(entry)),
        clock=lambda: made.time,
        now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    return made
