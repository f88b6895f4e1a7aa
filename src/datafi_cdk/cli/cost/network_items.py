"""The items of the network: NAT gateways, load balancers, public addresses, endpoints, data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from .items import Assumptions, Item, Made, NotEstimated, Range, counted, of_type
from .lambda_items import ServerFunction
from .services import Service, task_count

NAT = "NAT gateways"
LOAD_BALANCER = "Load balancer"
ADDRESSES = "Public IPv4 addresses"
ENDPOINTS = "Interface endpoints"
DATA = "Data to the internet"

NAT_GATEWAY = "AWS::EC2::NatGateway"
ELASTIC_IP = "AWS::EC2::EIP"
LOAD_BALANCER_TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"
ENDPOINT = "AWS::EC2::VPCEndpoint"

LCU_CONNECTIONS = 25 * 3600
LCU_RULES = 1000 * 3600
FREE_RULES = 10
LCU_GB = Decimal(1)
LCU_GB_LAMBDA = Decimal("0.4")
"""What an LCU-hour holds: new connections, rule evaluations beyond the first ten rules of each
request, GB to and from containers, GB to and from functions.

https://aws.amazon.com/elasticloadbalancing/pricing/
"""

_USUAL_ZONES = 2


def nat_items(made: list[Made], servers: int, assumptions: Assumptions) -> Iterator[Item]:
    """Hours of NAT gateways, and what goes through them.

    Args:
        made: All resources.
        servers: How many servers have no other way out.
        assumptions: How they are used.
    """
    gateways = len(of_type(made, NAT_GATEWAY))
    if gateways:
        hours = Range.exactly(gateways * assumptions.hours)
        yield Item(NAT, counted(gateways, "gateway"), hours, "nat.hour")
        what = f"data of {counted(servers, 'server')}"
        gb = Range.exactly(servers * assumptions.nat_gb)
        yield Item(NAT, what, gb, "nat.data", usage=True)


def endpoint_items(made: list[Made], servers: int, assumptions: Assumptions) -> Iterator[Item]:
    """Hours of interface endpoints, per zone, and what goes through them where there is no NAT.

    Endpoints of the other kind, gateway endpoints, cost nothing:
    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html

    Args:
        made: All resources.
        servers: How many servers use them.
        assumptions: How they are used.
    """
    endpoints = interface_endpoints(made)
    if not endpoints:
        return
    zones = sum(_subnets(endpoint, "SubnetIds") for endpoint in endpoints)
    hours = Range.exactly(zones * assumptions.hours)
    what = f"{counted(len(endpoints), 'endpoint')}, each in its zones: {zones}"
    yield Item(ENDPOINTS, what, hours, "endpoint.hour")
    if not of_type(made, NAT_GATEWAY):
        gb = Range.exactly(servers * assumptions.nat_gb)
        what = f"data of {counted(servers, 'server')}"
        yield Item(ENDPOINTS, what, gb, "endpoint.data", usage=True)


def interface_endpoints(made: list[Made]) -> list[Made]:
    """The endpoints that are paid for by the hour."""
    return [
        endpoint
        for endpoint in of_type(made, ENDPOINT)
        if endpoint.properties.get("VpcEndpointType") == "Interface"
    ]


def load_balancer_items(
    made: list[Made],
    services: Sequence[Service],
    functions: Sequence[ServerFunction],
    assumptions: Assumptions,
) -> Iterator[Item | NotEstimated]:
    """Hours of load balancers, and the capacity that the servers use, also of an existing one."""
    balancers = of_type(made, LOAD_BALANCER_TYPE)
    for other in (balancer for balancer in balancers if not _is_application(balancer)):
        yield NotEstimated(other.path, "the table has prices of application load balancers only")
    count = sum(_is_application(balancer) for balancer in balancers)
    if count:
        what = counted(count, "load balancer")
        yield Item(LOAD_BALANCER, what, Range.exactly(count * assumptions.hours), "alb.hour")
    elif services or functions:
        yield NotEstimated("hours of the load balancer", "it exists already, outside this app")
    capacity = _capacity(made, len(services), len(functions), assumptions)
    if capacity:
        servers = counted(len(services) + len(functions), "server")
        what = f"capacity used by {servers}"
        yield Item(LOAD_BALANCER, what, Range.exactly(capacity), "alb.lcu", usage=True)


def _capacity(
    made: list[Made], containers: int, functions: int, assumptions: Assumptions
) -> Decimal:
    """LCU-hours, by the dimension that is used most, as AWS counts them; load is even."""
    requests = assumptions.requests * (containers + functions)
    balancers = max(len(of_type(made, LOAD_BALANCER_TYPE)), 1)
    rules = Decimal(len(of_type(made, "AWS::ElasticLoadBalancingV2::ListenerRule"))) / balancers
    data = assumptions.data_gb * (containers / LCU_GB + functions / LCU_GB_LAMBDA)
    return max(
        requests / LCU_CONNECTIONS,
        requests * max(rules - FREE_RULES, Decimal(0)) / LCU_RULES,
        data,
    )


def address_items(
    made: list[Made], services: Sequence[Service], assumptions: Assumptions
) -> Iterator[Item]:
    """Public addresses: one for each zone of a public load balancer, elastic ones, tasks' own.

    https://aws.amazon.com/vpc/pricing/
    """
    of_balancers = sum(
        _subnets(balancer, "Subnets", "SubnetMappings")
        for balancer in of_type(made, LOAD_BALANCER_TYPE)
        if is_public(balancer)
        and balancer.properties.get("IpAddressType") != "dualstack-without-public-ipv4"
    )
    elastic = len(of_type(made, ELASTIC_IP))
    of_tasks = task_count([service for service in services if service.public_ip])
    for what, count in (
        ("of load balancers, one in each zone", Range.exactly(of_balancers)),
        ("elastic, such as those of NAT gateways", Range.exactly(elastic)),
        ("of tasks", of_tasks),
    ):
        if count.high:
            yield Item(ADDRESSES, what, count.times(assumptions.hours), "ipv4.hour")


def data_items(made: list[Made], servers: int, assumptions: Assumptions) -> Iterator[Item]:
    """What the servers send to clients on the internet; none if all load balancers are internal."""
    balancers = of_type(made, LOAD_BALANCER_TYPE)
    if balancers and not any(is_public(balancer) for balancer in balancers):
        return
    gb = assumptions.data_gb * servers
    if gb:
        what = f"of {counted(servers, 'server')}"
        yield Item(DATA, what, Range.exactly(gb), "transfer.out", usage=True)


def is_public(balancer: Made) -> bool:
    """Whether a load balancer has public addresses; the default of AWS is that it has."""
    return bool(balancer.properties.get("Scheme", "internet-facing") != "internal")


def _is_application(balancer: Made) -> bool:
    return bool(balancer.properties.get("Type", "application") == "application")


def _subnets(resource: Made, *names: str) -> int:
    """In how many subnets something is; two if only the deployment knows it."""
    for name in names:
        subnets = resource.properties.get(name)
        if isinstance(subnets, list) and not any(_is_unknown(subnet) for subnet in subnets):
            return len(subnets)
        if subnets is not None:
            return _USUAL_ZONES
    return 0


def _is_unknown(subnet: Any) -> bool:
    """Whether it stands for subnets that only the deployment knows, perhaps several."""
    return isinstance(subnet, str) and subnet.startswith("${")
