"""Gap: `AWS::EC2::SecurityGroupIngress` and `…Egress`.

Each authorizes a real rule, which `describe_security_groups` shows in its group. As on AWS, a rule
that the group has already fails the stack.
"""

from __future__ import annotations

from typing import Any

from .api import already_gone, client
from .registry import Created, Properties, ResourceType

_PEERS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}
_GONE = ("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound")


def _permission(properties: Properties) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if port in properties:
            permission[port] = int(properties[port])
    description = {"Description": properties["Description"]} if "Description" in properties else {}
    for name, (kind, key) in _PEERS.items():
        if name in properties:
            permission[kind] = [{key: properties[name], **description}]
    return permission


def _rule_ids(group_id: str) -> set[str]:
    rules = client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    return {rule["SecurityGroupRuleId"] for rule in rules["SecurityGroupRules"]}


def _resource_type(direction: str, replacing: tuple[str, ...]) -> ResourceType:
    authorize = f"authorize_security_group_{direction}"
    revoke = f"revoke_security_group_{direction}"

    def make(properties: Properties) -> Created:
        made = getattr(client("ec2"), authorize)(
            GroupId=properties["GroupId"], IpPermissions=[_permission(properties)]
        )
        rule_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule_id, {"Id": rule_id}

    def create(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
        existing = _rule_ids(properties["GroupId"])
        created = make(properties)
        if created[0] in existing:
            raise ValueError(f"the rule {created[0]} already exists in {properties['GroupId']}")
        return created

    def update(rule_id: str, old: Properties, new: Properties) -> Created:
        delete(rule_id, old)
        return make(new)

    def delete(rule_id: str, properties: Properties) -> None:
        with already_gone(*_GONE):
            getattr(client("ec2"), revoke)(
                GroupId=properties["GroupId"], SecurityGroupRuleIds=[rule_id]
            )

    return ResourceType(
        f"AWS::EC2::SecurityGroup{direction.capitalize()}",
        create,
        update,
        delete,
        replacing=("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", *replacing),
        updatable=("Description",),
    )


INGRESS = _resource_type("ingress", ("SourcePrefixListId", "SourceSecurityGroupId"))
EGRESS = _resource_type("egress", ("DestinationPrefixListId", "DestinationSecurityGroupId"))
