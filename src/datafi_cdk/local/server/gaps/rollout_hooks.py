"""What `rollouts` wraps around ministack's own functions, which otherwise stay as they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from . import service_deployments

Record = dict[str, Any]

# The parameters of UpdateService that its documentation says trigger a deployment, beside the
# task definition, as far as ministack keeps them.
_TRIGGERS = ("networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries")

# The ids of deployments that have not begun, and of those that have not ended.
new: set[str] = set()
unfinished: set[str] = set()


def numbered(make_deployment: Callable[..., Record]) -> Callable[..., Record]:
    """Makes a deployment with an id like that of AWS, in progress."""

    def make(task_definition: str, desired_count: int, status: str = "PRIMARY") -> Record:
        made = make_deployment(task_definition, desired_count, status)
        made["id"] = f"ecs-svc/{10**18 + secrets.randbelow(9 * 10**18)}"
        made["rolloutState"] = "IN_PROGRESS"
        new.add(made["id"])
        unfinished.add(made["id"])
        return made

    return make


def held_back(ecs: Any, run_task: Callable[[Record], Any]) -> Callable[[Record], Any]:
    """Runs tasks that stay PENDING while their deployment is unfinished."""

    def run(request: Record) -> Any:
        response = run_task(request)
        deployment = request.get("_deploymentId")
        if deployment in unfinished:
            for task in list(ecs._tasks.values()):
                if task["_deployment_id"] == deployment and task["lastStatus"] == "RUNNING":
                    set_status(task, "PENDING", None)
        return response

    return run


def set_status(task: Record, status: str, started: str | None) -> None:
    """Give a task and its containers a status."""
    task["lastStatus"] = status
    task["startedAt"] = started
    task["_startup_stable"] = started is not None
    for container in task["containers"]:
        container["lastStatus"] = status


def unless_unfinished(ecs: Any, complete: Callable[..., None]) -> Callable[..., None]:
    """Completes a deployment unless it is unfinished."""

    def complete_finished(cluster: str, key: str, expected_deployment_id: Any = None) -> None:
        primary = ecs._primary_deployment(ecs._services.get(key) or {}) or {}
        if primary.get("id") not in unfinished:
            complete(cluster, key, expected_deployment_id)

    return complete_finished


def forced(ecs: Any, update_service: Callable[[Record], Any]) -> Callable[[Record], Any]:
    """UpdateService, which starts a deployment also for a change of network or load balancers."""

    def update(request: Record) -> Any:
        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        name = str(request.get("service", "")).rpartition("/")[2]
        service = ecs._services.get(f"{cluster}/{name}") or {}
        changed = any(
            trigger in request and request[trigger] != service.get(trigger) for trigger in _TRIGGERS
        )
        return update_service({**request, "forceNewDeployment": True} if changed else request)

    return update


def stopped(ecs: Any, delete_service: Callable[[Record], Any]) -> Callable[[Record], Any]:
    """DeleteService, which ends the deployment that is in progress."""

    def delete(request: Record) -> Any:
        response = delete_service(request)
        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        name = str(request.get("service", "")).rpartition("/")[2]
        service = ecs._services.get(f"{cluster}/{name}") or {}
        if service.get("status") == "INACTIVE":
            for deployment in service["deployments"]:
                if deployment["id"] in unfinished:
                    unfinished.discard(deployment["id"])
                    service_deployments.end(service, deployment, "STOPPED", "Service was deleted.")
        return response

    return delete
