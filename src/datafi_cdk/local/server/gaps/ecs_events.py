"""Gap: the events of ECS deployments.

As documented at
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
"""

from __future__ import annotations

from typing import Any

from . import events


def in_progress(service: dict[str, Any], deployment: dict[str, Any]) -> None:
    """A deployment has started, a rollback too: the reason says which."""
    reason = deployment["rolloutStateReason"]
    _send(service, deployment, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", reason)


def completed(service: dict[str, Any], deployment: dict[str, Any]) -> None:
    """All tasks of a deployment run."""
    reason = deployment["rolloutStateReason"]
    _send(service, deployment, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", reason)


def failed(service: dict[str, Any], deployment: dict[str, Any]) -> None:
    """The circuit breaker has given a deployment up."""
    reason = "ECS deployment circuit breaker: task failed to start."
    _send(service, deployment, "ERROR", "SERVICE_DEPLOYMENT_FAILED", reason)


def _send(
    service: dict[str, Any], deployment: dict[str, Any], kind: str, name: str, reason: str
) -> None:
    detail = {
        "eventType": kind,
        "eventName": name,
        "deploymentId": deployment["id"],
        "updatedAt": deployment["updatedAt"],
        "reason": reason,
    }
    events.send("aws.ecs", "ECS Deployment State Change", service["serviceArn"], detail)
