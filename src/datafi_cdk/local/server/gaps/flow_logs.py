"""Gap: `AWS::EC2::FlowLog`. Makes a real one, which `describe_flow_logs` shows.

ministack knows no traffic, so nothing is ever delivered to the destination.
"""

from __future__ import annotations

from .api import client, retag
from .registry import Created, Properties, ResourceType

_REPLACING = (
    "DeliverLogsPermissionArn",
    "DestinationOptions",
    "LogDestination",
    "LogDestinationType",
    "LogFormat",
    "LogGroupName",
    "MaxAggregationInterval",
    "ResourceId",
    "ResourceType",
    "TrafficType",
)


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
    request = {name: properties[name] for name in _REPLACING if name in properties}
    request["ResourceIds"] = [request.pop("ResourceId")]
    made = client("ec2").create_flow_logs(**request)
    flow_log_id = made["FlowLogIds"][0]
    retag(flow_log_id, {}, properties)
    return flow_log_id, {"Id": flow_log_id}


def _update(flow_log_id: str, old: Properties, new: Properties) -> Created:
    retag(flow_log_id, old, new)
    return flow_log_id, {"Id": flow_log_id}


def _delete(flow_log_id: str, _properties: Properties) -> None:
    client("ec2").delete_flow_logs(FlowLogIds=[flow_log_id])


FLOW_LOG = ResourceType(
    "AWS::EC2::FlowLog", _create, _update, _delete, replacing=_REPLACING, updatable=("Tags",)
)
