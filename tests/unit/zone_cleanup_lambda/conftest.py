"""The Lambda's modules, and a world that sends them requests of CloudFormation."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_route53 import ZONE, FakeRoute53

ASSET = Path(__file__).parents[3] / "lambda_assets" / "zone_cleanup"


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
    """The Lambda's modules, but for its entry, by name."""
    with importable_asset():
        names = sorted(path.stem for path in ASSET.glob("*.py") if path.stem != "cleanup_handler")
        return SimpleNamespace(**{name: importlib.import_module(name) for name in names})


@dataclass
class World:
    """The application with a fake Route 53, and what it answered."""

    route53: FakeRoute53
    application: Any = None
    answers: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def send(self, request_type: str, **members: Any) -> dict[str, str]:
        """Handle a request and return the answer."""
        event = {
            "RequestType": request_type,
            "RequestId": "request-1",
            "ResponseURL": "https://answers.example.com/1?signature=s",
            "ResourceType": "Custom::AcmValidationRecords",
            "LogicalResourceId": "Records",
            "StackId": "stack-1",
            "ResourceProperties": {"HostedZoneId": ZONE},
            **({} if request_type == "Create" else {"PhysicalResourceId": "physical-1"}),
            **members,
        }
        self.application.answer(event, "2026/01/01/stream")
        (url, answer) = self.answers[-1]
        assert url == event["ResponseURL"]
        return answer


@pytest.fixture
def world(asset: SimpleNamespace) -> World:
    """A fresh world: the zone is marked, and holds nothing beside its own records."""
    made = World(FakeRoute53())
    made.application = asset.cleanup_application.CleanupApplication(
        asset.validation_records.ValidationRecords(made.route53),
        lambda url, answer: made.answers.append((url, dict(answer))),
    )
    return made
