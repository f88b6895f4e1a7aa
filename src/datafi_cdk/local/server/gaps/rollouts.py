"""Gap: ECS deployments that take time, fail, and roll back.

Without Docker ministack starts every task and completes every deployment at once. Here tasks stay
PENDING until the deployment's time is over; then they run, or, if one of their images is to fail,
they stop, and the circuit breaker does what
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html says.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from typing import Any

from ...environment import FAILING_TAGS, ROLLOUT_SECONDS
from . import ecs_events, rollout_hooks, service_deployments, service_history

Record = dict[str, Any]

_lock = threading.RLock()


def fill() -> None:
    """Put these rollouts in place of ministack's."""
    from ministack.services import ecs

    service_history.serve()
    rollouts = _Rollouts(ecs, float(os.environ.get(ROLLOUT_SECONDS, "0")))
    ecs._make_deployment = rollout_hooks.numbered(ecs._make_deployment)
    ecs._run_task = rollout_hooks.held_back(ecs, ecs._run_task)
    ecs._complete_service_deployment = rollout_hooks.unless_unfinished(
        ecs, ecs._complete_service_deployment
    )
    ecs._reconcile_service_tasks = rollouts.reconcile
    ecs._update_service = ecs._ACTION_MAP["UpdateService"] = rollout_hooks.forced(
        ecs, ecs._update_service
    )
    ecs._delete_service = ecs._ACTION_MAP["DeleteService"] = rollout_hooks.stopped(
        ecs, ecs._delete_service
    )


def failing_image(task_definition: Record) -> str | None:
    """The first image of a task definition that never starts."""
    failing = set(os.environ.get(FAILING_TAGS, "").split())
    for container in task_definition.get("containerDefinitions", []):
        name, _, digest = container["image"].partition("@")
        tag = name.rpartition("/")[2].partition(":")[2] or "latest"
        if digest in failing or (not digest and tag in failing):
            return str(container["image"])
    return None


class _Rollouts:
    """Begins a deployment when ministack has made it, and ends it when its time is over."""

    def __init__(self, ecs: Any, seconds: float) -> None:
        self._ecs = ecs
        self._seconds = seconds
        self._reconcile: Callable[[str, str], None] = ecs._reconcile_service_tasks

    def reconcile(self, cluster: str, key: str) -> None:
        """Start and stop tasks as ministack does, and begin a deployment that is new."""
        with _lock:
            service = self._ecs._services.get(key) or {}
            deployment = self._ecs._primary_deployment(service) or {}
            if deployment.get("rolloutState") == "FAILED":
                return
            begins = deployment.get("id") in rollout_hooks.new
            if begins:
                self._begin(cluster, service, deployment)
            self._reconcile(cluster, key)
            if begins:
                self._later(cluster, key, deployment)

    def _begin(self, cluster: str, service: Record, deployment: Record) -> None:
        rollout_hooks.new.discard(deployment["id"])
        for older in service["deployments"][1:]:
            if older["id"] in rollout_hooks.unfinished:
                rollout_hooks.unfinished.discard(older["id"])
                service_deployments.end(
                    service, older, "STOPPED", "Service deployment was superseded by a newer one."
                )
                self._stop_tasks(cluster, older, "Superseded by a newer deployment")
                service["deployments"].remove(older)
        if "_reason" not in deployment:
            service_deployments.begin(service, deployment)
        deployment["rolloutStateReason"] = deployment.get(
            "_reason", f"ECS deployment {deployment['id']} in progress."
        )
        ecs_events.in_progress(service, deployment)

    def _later(self, cluster: str, key: str, deployment: Record) -> None:
        from ministack.core.responses import get_account_id, get_region, request_scope

        scope = (get_account_id(), get_region())

        def finish() -> None:
            with request_scope(*scope):
                self._finish(cluster, key, deployment)

        if self._seconds == 0:
            finish()
        else:
            timer = threading.Timer(self._seconds, finish)
            timer.daemon = True
            timer.start()

    def _finish(self, cluster: str, key: str, deployment: Record) -> None:
        with _lock:
            if deployment["id"] not in rollout_hooks.unfinished:
                return
            service = self._ecs._services[key]
            task_definition = self._ecs._resolve_td_key(deployment["taskDefinition"])
            image = failing_image(self._ecs._task_defs.get(task_definition) or {})
            if image is None:
                self._succeed(cluster, key, service, deployment)
            else:
                self._fail(cluster, key, service, deployment, image)

    def _succeed(self, cluster: str, key: str, service: Record, deployment: Record) -> None:
        rollout_hooks.unfinished.discard(deployment["id"])
        for _, task in self._tasks(deployment, "PENDING"):
            rollout_hooks.set_status(task, "RUNNING", self._ecs._iso())
        self._ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
        for _ in range(max(1, service["desiredCount"])):
            self._reconcile(cluster, key)
            if deployment["rolloutState"] == "COMPLETED":
                break
        else:
            return
        deployment["rolloutStateReason"] = f"ECS deployment {deployment['id']} completed."
        service["deployments"] = [deployment]
        rolled_back = service_deployments.is_rollback(deployment)
        service_deployments.end(
            service, deployment, "ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL"
        )
        self._note(service, f"(deployment {deployment['id']}) deployment completed.")
        ecs_events.completed(service, deployment)

    def _fail(
        self, cluster: str, key: str, service: Record, deployment: Record, image: str
    ) -> None:
        self._stop_tasks(
            cluster,
            deployment,
            f"CannotPullContainerError: failed to resolve ref {image}: not found",
            "TaskFailedToStart",
        )
        breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
        triggered = bool(breaker.get("enable"))
        deployment["failedTasks"] = self._ecs._circuit_breaker_threshold(service)
        deployment["updatedAt"] = self._ecs._iso()
        service_deployments.count_failures(service, deployment, triggered=triggered)
        if not triggered:
            self._reconcile(cluster, key)
            return
        rollout_hooks.unfinished.discard(deployment["id"])
        deployment["desiredCount"] = 0
        deployment["rolloutState"] = "FAILED"
        deployment["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        self._note(
            service, f"(deployment {deployment['id']}) deployment failed: tasks failed to start."
        )
        ecs_events.failed(service, deployment)
        candidate = next(
            (older for older in service["deployments"] if older["rolloutState"] == "COMPLETED"),
            None,
        )
        if not breaker.get("rollback"):
            service_deployments.end(
                service,
                deployment,
                "STOPPED",
                "Service deployment stopped because the circuit breaker threshold was exceeded.",
            )
        elif candidate is None or service_deployments.is_rollback(deployment):
            service_deployments.end(
                service,
                deployment,
                "ROLLBACK_FAILED",
                "No rollback candidate was found to run the rollback.",
            )
        else:
            self._roll_back(cluster, key, service, deployment, candidate)

    def _roll_back(
        self, cluster: str, key: str, service: Record, failed: Record, candidate: Record
    ) -> None:
        failed["status"] = "ACTIVE"
        rollback = self._ecs._make_deployment(candidate["taskDefinition"], service["desiredCount"])
        rollback["launchType"] = candidate["launchType"]
        rollback["capacityProviderStrategy"] = candidate.get("capacityProviderStrategy")
        rollback["_reason"] = (
            f"ECS deployment circuit breaker: rolling back to deploymentId {candidate['id']}."
        )
        service["deployments"].insert(0, rollback)
        service["taskDefinition"] = candidate["taskDefinition"]
        service_deployments.roll_back(failed, rollback, candidate)
        self._note(service, f"rolling back to deployment {candidate['id']}.")
        self.reconcile(cluster, key)

    def _tasks(self, deployment: Record, *statuses: str) -> list[tuple[str, Record]]:
        return [
            (arn, task)
            for arn, task in list(self._ecs._tasks.items())
            if task["_deployment_id"] == deployment["id"] and task["lastStatus"] in statuses
        ]

    def _stop_tasks(
        self, cluster: str, deployment: Record, reason: str, code: str = "ServiceSchedulerInitiated"
    ) -> None:
        for arn, task in self._tasks(deployment, "PENDING", "RUNNING"):
            self._ecs._stop_task({"task": arn, "cluster": cluster, "reason": reason})
            task["stopCode"] = code

    def _note(self, service: Record, message: str) -> None:
        service["events"].insert(
            0,
            {
                "id": secrets.token_hex(16),
                "createdAt": self._ecs._iso(),
                "message": f"(service {service['serviceName']}) {message}",
            },
        )
