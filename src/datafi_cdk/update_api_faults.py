"""What the arguments of an update API cannot be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .datafi_service import DatafiService
from .errors import Fault
from .ingress_base import IngressBase
from .secret_forms import secret_form
from .synthesis import concrete, other_app_faults, refuse
from .validation import (
    FORMS,
    MOST_UPDATED_SERVICES,
    in_full,
    interface_faults,
    kind_of,
    priority_faults,
    secret_faults,
    type_faults,
)


def refuse_ingress(construct: Construct, ingress: IngressBase) -> None:
    """Refuse an ingress of which nothing else can be asked."""
    refuse(construct, type_faults("ingress", ingress, IngressBase, "a SharedIngress"))
    refuse(construct, other_app_faults(construct, ingress=ingress))


def service_faults(services: Sequence[DatafiService], ingress: IngressBase) -> list[Fault]:
    """Services that one update API cannot update together, or not at all."""
    allowed = f"a list of 1 to {MOST_UPDATED_SERVICES} of EdgeServer and Coordinator"
    remedy = "hand in the servers on Fargate that it updates"
    if not isinstance(services, Sequence) or isinstance(services, str):
        return [Fault("services", allowed, kind_of(services), remedy)]
    if not 1 <= len(services) <= MOST_UPDATED_SERVICES:
        return [Fault("services", allowed, str(len(services)), remedy)]
    if not all(isinstance(service, DatafiService) for service in services):
        kinds = ", ".join(type(service).__name__ for service in services)
        return [Fault("services", allowed, f"[{kinds}]", remedy)]
    faults = []
    for index, service in enumerate(services):
        if service in services[:index]:
            allowed, given = "each a different one", f"{service.node.path} twice"
            faults.append(Fault("services", allowed, given, "leave it out once"))
        if service.ingress is not ingress:
            allowed = f"those behind {ingress.node.path}"
            given = f"{service.node.path} behind {service.ingress.node.path}"
            remedy = "hand in the ingress of the services"
            faults.append(Fault("services", allowed, given, remedy))
        shared = service.version_parameter_name
        others = [each for each in services[:index] if each is not service]
        if shared and shared in [each.version_parameter_name for each in others]:
            allowed = "those whose versions are in different parameters"
            given = f"two with {shared!r}"
            faults.append(Fault("services", allowed, given, "leave one of them out"))
        if service.update_api is not None:
            allowed = "those that no other update API updates"
            given = f"{service.node.path}, which {service.update_api.node.path} updates"
            faults.append(Fault("services", allowed, given, "leave it out"))
    return faults


def caller_faults(
    services: Sequence[DatafiService],
    secret: secretsmanager.ISecret | None,
    callers: Sequence[iam.IGrantable] | None,
    priority: int | None,
    every_path: bool,
) -> list[Fault]:
    """Who may call: whoever has the key, or some principals."""
    if callers is None:
        return secret_faults("secret", secret) if secret is not None else []
    allowed = "a list of at least one principal (IGrantable), such as a role"
    remedy = "hand in who may call"
    if not isinstance(callers, Sequence) or isinstance(callers, str):
        return [Fault("callers", allowed, kind_of(callers), remedy)]
    if not callers:
        return [Fault("callers", allowed, "an empty one", "hand in who may call, or leave it out")]
    faults = [fault for caller in callers for fault in _caller_faults(caller, services)]
    for argument, value in (
        ("secret", secret),
        ("http_rule_priority", priority),
        ("every_path", every_path or None),
    ):
        if value is not None:
            allowed = "left out with callers, who need neither a key nor the load balancer"
            faults.append(Fault(argument, allowed, "both", "leave one of the two out"))
    return faults


def _caller_faults(caller: object, services: Sequence[DatafiService]) -> list[Fault]:
    """One that is no principal, or whom Lambda or CloudFormation cannot let call."""
    place, remedy = "callers", "hand in who may call"
    allowed = "a list of at least one principal (IGrantable), such as a role"
    if interface_faults(place, caller, "grant_principal", allowed):
        return [Fault(place, allowed, f"a list with {kind_of(caller)} in it", remedy)]
    principal = cast(iam.IGrantable, caller).grant_principal
    if isinstance(principal, iam.StarPrincipal) or getattr(principal, "arn", None) == "*":
        allowed = "principals that are not everybody, as every AWS account could update"
        return [Fault(place, allowed, type(principal).__name__, remedy)]
    if isinstance(principal, iam.CompositePrincipal | iam.FederatedPrincipal):
        allowed = "roles, users, accounts or organizations"
        return [
            Fault(place, allowed, type(principal).__name__, "hand in each by itself, or a role")
        ]
    path = _path_of(principal)
    for service in services if isinstance(services, Sequence) else ():
        if path and isinstance(service, DatafiService) and path in _role_paths(service):
            allowed = "others than the services, which CloudFormation makes after those rights"
            given = service.node.path if caller is service else path
            remedy = "hand in a role of its own, or let it use the key"
            return [Fault(place, allowed, given, remedy)]
    return []


def _role_paths(service: DatafiService) -> list[str]:
    """The roles without which a service is not made."""
    task = service.task_definition
    return [_path_of(role) for role in (task.task_role, task.obtain_execution_role())]


def _path_of(principal: object) -> str:
    """Where a principal is made; empty if it is no construct."""
    node = getattr(principal, "node", None)
    return node.path if node else ""


def tag_faults(patterns: Sequence[str] | None) -> list[Fault]:
    """Patterns that no tag can match, or that are none."""
    if patterns is None:
        return []
    allowed = "a list of tags, in which * and ? stand for any characters"
    remedy = "write it as ['latest', 'v*']"
    if not isinstance(patterns, Sequence) or isinstance(patterns, str) or not patterns:
        return [Fault("allowed_tags", allowed, in_full(patterns), remedy)]
    return [
        Fault("allowed_tags", allowed, in_full(pattern), remedy)
        for pattern in patterns
        if not isinstance(pattern, str)
        or not re.fullmatch(FORMS["tag_pattern"], pattern)
        or secret_form(pattern)
    ]


def rule_priority_faults(
    services: Sequence[DatafiService], priority: int | None, *, every_path: bool
) -> list[Fault]:
    """One priority is for one rule."""
    is_one = every_path or not isinstance(services, Sequence) or len(services) == 1
    if priority is None or is_one:
        return priority_faults("http_rule_priority", concrete(priority))
    allowed = "left out with several services, each of which has a rule"
    return [Fault("http_rule_priority", allowed, str(priority), "leave it out")]
