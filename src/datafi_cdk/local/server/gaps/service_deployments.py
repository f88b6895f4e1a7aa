"""Gap: the history of an ECS service, its service deployments and service revisions.

Both are kept at the service's record, whose members with a
leading underscore ministack shows to nobody. See
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

import secrets
import time
from typing import Any

Record = dict[str, Any]

DEPLOYMENTS = "_service_deployments"
REVISIONS = "_service_revisions"
_DEPLOYMENT = "_service_deployment"
_REVISION = "_service_revision"

_LIKE_THE_SERVICE = (
    "serviceArn",
    "clusterArn",
    "taskDefinition",
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
)


def begin(service: Record, deployment: Record) -> None:
    """Note that a deployment of a new revision has started."""
    now = time.time()
    revision = _new_revision(service)
    breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    record = {
        "serviceDeploymentArn": _arn(service, "service-deployment", secrets.token_hex(11)[:21]),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "sourceServiceRevisions": [
            _summary(older[_REVISION], older)
            for older in service["deployments"]
            if older is not deployment and older["rolloutState"] == "COMPLETED"
        ],
        "targetServiceRevision": _summary(revision["serviceRevisionArn"], deployment),
        "status": "IN_PROGRESS",
        "deploymentConfiguration": service["deploymentConfiguration"],
        "deploymentCircuitBreaker": {
            "status": "MONITORING" if breaker.get("enable") else "DISABLED",
            "failureCount": 0,
            "threshold": _threshold(service),
        },
    }
    service.setdefault(DEPLOYMENTS, []).append(record)
    deployment[_DEPLOYMENT] = record
    deployment[_REVISION] = revision["serviceRevisionArn"]
    service["currentServiceDeployment"] = record["serviceDeploymentArn"]


def roll_back(failed: Record, rollback: Record, candidate: Record) -> None:
    """Note that the service deployment of a failed deployment goes on with a rollback."""
    record = failed[_DEPLOYMENT]
    rollback[_DEPLOYMENT] = record
    rollback[_REVISION] = candidate[_REVISION]
    record["rollback"] = {
        "reason": "Service deployment rolled back because the circuit breaker threshold was"
        " exceeded.",
        "startedAt": time.time(),
        "serviceRevisionArn": candidate[_REVISION],
    }
    record.update(
        status="ROLLBACK_IN_PROGRESS",
        statusReason=record["rollback"]["reason"],
        updatedAt=time.time(),
    )


def count_failures(service: Record, deployment: Record, *, triggered: bool) -> None:
    """Note the tasks of a deployment that failed."""
    breaker = deployment[_DEPLOYMENT]["deploymentCircuitBreaker"]
    breaker["failureCount"] = deployment["failedTasks"]
    if triggered:
        breaker["status"] = "TRIGGERED"


def is_rollback(deployment: Record) -> bool:
    """Whether a deployment brings an older revision back."""
    return "rollback" in deployment[_DEPLOYMENT]


def end(service: Record, deployment: Record, status: str, reason: str | None = None) -> None:
    """Note how a service deployment ended.

    Args:
        service: The service's record.
        deployment: The deployment that ended it.
        status: E.g. "SUCCESSFUL".
        reason: The reason. Default: the one that is noted already.
    """
    now = time.time()
    record = deployment[_DEPLOYMENT]
    target = record["targetServiceRevision"]
    if deployment[_REVISION] == target["arn"]:
        record["targetServiceRevision"] = _summary(target["arn"], deployment)
    record.update(status=status, finishedAt=now, updatedAt=now)
    if reason is not None:
        record["statusReason"] = reason
    if status == "STOPPED":
        record["stoppedAt"] = now
    if record["deploymentCircuitBreaker"]["status"] == "MONITORING":
        record["deploymentCircuitBreaker"]["status"] = "MONITORING_COMPLETE"
    if service.get("currentServiceDeployment") == record["serviceDeploymentArn"]:
        del service["currentServiceDeployment"]


def refresh(service: Record) -> None:
    """Bring the task counts of what is in progress up to date."""
    for deployment in service.get("deployments", []):
        target = deployment[_DEPLOYMENT]["targetServiceRevision"]
        if target["arn"] == deployment[_REVISION]:
            target.update(_summary(target["arn"], deployment))


def _arn(service: Record, kind: str, number: str) -> str:
    prefix, _, path = service["serviceArn"].partition(":service/")
    return f"{prefix}:{kind}/{path}/{number}"


def _new_revision(service: Record) -> Record:
    from ministack.services import ecs

    task = ecs._task_defs.get(ecs._resolve_td_key(service["taskDefinition"])) or {}
    revision = {
        "serviceRevisionArn": _arn(
            service, "service-revision", str(10**18 + secrets.randbelow(10**18))
        ),
        **{name: service.get(name) for name in _LIKE_THE_SERVICE},
        "containerImages": [
            {
                "containerName": container["name"],
                "image": container["image"],
                "imageDigest": container["image"].partition("@")[2] or None,
            }
            for container in task.get("containerDefinitions", [])
        ],
        "createdAt": time.time(),
    }
    service.setdefault(REVISIONS, []).append(revision)
    return revision


def _summary(revision: str, deployment: Record) -> Record:
    return {
        "arn": revision,
        "requestedTaskCount": deployment["desiredCount"],
        "runningTaskCount": deployment["runningCount"],
        "pendingTaskCount": deployment["pendingCount"],
    }


def _threshold(service: Record) -> int:
    from ministack.services import ecs

    return int(ecs._circuit_breaker_threshold(service))
