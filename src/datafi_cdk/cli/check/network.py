"""Checks of the network: zones, subnets, ways out, addresses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from ...config_sections import VpcConfig
from ...config_services import ServiceConfig
from .context import Context
from .finding import Finding, failed, guarded, passed, warned
from .subnets import Kind, Subnet, read_subnets

LOAD_BALANCER_ADDRESSES = 8
"""Free addresses that a load balancer needs in each of its subnets.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
"""

NEEDED_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""Interface endpoints without which a task without a way out cannot start, by their short names.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

_ZONES = 2


def check_network(context: Context) -> Iterator[Finding]:
    """The network, existing or to be made."""
    if context.config.vpc is None:
        yield from _new_network(context)
        return
    vpc_id = context.config.vpc.vpc_id
    found = context.ask_all(
        "ec2", "DescribeVpcs", "Vpcs", missing=("InvalidVpcID.NotFound",), VpcIds=[vpc_id]
    )
    if not found:
        text = f"does not exist in {context.region}"
        yield failed(vpc_id, text, "correct vpc.vpc_id, or the region")
        return
    yield passed(vpc_id, f"exists, {found[0]['CidrBlock']}")
    yield from guarded("names in the VPC", _names_resolve(context, vpc_id))
    subnets = read_subnets(context, vpc_id)
    yield from _claimed(context.config.vpc, subnets)
    if context.config.vpc.availability_zones:
        subnets = _as_named(context.config.vpc, subnets)
    yield from _load_balancer(context, subnets)
    yield from _tasks(context, vpc_id, subnets)


def _new_network(context: Context) -> Iterator[Finding]:
    wanted = context.config.new_vpc.max_azs
    zones = context.ask_all("ec2", "DescribeAvailabilityZones", "AvailabilityZones")
    usable = [zone for zone in zones if zone.get("ZoneType", _ZONE_TYPE) == _ZONE_TYPE]
    text = f"{len(usable)} zones in {context.region}, the new VPC takes {wanted}"
    if len(usable) < wanted:
        yield failed("zones", text, f"set new_vpc.max_azs to {len(usable)} or less")
    else:
        yield passed("zones", text)


_ZONE_TYPE = "availability-zone"


def _names_resolve(context: Context, vpc_id: str) -> Iterator[Finding]:
    """Private zones, namespaces and endpoints need both of the VPC's DNS attributes."""
    config = context.config
    if not (config.private or config.dns.enable_namespace or config.dns.namespace):
        return
    for attribute, key in (
        ("enableDnsSupport", "EnableDnsSupport"),
        ("enableDnsHostnames", "EnableDnsHostnames"),
    ):
        found = context.ask("ec2", "DescribeVpcAttribute", VpcId=vpc_id, Attribute=attribute)
        if not found[key]["Value"]:
            text = f"{attribute} is off, so that private names do not resolve"
            yield failed(vpc_id, text, f"turn {attribute} on in the VPC")


def _as_named(vpc: VpcConfig, subnets: dict[str, Subnet]) -> dict[str, Subnet]:
    """The subnets of a VPC that is not looked up: only those that are named are chosen from."""
    kinds = {
        **dict.fromkeys(vpc.public_subnet_ids, Kind.PUBLIC),
        **dict.fromkeys(vpc.private_subnet_ids, Kind.PRIVATE),
        **dict.fromkeys(vpc.isolated_subnet_ids, Kind.ISOLATED),
    }
    return {each.id: replace(each, kind=kinds.get(each.id)) for each in subnets.values()}


def _claimed(vpc: VpcConfig, subnets: dict[str, Subnet]) -> Iterator[Finding]:
    """What the configuration says of subnets is so."""
    for key, kinds in (
        ("public_subnet_ids", (Kind.PUBLIC, Kind.INSPECTED)),
        ("private_subnet_ids", (Kind.PRIVATE, Kind.INSPECTED)),
        ("isolated_subnet_ids", (Kind.ISOLATED, Kind.PRIVATE, Kind.INSPECTED)),
    ):
        for zone, subnet_id in zip(vpc.availability_zones, getattr(vpc, key), strict=False):
            subnet = subnets.get(subnet_id)
            if subnet is None:
                text = f"is no subnet of {vpc.vpc_id}"
                yield failed(subnet_id, text, f"correct vpc.{key}")
            elif subnet.zone != zone:
                text = f"is in {subnet.zone}, and stands in vpc.{key} where {zone} is"
                yield failed(subnet_id, text, "bring the subnets into the order of the zones")
            elif subnet.by_routes not in kinds:
                text = f"is {subnet.by_routes} by its routes, and stands in vpc.{key}"
                yield failed(subnet_id, text, "correct the file, or the subnet's route table")


def _load_balancer(context: Context, subnets: dict[str, Subnet]) -> Iterator[Finding]:
    config = context.config
    if config.load_balancer.existing:
        return
    subject = "load balancer's subnets"
    own = config.load_balancer.subnet_ids
    if own:
        missing = [subnet_id for subnet_id in own if subnet_id not in subnets]
        if missing:
            yield _missing(subject, missing, "load_balancer.subnet_ids")
            return
        chosen = [subnets[subnet_id] for subnet_id in own]
    elif config.private:
        chosen = _by_default(subnets.values())
    else:
        chosen = [subnet for subnet in subnets.values() if subnet.kind == Kind.PUBLIC]
    if not config.private:
        reached = (Kind.PUBLIC, Kind.INSPECTED)
        inside = [subnet.id for subnet in chosen if subnet.by_routes not in reached]
        if inside:
            text = f"{', '.join(inside)}: no route to an internet gateway"
            yield failed(subject, text, "name public subnets, or set private: true")
    zones = {subnet.zone for subnet in chosen}
    if len(zones) < _ZONES:
        kind = "private" if config.private else "public"
        text = f"{kind} subnets in {len(zones)} zones, and a load balancer needs {_ZONES}"
        yield failed(subject, text, f"add {kind} subnets to the VPC, or name another VPC")
        return
    crowded = [zone for zone, count in Counter(each.zone for each in chosen).items() if count > 1]
    if crowded:
        names = ", ".join(subnet.id for subnet in chosen if subnet.zone in crowded)
        text = f"{names}: several in one zone, of which a load balancer takes one"
        yield failed(subject, text, "name one for each zone in load_balancer.subnet_ids")
        return
    full = [subnet.id for subnet in chosen if subnet.free < LOAD_BALANCER_ADDRESSES]
    if full:
        text = f"{', '.join(full)}: fewer than {LOAD_BALANCER_ADDRESSES} free addresses"
        # A load balancer that is there needs them only to grow.
        told = warned if any(":loadbalancer/" in arn for arn in context.deployed) else failed
        yield told(subject, text, "free some, or name other subnets")
        return
    yield passed(subject, f"{len(chosen)} in {len(zones)} zones")


def _by_default(subnets: Collection[Subnet]) -> list[Subnet]:
    """The subnets that the cdk takes: private ones, else isolated ones, else public ones."""
    for kind in (Kind.PRIVATE, Kind.ISOLATED, Kind.PUBLIC):
        chosen = [subnet for subnet in subnets if subnet.kind == kind]
        if chosen:
            return chosen
    return []


def _missing(subject: str, ids: list[str], key: str) -> Finding:
    return failed(subject, f"{', '.join(ids)}: not in the VPC", f"correct {key}")


def _tasks(context: Context, vpc_id: str, subnets: dict[str, Subnet]) -> Iterator[Finding]:
    by_subnets: dict[tuple[str, ...], list[ServiceConfig]] = {}
    for place, server in context.servers:
        missing = [subnet_id for subnet_id in server.subnet_ids if subnet_id not in subnets]
        if missing:
            yield _missing(place, missing, f"{place}.subnet_ids")
            continue
        if not isinstance(server, ServiceConfig):
            continue
        chosen = _of_service(server, subnets)
        if not chosen:
            kind = "public" if server.assign_public_ip else "private"
            text = f"the VPC has no {kind} subnet for its tasks"
            remedy = "add private subnets with a NAT gateway, or set assign_public_ip"
            yield failed(place, text, remedy)
            continue
        yield from guarded(place, _way_out(context, vpc_id, place, server, chosen))
        by_subnets.setdefault(tuple(sorted(each.id for each in chosen)), []).append(server)
    for ids, services in by_subnets.items():
        chosen = [subnets[subnet_id] for subnet_id in ids]
        yield from guarded("tasks' addresses", _addresses(context, chosen, services))


def _of_service(service: ServiceConfig, subnets: dict[str, Subnet]) -> list[Subnet]:
    if service.subnet_ids:
        return [subnets[subnet_id] for subnet_id in service.subnet_ids]
    if service.assign_public_ip:
        return [subnet for subnet in subnets.values() if subnet.kind == Kind.PUBLIC]
    return _by_default(subnets.values())


def _way_out(
    context: Context, vpc_id: str, place: str, service: ServiceConfig, chosen: list[Subnet]
) -> Iterator[Finding]:
    """Tasks reach their registry: by a route, or by endpoints if the image is in ECR."""
    public = [subnet.id for subnet in chosen if subnet.by_routes == Kind.PUBLIC]
    if public and not service.assign_public_ip:
        text = f"{', '.join(public)}: public subnets, in which a task without an address is stuck"
        yield failed(place, text, "choose private subnets, or set assign_public_ip: true")
        return
    closed = [subnet for subnet in chosen if subnet.by_routes == Kind.ISOLATED]
    if not closed:
        yield passed(place, f"its tasks have a way out of {len(chosen)} subnets")
        return
    names = ", ".join(subnet.id for subnet in closed)
    told = warned if service.egress_provided else failed
    if not service.ecr_repository_arn:
        text = f"{names}: no way out is seen, by which tasks could reach the image's registry"
        yield told(place, text, "add a NAT gateway, or put the image into ECR")
        return
    missing = _missing_endpoints(context, vpc_id, closed)
    if missing:
        text = f"{names}: no way out is seen, and no VPC endpoint for {', '.join(missing)}"
        yield told(place, text, "add these endpoints to the VPC, or a NAT gateway")
    else:
        yield passed(place, "its tasks reach what they need through VPC endpoints")


def _missing_endpoints(context: Context, vpc_id: str, subnets: list[Subnet]) -> list[str]:
    endpoints = context.ask_all(
        "ec2",
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        Filters=[{"Name": "vpc-id", "Values": [vpc_id]}],
    )
    usable = [
        (str(each["ServiceName"]).partition(f".{context.region}.")[2], each)
        for each in endpoints
        if str(each.get("State", "available")).lower() == "available"
    ]
    missing = sorted({*NEEDED_ENDPOINTS} - {name for name, _ in usable})
    to_s3 = [each for name, each in usable if name == "s3"]
    tables = {subnet.route_table for subnet in subnets}
    reached = {table for each in to_s3 for table in each.get("RouteTableIds", [])}
    if not tables <= reached and all(each.get("VpcEndpointType") == "Gateway" for each in to_s3):
        missing.append("s3")
    return missing


def most_tasks(service: ServiceConfig) -> tuple[int, int]:
    """How many tasks a service has at its highest, and during a rolling deployment then.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html

    Args:
        service: Its section.
    """
    if service.auto_scaling:
        highest = service.auto_scaling.max
    else:
        highest = 1 if service.desired_count is None else service.desired_count
    return highest, max(highest, math.floor(highest * service.max_healthy_percent / 100))


def _addresses(
    context: Context, subnets: list[Subnet], services: list[ServiceConfig]
) -> Iterator[Finding]:
    free = sum(subnet.free for subnet in subnets)
    needed = sum(most_tasks(service)[1] for service in services)
    text = f"{free} free in {len(subnets)} subnets, {needed} needed at most"
    if free >= needed:
        yield passed("tasks' addresses", text)
    elif context.deployed:
        text += ", of which running tasks hold some already"
        yield warned("tasks' addresses", text, "see that there is room for a rolling deployment")
    else:
        remedy = "use larger subnets, or lower desired_count or max_healthy_percent"
        yield failed("tasks' addresses", text, remedy)
