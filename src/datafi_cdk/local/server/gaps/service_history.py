"""Gap: the three actions of ECS that show service deployments and service revisions.

ministack answers them with empty lists. See
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
"""

from __future__ import annotations

import time
from typing import Any

from .service_deployments import DEPLOYMENTS, REVISIONS, Record, refresh


def serve() -> None:
    """Answer the three actions that show service deployments and revisions."""
    from ministack.services import ecs

    ecs._ACTION_MAP.update(
        ListServiceDeployments=_list,
        DescribeServiceDeployments=_describe,
        DescribeServiceRevisions=_describe_revisions,
    )


def _list(request: Record) -> Any:
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import ecs

    cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
    if cluster not in ecs._clusters:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    name = str(request.get("service", "")).rpartition("/")[2]
    service = ecs._services.get(f"{cluster}/{name}")
    if service is None:
        return error_response_json("ServiceNotFoundException", "Service not found.", 400)
    limit = request.get("maxResults", 20)
    if not 1 <= limit <= 100:
        return error_response_json(
            "InvalidParameterException", "maxResults must be between 1 and 100.", 400
        )
    created = request.get("createdAt") or {}
    found = [
        record
        for record in reversed(service.get(DEPLOYMENTS, []))
        if record["status"] in (request.get("status") or [record["status"]])
        and created.get("after", 0) <= record["createdAt"] <= created.get("before", time.time())
    ]
    start = int(request.get("nextToken") or 0)
    page = [_brief(record) for record in found[start : start + limit]]
    rest = {"nextToken": str(start + limit)} if start + limit < len(found) else {}
    return json_response({"serviceDeployments": page, **rest})


def _brief(record: Record) -> Record:
    names: tuple[str, ...] = (
        "serviceDeploymentArn",
        "serviceArn",
        "clusterArn",
        "startedAt",
        "createdAt",
    )
    names += ("finishedAt", "status", "statusReason")
    return {
        **{name: record[name] for name in names if name in record},
        "targetServiceRevisionArn": record["targetServiceRevision"]["arn"],
    }


def _describe(request: Record) -> Any:
    return _described(request, "serviceDeployment", DEPLOYMENTS)


def _describe_revisions(request: Record) -> Any:
    return _described(request, "serviceRevision", REVISIONS)


def _described(request: Record, kind: str, store: str) -> Any:
    from ministack.core.responses import json_response
    from ministack.services import ecs

    found, failures = [], []
    for arn in request.get(f"{kind}Arns", []):
        service = ecs._services.get("/".join(arn.split("/")[1:3])) or {}
        refresh(service)
        records = [record for record in service.get(store, []) if record[f"{kind}Arn"] == arn]
        found += records
        if not records:
            failures.append({"arn": arn, "reason": "MISSING"})
    return json_response({f"{kind}s": ecs._sanitize(found), "failures": failures})
