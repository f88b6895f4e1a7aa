"""What names, load balancer and network of a configuration must mean together."""

from __future__ import annotations

from . import validation
from .config_data import Data, given, section, typed
from .config_sections import ExistingLoadBalancerConfig, LoadBalancerConfig
from .errors import Fault
from .validation import HIGHEST_PRIORITY, located

_WITH_EXISTING = ("existing", "grpc_over_https", "max_rules", "dual_stack")
_RECORDS = ("load_balancer_arn", "dns_name", "canonical_hosted_zone_id")
_SUBNETS = ("public_subnet_ids", "private_subnet_ids", "isolated_subnet_ids")
_ZONES = 2


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
    elif data.get("private") is True and not given(dns, "hosted_zone_id") and not can_validate:
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
        return []
    existing = section(load_balancer, "existing")
    faults = _existing_faults(data, existing)
    for key in LoadBalancerConfig.model_fields:
        if key not in _WITH_EXISTING and given(load_balancer, key):
            allowed = "left out with an existing load balancer, which stays as it is"
            faults.append(Fault(key, allowed, "a value", "remove one of the two"))
    if data.get("private") is True:
        allowed = "left out with private: true, which makes an internal one"
        faults.append(Fault("existing", allowed, "a load balancer", "remove one of the two"))
    return located("load_balancer.", faults)


def _existing_faults(data: Data, existing: Data) -> list[Fault]:
    faults = []
    if existing.get("security_group_ids") == []:
        allowed = "a list of at least one id"
        faults.append(Fault("security_group_ids", allowed, "an empty list", "name one"))
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
        return _new_vpc_faults(data)
    faults = []
    vpc = section(data, "vpc")
    zones = vpc.get("availability_zones")
    if given(data, "new_vpc"):
        allowed = "left out if vpc is given"
        faults.append(Fault("new_vpc", allowed, "a network", "remove one of the two"))
    if zones and isinstance(zones, list):
        faults += located("vpc.", _subnet_faults(vpc, zones))
        return faults
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


def _subnet_faults(vpc: Data, zones: list[object]) -> list[Fault]:
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
    return faults


def _new_vpc_faults(data: Data) -> list[Fault]:
    new_vpc = section(data, "new_vpc")
    nat_gateways = typed(new_vpc, "nat_gateways", int)
    zones = typed(new_vpc, "max_azs", int) if "max_azs" in new_vpc else _ZONES
    if nat_gateways is None or zones is None or nat_gateways <= zones:
        return []
    allowed = f"at most one a zone (max_azs is {zones})"
    return [Fault("new_vpc.nat_gateways", allowed, str(nat_gateways), "lower it")]


def way_out(data: Data) -> bool:
    """Whether tasks in the private subnets reach the internet, as far as the file tells."""
    if given(data, "vpc"):
        vpc = section(data, "vpc")
        return not (vpc.get("isolated_subnet_ids") and not vpc.get("private_subnet_ids"))
    nat_gateways = typed(section(data, "new_vpc"), "nat_gateways", int)
    if nat_gateways is None:
        return data.get("private") is not True
    return nat_gateways > 0
