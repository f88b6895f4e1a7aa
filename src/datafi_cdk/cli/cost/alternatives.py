"""What other settings would change of the estimate, worked out by the same table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ...topology import Reference
from ...validation import FARGATE_MEMORY_MIB
from .estimate import Estimate, estimate
from .items import ONE, ZERO, Assumptions, Made, Range, number, of_type
from .network_items import ELASTIC_IP, ENDPOINT, NAT_GATEWAY, interface_endpoints
from .prices import PriceTable
from .services import SERVICE, TASK_DEFINITION, services
from .storage_items import SECRETS_MANAGER

UPDATE_KEY = "Key of the Datafi update API"
"""Description of the secret that each update API makes."""

_TASK_ENDPOINTS = 4
"""How many endpoints a task needs in place of NAT: see `EdgeNetwork`."""


@dataclass(frozen=True)
class Alternative:
    """Another setting.

    Args:
        what: What would be otherwise.
        key: The key of `datafi.yaml` that does it.
        usd: How many US dollars a month it would cost more; below zero what it would save. From
            the least to the most, of all numbers of tasks and all prices.
    """

    what: str
    key: str
    usd: Range


def alternatives(
    made: list[Made], table: PriceTable, prices_of: str, assumptions: Assumptions
) -> Iterator[Alternative]:
    """The settings that would change the estimate of these resources.

    Args:
        made: The resources, all in one region.
        table: The prices.
        prices_of: The region whose prices are used.
        assumptions: How the app is used.
    """
    before = estimate(made, table, prices_of, assumptions)
    for what, key, change in _CHANGES:
        after = estimate(change(made), table, prices_of, assumptions)
        differences = [new - old for new, old in zip(_ends(after), _ends(before), strict=True)]
        # A price that only one of them lacks would make the difference wrong.
        if any(differences) and after.left == before.left:
            yield Alternative(what, key, Range(min(differences), max(differences)))


def _ends(of: Estimate) -> list[Decimal]:
    """The totals with the fewest and the most tasks, at the highest and the best prices."""
    return [_total(of, most, at_best) for most in (False, True) for at_best in (False, True)]


def _total(of: Estimate, most: bool, at_best: bool) -> Decimal:
    total = ZERO
    for line in of.lines:
        quantity = line.item.quantity.high if most else line.item.quantity.low
        total += quantity * line.price.usd * (line.item.least if at_best else ONE)
    return total


def _one_nat_gateway(made: list[Made]) -> list[Made]:
    first: dict[Any, Made] = {}
    for gateway in of_type(made, NAT_GATEWAY):
        first.setdefault(_vpc(gateway, made), gateway)
    return _without_nat(made, keep=list(first.values()))


def _endpoints_for_nat(made: list[Made]) -> list[Made]:
    gateways = of_type(made, NAT_GATEWAY)
    subnets = max((service.subnets for service in services(made)[0]), default=0)
    if not gateways or not subnets or interface_endpoints(made):
        return made
    vpcs = {_vpc(gateway, made) for gateway in gateways}
    endpoint = {"VpcEndpointType": "Interface", "SubnetIds": [None] * subnets}
    added = [
        Made(replace(gateways[0].id, logical_id=f"Endpoint{count}"), ENDPOINT, endpoint, "")
        for count in range(_TASK_ENDPOINTS * len(vpcs))
    ]
    return [*_without_nat(made, keep=[]), *added]


def _nat_for_endpoints(made: list[Made]) -> list[Made]:
    endpoints = interface_endpoints(made)
    in_own_vpc = all(isinstance(each.properties.get("VpcId"), Reference) for each in endpoints)
    if not endpoints or not in_own_vpc or of_type(made, NAT_GATEWAY):
        return made
    added = []
    for vpc in {str(endpoint.properties.get("VpcId")) for endpoint in endpoints}:
        address = replace(endpoints[0].id, logical_id=f"NatAddress{vpc}")
        gateway = replace(endpoints[0].id, logical_id=f"NatGateway{vpc}")
        added += [
            Made(address, ELASTIC_IP, {}, ""),
            Made(gateway, NAT_GATEWAY, {"AllocationId": Reference(address)}, ""),
        ]
    return [*(resource for resource in made if resource not in endpoints), *added]


def _vpc(gateway: Made, made: list[Made]) -> Any:
    """The VPC of a NAT gateway: that of its subnet, else the subnet itself."""
    subnet = gateway.properties.get("SubnetId")
    if isinstance(subnet, Reference):
        for resource in made:
            if resource.id == subnet.resource:
                return str(resource.properties.get("VpcId"))
    return str(subnet)


def _without_nat(made: list[Made], *, keep: list[Made]) -> list[Made]:
    """The resources without NAT gateways and their addresses, but for some that are kept."""
    gone = [gateway for gateway in of_type(made, NAT_GATEWAY) if gateway not in keep]
    addresses = [
        gateway.properties["AllocationId"].resource
        for gateway in gone
        if isinstance(gateway.properties.get("AllocationId"), Reference)
    ]
    return [
        resource
        for resource in made
        if resource not in gone and not (resource.type == ELASTIC_IP and resource.id in addresses)
    ]


def _on_arm(made: list[Made]) -> list[Made]:
    return _with(
        made, TASK_DEFINITION, lambda old: {"RuntimePlatform": {"CpuArchitecture": "ARM64"}}
    )


def _half_size(made: list[Made]) -> list[Made]:
    def halved(old: Mapping[str, Any]) -> Mapping[str, Any]:
        cpu, memory = number(old.get("Cpu")), number(old.get("Memory"))
        if cpu is None or memory is None:
            return {}
        allowed = FARGATE_MEMORY_MIB.get(int(cpu) // 2, ())
        if int(memory) // 2 not in allowed:
            return {}
        return {"Cpu": str(int(cpu) // 2), "Memory": str(int(memory) // 2)}

    return _with(made, TASK_DEFINITION, halved)


def _on_spot(made: list[Made]) -> list[Made]:
    strategy = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
    return _with(made, SERVICE, lambda old: {"CapacityProviderStrategy": strategy})


def _shared_update_api(made: list[Made]) -> list[Made]:
    """One update API, and so one key, for each stack."""
    seen: set[str] = set()
    kept = []
    for resource in made:
        is_update_key = resource.properties.get("Description") == UPDATE_KEY
        if resource.type in SECRETS_MANAGER and is_update_key:
            if resource.id.stack in seen:
                continue
            seen.add(resource.id.stack)
        kept.append(resource)
    return kept


def _with(
    made: list[Made],
    resource_type: str,
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> list[Made]:
    """The same resources, those of one type with other properties."""
    return [
        replace(resource, properties={**resource.properties, **change(resource.properties)})
        if resource.type == resource_type
        else resource
        for resource in made
    ]


_CHANGES: tuple[tuple[str, str, Callable[[list[Made]], list[Made]]], ...] = (
    (
        "One NAT gateway for all zones",
        "new_vpc: {nat_gateways: 1}",
        _one_nat_gateway,
    ),
    (
        "Interface endpoints in place of NAT; images must be in ECR, nothing else is reached",
        "new_vpc: {nat_gateways: 0}",
        _endpoints_for_nat,
    ),
    (
        "One NAT gateway in place of the interface endpoints",
        "new_vpc: {nat_gateways: 1}",
        _nat_for_endpoints,
    ),
    (
        "ARM64, if the images are built for it",
        "cpu_architecture: ARM64",
        _on_arm,
    ),
    (
        "All tasks on Fargate Spot, where AWS may stop them at two minutes' notice",
        "capacity_provider_strategies: [{capacity_provider: FARGATE_SPOT}]",
        _on_spot,
    ),
    (
        "Tasks of half the CPU and memory",
        "cpu, memory_mib",
        _half_size,
    ),
    (
        "One update API for all servers of a stack",
        "update_api: {shared: true}",
        _shared_update_api,
    ),
)
