"""Gap: task definitions that were deregistered.

Their family stands for its latest revision that is ACTIVE, and no service can be moved to one that
is not. See
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]


def complete() -> None:
    """Make ministack's ECS mind whether a task definition is ACTIVE."""
    from ministack.services import ecs

    resolve = ecs._resolve_td_key

    def latest_active(reference: str) -> Any:
        key = resolve(reference)
        if not key or str(reference).rpartition("/")[2] == key:
            return key
        family = key.rpartition(":")[0]
        active = [
            made["revision"]
            for made in list(ecs._task_defs.values())
            if made["family"] == family and made["status"] == "ACTIVE"
        ]
        return f"{family}:{max(active)}" if active else key

    ecs._resolve_td_key = latest_active
    for action, name in (
        ("CreateService", "_create_service"),
        ("UpdateService", "_update_service"),
    ):
        handler = _active_only(ecs, getattr(ecs, name))
        setattr(ecs, name, handler)
        ecs._ACTION_MAP[action] = handler


def _active_only(ecs: Any, handler: Callable[[Record], Any]) -> Callable[[Record], Any]:
    def handle(request: Record) -> Any:
        from ministack.core.responses import error_response_json

        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        name = str(request.get("service", "")).rpartition("/")[2]
        service = ecs._services.get(f"{cluster}/{name}") or {}
        wanted = ecs._task_defs.get(ecs._resolve_td_key(request.get("taskDefinition", "")))
        if (
            wanted
            and wanted["status"] != "ACTIVE"
            and wanted["taskDefinitionArn"] != service.get("taskDefinition")
        ):
            return error_response_json("ClientException", "TaskDefinition is inactive", 400)
        return handler(request)

    return handle
