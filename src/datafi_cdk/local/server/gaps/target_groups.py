"""Gap: `Targets`, `ProtocolVersion`, gRPC codes and full name of a load balancer's target group.

ministack makes the target group and leaves these out. Here the targets are registered, so that
`describe_target_health` lists them and a request through the load balancer runs the Lambda; and
`describe_target_groups` tells a gRPC target group, with its health check's codes, from an HTTP one.
The full name begins with `targetgroup/`, as the dimension of its metrics does:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from .api import client
from .registry import Created, Handler, Properties

TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


def _targets(properties: Properties) -> list[dict[str, Any]]:
    return [
        {**target, "Port": int(target["Port"])} if "Port" in target else dict(target)
        for target in properties.get("Targets", [])
    ]


def _reconcile(arn: str, old: Properties, new: Properties) -> None:
    elbv2 = client("elbv2")
    before, after = _targets(old), _targets(new)
    dropped = [target for target in before if target not in after]
    added = [target for target in after if target not in before]
    if dropped:
        elbv2.deregister_targets(TargetGroupArn=arn, Targets=dropped)
    if added:
        elbv2.register_targets(TargetGroupArn=arn, Targets=added)


def _remember_protocol(arn: str, properties: Properties) -> None:
    from ministack.services import alb

    group = alb._tgs[arn]
    if "ProtocolVersion" in properties:
        group["ProtocolVersion"] = properties["ProtocolVersion"]
    if "GrpcCode" in properties.get("Matcher", {}):
        group["Matcher"] = {"GrpcCode": properties["Matcher"]["GrpcCode"]}


def _with_full_name(made: Created) -> Created:
    arn, attributes = made
    return arn, {**attributes, "TargetGroupFullName": arn.rpartition(":")[2]}


def show_protocols() -> None:
    """Let `describe_target_groups` show the protocol version and the gRPC codes."""
    from ministack.services import alb

    group_xml = alb._tg_xml

    def group_xml_with_protocol(group: dict[str, Any]) -> str:
        xml: str = group_xml(group)
        if "ProtocolVersion" in group:
            version = f"<ProtocolVersion>{escape(group['ProtocolVersion'])}</ProtocolVersion>"
            xml = xml.replace("<VpcId>", f"{version}<VpcId>", 1)
        if "GrpcCode" in group["Matcher"]:
            before, rest = xml.split("<Matcher>", 1)
            codes = f"<Matcher><GrpcCode>{escape(group['Matcher']['GrpcCode'])}</GrpcCode>"
            xml = f"{before}{codes}</Matcher>{rest.split('</Matcher>', 1)[1]}"
        return xml

    alb._tg_xml = group_xml_with_protocol


def wrap_target_group(handler: Handler) -> Handler:
    """Handlers that keep the targets and the protocol as the template says."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        _remember_protocol(created[0], properties)
        _reconcile(created[0], {}, properties)
        return _with_full_name(created)

    def update(arn: str, old: Properties, new: Properties, *rest: str) -> Created:
        updated: Created = handler["update"](arn, old, new, *rest)
        _remember_protocol(updated[0], new)
        _reconcile(updated[0], old if updated[0] == arn else {}, new)
        return _with_full_name(updated)

    return {"create": create, "update": update}
