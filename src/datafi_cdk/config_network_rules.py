"""What names, load balancer and network of a configuration must mean together."""

from __future__ import annotations

from . import validation
from .config_data import Data, given, section, strings, typed
from .config_sections import ExistingLoadBalancerConfig, LoadBalancerConfig
from .errors import Fault
from .validation import HIGHEST_PRIORITY, MOST_PEERS, load_balancer_arn_of, located, shown

_WITH_EXISTING = ("existing", "grpc_over_https", "max_rules", "dual_stack")
_RECORDS = ("load_balancer_arn", "dns_name", "canonical_hosted_zone_id")
_SUBNETS = ("public_subnet_ids", "private_subnet_ids", "isolated_subnet_ids")
_ZONES = 2
_MOST_ZONES = 6


def dns_faults(data: Data) -> list[Fault]:
    """Names and certificate."""
    dns = section(data, "dns")
    faults = []
    has_certificate = given(dns, "certificate_arn")
    if not has_certificate:
        root_domain = typed(dns, "root_domain", str)
        faults += validation.certificate_domain_faults(root_domain)
    can_validate = has_certificate or given(dns, "validation_zone_id")
    if dns.get("enable_hosted_zone") is False:
        if not can_validate:
            allowed = "given if enable_hosted_zone is false"
            remedy = "name an issued certificate, as no zone is there to validate a new one"
            faults.append(Fault("certificate_arn", allowed, "nothing", remedy))
        for key in ("hosted_zone_id", "parent_zone", "record_per_service"):
            if dns.get(key):
                allowed = "left out if enable_hosted_zone is false"
                what = "a zone" if key != "record_per_service" else "true"
                faults.append(Fault(key, allowed, what, "remove one of the two"))
    elif data.get("private") is True and not can_validate:
        allowed = "given with private: true, as ACM validates through no private zone"
        remedy = "name an issued certificate, or a public zone in validation_zone_id"
        faults.append(Fault("certificate_arn", allowed, "nothing", remedy))
    if given(dns, "validation_zone_id"):
        is_new = dns.get("enable_hosted_zone") is not False and not given(dns, "hosted_zone_id")
        for other, is_other in (
            ("certificate_arn is given", has_certificate),
            ("a new public zone is made", is_new and data.get("private") is not True),
        ):
            if is_other:
                allowed = f"left out if {other}"
                faults.append(Fault("validation_zone_id", allowed, "a zone", "remove it"))
    if given(dns, "parent_zone"):
        for key, is_given in (
            ("hosted_zone_id", given(dns, "hosted_zone_id")),
            ("private: true", data.get("private") is True),
        ):
            if is_given:
                allowed = f"left out with {key}, as only a new public zone is delegated"
                faults.append(Fault("parent_zone", allowed, "a zone", "remove one of the two"))
    if given(dns, "namespace") and dns.get("enable_namespace") is True:
        allowed = "left out if enable_namespace is true, which makes one"
        faults.append(Fault("namespace", allowed, "a namespace", "remove one of the two"))
    return located("dns.", faults)


def load_balancer_faults(data: Data) -> list[Fault]:
    """The load balancer, new or existing."""
    load_balancer = section(data, "load_balancer")
    if not given(load_balancer, "existing"):
        return located("load_balancer.", _new_load_balancer_faults(data, load_balancer))
    existing = section(load_balancer, "existing")
    faults = _existing_faults(data, existing)
    if load_balancer.get("grpc_over_https") is False and not given(existing, "grpc_listener_arn"):
        allowed = "given with grpc_over_https: false"
        remedy = "name the listener of port 50051, or let port 443 take gRPC"
        faults.append(Fault("existing.grpc_listener_arn", allowed, "nothing", remedy))
    for key in LoadBalancerConfig.model_fields:
        if key not in _WITH_EXISTING and given(load_balancer, key):
            allowed = "left out with an existing load balancer, which stays as it is"
            faults.append(Fault(key, allowed, "a value", "remove one of the two"))
    return located("load_balancer.", faults)


def _new_load_balancer_faults(data: Data, load_balancer: Data) -> list[Fault]:
    faults = subnet_ids_faults(load_balancer, data)
    subnets = strings(load_balancer, "subnet_ids")
    if len(subnets) == 1:
        remedy = "name another, as a load balancer needs two"
        faults.append(Fault("subnet_ids", "a list of at least two subnets", "1", remedy))
    if load_balancer.get("access_logs") is False and given(
        load_balancer, "access_logs_bucket_name"
    ):
        allowed = "left out with access_logs: false"
        faults.append(Fault("access_logs_bucket_name", allowed, "a bucket", "remove one"))
    if load_balancer.get("web_acl") is True and given(load_balancer, "web_acl_arn"):
        allowed = "left out with web_acl: true, as a load balancer has one web ACL"
        faults.append(Fault("web_acl_arn", allowed, "an ARN", "remove one of the two"))
    return [*faults, *_allowed_faults(data, load_balancer)]


def _allowed_faults(data: Data, load_balancer: Data) -> list[Fault]:
    ranges = strings(load_balancer, "allowed_cidrs")
    of_ipv6 = sum(":" in each for each in ranges)
    others = [
        *strings(load_balancer, "allowed_prefix_list_ids"),
        *strings(load_balancer, "allowed_security_group_ids"),
    ]
    count = max(of_ipv6, len(ranges) - of_ipv6) + len(others)
    if count > MOST_PEERS:
        allowed = f"at most {MOST_PEERS} ranges of a family, prefix lists and security groups"
        remedy = "join ranges, or put them into one prefix list"
        return [Fault("allowed_cidrs", allowed, str(count), remedy)]
    vpc = section(data, "vpc")
    if ranges or others or data.get("private") is not True or not given(data, "vpc"):
        return []
    if vpc.get("availability_zones") and not given(vpc, "cidr"):
        allowed = "given in private mode where vpc.cidr is not"
        return [Fault("allowed_cidrs", allowed, "nothing", "name one of the two")]
    if load_balancer.get("dual_stack") is True:
        allowed = "given with dual_stack in private mode, as the VPC's IPv6 range is not known"
        return [Fault("allowed_cidrs", allowed, "nothing", "say who may connect")]
    return []


def subnet_ids_faults(holder: Data, data: Data) -> list[Fault]:
    """Subnets of what is in the network, which are those of an existing one.

    Args:
        holder: The section that names them.
        data: The whole configuration.
    """
    if not holder.get("subnet_ids") or given(data, "vpc"):
        return []
    allowed = "left out with a new VPC, whose subnets are not known yet"
    return [Fault("subnet_ids", allowed, "subnets", "name the VPC in vpc, or remove them")]


def _existing_faults(data: Data, existing: Data) -> list[Fault]:
    faults = []
    https, grpc, balancer = (
        typed(existing, key, str)
        for key in ("https_listener_arn", "grpc_listener_arn", "load_balancer_arn")
    )
    if https and https == grpc:
        allowed = "the listener of port 50051"
        remedy = "leave it out if port 443 alone takes gRPC"
        faults.append(Fault("grpc_listener_arn", allowed, "that of HTTPS", remedy))
    for key, arn in (
        ("grpc_listener_arn", grpc and load_balancer_arn_of(grpc)),
        ("load_balancer_arn", balancer),
    ):
        if https and arn and arn != load_balancer_arn_of(https):
            allowed = "of the load balancer that https_listener_arn is of"
            faults.append(Fault(key, allowed, shown(arn), "name those of one load balancer"))
    count = sum(given(existing, key) for key in _RECORDS)
    if count not in (0, len(_RECORDS)):
        keys = ", ".join(_RECORDS)
        faults.append(Fault(keys, "given together", f"{count} of them", "name all or none"))
    elif count == 0 and section(data, "dns").get("enable_hosted_zone") is not False:
        allowed = "given with dns_name and canonical_hosted_zone_id where records are made"
        remedy = "name all three, or keep the names elsewhere with dns.enable_hosted_zone: false"
        faults.append(Fault(_RECORDS[0], allowed, "nothing", remedy))
    fields = ExistingLoadBalancerConfig.model_fields
    lowest, highest = (
        typed(existing, key, int) if key in existing else fields[key].default
        for key in ("lowest_priority", "highest_priority")
    )
    if lowest is not None and highest is not None and not lowest < highest:
        allowed = f"more than lowest_priority ({lowest}), up to {HIGHEST_PRIORITY}"
        faults.append(Fault("highest_priority", allowed, str(highest), "raise it"))
    return located("existing.", faults)


def vpc_faults(data: Data) -> list[Fault]:
    """The network, new or existing."""
    if not given(data, "vpc"):
        faults = _new_vpc_faults(data)
        if given(section(data, "load_balancer"), "existing"):
            allowed = "given with an existing load balancer, whose network it is"
            faults.append(Fault("vpc", allowed, "nothing", "name it"))
        return faults
    faults = []
    vpc = section(data, "vpc")
    zones = vpc.get("availability_zones")
    if given(data, "new_vpc"):
        allowed = "left out if vpc is given"
        faults.append(Fault("new_vpc", allowed, "a network", "remove one of the two"))
    if zones and isinstance(zones, list):
        return faults + located("vpc.", _subnet_faults(data, vpc, zones))
    for key in _SUBNETS:
        if vpc.get(key):
            allowed = "given together with availability_zones"
            faults.append(Fault(f"vpc.{key}", allowed, "subnets", "name their zones as well"))
    if typed(vpc, "vpc_id", str) is not None and not given(data, "aws"):
        allowed = (
            "given together with aws.account and aws.region, in which it is looked up, "
            "or with availability_zones and the ids of subnets"
        )
        remedy = "add the section aws, or name zones and subnets"
        faults.append(Fault("vpc.vpc_id", allowed, "neither of them", remedy))
    return faults


def _subnet_faults(data: Data, vpc: Data, zones: list[object]) -> list[Fault]:
    faults = []
    if len(zones) < _ZONES:
        allowed = "a list of at least two zones"
        remedy = "name another, as a load balancer needs two"
        faults.append(Fault("availability_zones", allowed, f"{len(zones)}", remedy))
    for key in _SUBNETS:
        subnets = vpc.get(key)
        if isinstance(subnets, list) and subnets and len(subnets) % len(zones):
            allowed = f"as many for each of the {len(zones)} availability_zones"
            faults.append(Fault(key, allowed, str(len(subnets)), "name one a zone, in their order"))
    if not vpc.get("private_subnet_ids") and not vpc.get("isolated_subnet_ids"):
        allowed = "given together with availability_zones"
        remedy = "name the subnets of the tasks"
        faults.append(Fault("private_subnet_ids", allowed, "nothing", remedy))
    load_balancer = section(data, "load_balancer")
    has_public = data.get("private") is not True and not given(load_balancer, "existing")
    if has_public and not vpc.get("public_subnet_ids") and not load_balancer.get("subnet_ids"):
        allowed = "given with availability_zones for a load balancer on the internet"
        remedy = "name its subnets, or say private: true"
        faults.append(Fault("public_subnet_ids", allowed, "nothing", remedy))
    return faults


def _new_vpc_faults(data: Data) -> list[Fault]:
    new_vpc = section(data, "new_vpc")
    faults = []
    if given(new_vpc, "flow_log_retention_days") and new_vpc.get("flow_logs") is False:
        allowed = "left out with flow_logs: false"
        faults.append(Fault("flow_log_retention_days", allowed, "days", "remove one of the two"))
    faults += validation.interface_endpoint_faults(strings(new_vpc, "interface_endpoints"))
    zones = typed(new_vpc, "max_azs", int) if "max_azs" in new_vpc else _ZONES
    if zones is not None and zones in range(_ZONES, _MOST_ZONES + 1):
        faults += _split_faults(data, new_vpc, zones)
    return located("new_vpc.", faults)


def _split_faults(data: Data, new_vpc: Data, zones: int) -> list[Fault]:
    """The zones and subnets into which a new VPC is split."""
    faults = []
    if zones > _ZONES and not given(data, "aws"):
        allowed = f"at most {_ZONES} without the section aws, which tells the zones"
        faults.append(Fault("max_azs", allowed, str(zones), "add the section aws"))
    nat_gateways = typed(new_vpc, "nat_gateways", int)
    if nat_gateways is not None and nat_gateways > zones:
        allowed = f"at most one a zone (max_azs is {zones})"
        faults.append(Fault("nat_gateways", allowed, str(nat_gateways), "lower it"))
    cidr = typed(new_vpc, "cidr", str)
    if not validation.vpc_range_faults("cidr", cidr):
        kinds = 1 if data.get("private") is True and not nat_gateways else 2
        faults += validation.vpc_range_faults("cidr", cidr, zones * kinds)
    return faults


def way_out(data: Data, server: Data) -> bool:
    """Whether a server's tasks reach the internet, as far as the file tells.

    Args:
        data: The whole configuration.
        server: The server's section.
    """
    if server.get("egress_provided") is True or server.get("assign_public_ip") is True:
        return True
    if given(data, "vpc"):
        vpc = section(data, "vpc")
        isolated, private = (
            strings(vpc, key) for key in ("isolated_subnet_ids", "private_subnet_ids")
        )
        named = strings(server, "subnet_ids")
        if named:
            return not set(named) & (set(isolated) - set(private))
        return not isolated or bool(private)
    nat_gateways = typed(section(data, "new_vpc"), "nat_gateways", int)
    if nat_gateways is None:
        return data.get("private") is not True
    return nat_gateways > 0
