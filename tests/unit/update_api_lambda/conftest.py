"""The Lambda's modules, and a world of fakes around its two applications."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from fake_aws import (
    CANARY,
    CLUSTER,
    PARAMETER,
    SERVICE,
    Clock,
    FakeEcs,
    FakeEvents,
    FakeSecrets,
    FakeSsm,
    refused,
)

ASSET = Path(__file__).parents[3] / "lambda_assets" / "update_api"
ENTRIES = ("handler", "router_handler", "events_handler")
"""The modules that are wired from the environment as they are imported."""
SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:key-AbCdEf"
STACK_ID = "arn:aws:cloudformation:eu-west-1:111111111111:stack/Edge/1a2b"
SERVICES = {
    "clusters": [CLUSTER],
    "stacks": ["Edge"],
    "services": [["es", "ES", 0, "s", 0, PARAMETER]],
}
ENVIRONMENT = {"SERVICES": json.dumps(SERVICES), "API_KEY_SECRET_ARN": SECRET}


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
    """The Lambda's modules, but for the entries, by name."""
    with importable_asset():
        names = sorted(path.stem for path in ASSET.glob("*.py") if path.stem not in ENTRIES)
        return SimpleNamespace(**{name: importlib.import_module(name) for name in names})


@pytest.fixture(scope="session")
def api_models() -> SimpleNamespace:
    """Botocore's models of the APIs."""
    session = botocore.session.get_session()
    return SimpleNamespace(
        ecs=session.get_service_model("ecs"),
        ssm=session.get_service_model("ssm"),
        events=session.get_service_model("events"),
        functions=session.get_service_model("lambda"),
        secrets=session.get_service_model("secretsmanager"),
    )


@dataclass
class World:
    """The applications with fakes around them, and what came out of them."""

    asset: SimpleNamespace
    api_models: SimpleNamespace
    clock: Clock = field(default_factory=Clock)
    log: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the fakes and the applications."""
        models = self.api_models
        self.ecs = FakeEcs(models.ecs, self.clock)
        self.ssm = FakeSsm(models.ssm, self.clock)
        self.events = FakeEvents(models.events, self.clock)
        self.secrets = FakeSecrets(models.secrets, self.clock)
        self._numbers = count()
        self.build()

    def build(self, **environment: str) -> None:
        """Make the applications from an environment with these changes."""
        asset, now = self.asset, self.clock.now
        settings = asset.settings.Settings.from_environment(ENVIRONMENT | environment)
        services = {
            name: asset.managed_service.ManagedService(service, self.ecs, self.ssm, now)
            for name, service in settings.services.items()
        }
        audit = asset.audit.Audit(self.events)
        secret = settings.api_key_secret_arn
        self.application = asset.update_application.UpdateApplication(
            settings=settings,
            services=services,
            api_key=asset.api_key.ApiKey(self.secrets, secret, self.clock.monotonic, now)
            if secret
            else None,
            audit=audit,
            log=self._note,
            clock=self.clock.monotonic,
            now=now,
        )
        self.event_application = asset.event_application.EventApplication(
            services=services, audit=audit, log=self._note, now=now, sleep=self.clock.sleep
        )

    def _note(self, entry: dict[str, Any]) -> None:
        self.log.append(dict(entry))

    def send(self, **event: Any) -> dict[str, Any]:
        """Answer a right request with some members of its event replaced."""
        whole = {
            "httpMethod": "POST",
            "path": "/es",
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

    def update(self, tag: str, **members: Any) -> dict[str, Any]:
        """Answer a request of its own id for a tag, and give the answer's body."""
        event = {
            "httpMethod": "POST",
            "path": "/es",
            "headers": {"x-api-key": CANARY, "x-forwarded-for": "203.0.113.7"},
            "body": json.dumps({"imageTag": tag, **members}),
        }
        request_id = f"request-{next(self._numbers)}"
        return self._body(self.application.answer(event, request_id))

    def report(self) -> dict[str, Any]:
        """What GET tells."""
        return self._body(self.send(httpMethod="GET", body=""))

    def rollback(self, **members: Any) -> dict[str, Any]:
        """Answer a rollback, and give the answer's body."""
        body = json.dumps(members) if members else ""
        return self._body(self.send(path="/es/rollback", body=body))

    def _body(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"status": answer["statusCode"], **json.loads(answer["body"])}

    def deployment_event(self, name: str = "SERVICE_DEPLOYMENT_COMPLETED") -> None:
        """Tell that a rollout came to rest."""
        event = {
            "detail-type": "ECS Deployment State Change",
            "source": "aws.ecs",
            "resources": [SERVICE],
            "detail": {"eventName": name, "deploymentId": "ecs-svc/123"},
        }
        self.event_application.handle(event, "event-1")

    def stack_event(
        self, status: str = "UPDATE_ROLLBACK_COMPLETE", stack_id: str = STACK_ID
    ) -> None:
        """Tell that the stack came to rest."""
        event = {
            "detail-type": "CloudFormation Stack Status Change",
            "source": "aws.cloudformation",
            "resources": [stack_id],
            "detail": {"stack-id": stack_id, "status-details": {"status": status}},
        }
        self.event_application.handle(event, "event-2")

    def deploy_by_stack(self, tag: str) -> None:
        """Register a revision and set the service to it, as CloudFormation does."""
        self.ecs.deploy(self.ecs.register(self.ecs.plain(f"datafi/es:{tag}")))

    def told(self) -> list[dict[str, Any]]:
        """The details of the audit events."""
        calls = [parameters["Entries"] for _, parameters in self.events.calls]
        return [json.loads(entry["Detail"]) for (entry,) in calls]

    refused = staticmethod(refused)

    def seen(self, answer: dict[str, Any]) -> str:
        """All that leaves the function: the answer, the log and the audit events."""
        return json.dumps([answer, self.log, self.told()])


@pytest.fixture
def world(asset: SimpleNamespace, api_models: SimpleNamespace) -> World:
    """A fresh world: the service runs `datafi/es:v1`, as its parameter says."""
    return World(asset, api_models)
