"""What the arguments of `EdgeMonitoring` cannot be."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_sns as sns
from constructs import Construct

from .datafi_service import DatafiService
from .errors import Fault
from .ingress_base import IngressBase
from .serverless_edge_server import ServerlessEdgeServer
from .synthesis import concrete, elsewhere_faults
from .update_api import UpdateApi
from .validation import interface_faults, kind_of

_SERVERS = "a list of at least one EdgeServer, ServerlessEdgeServer or Coordinator"
_APIS = "a list of UpdateApi, which may be empty"


def monitoring_faults(
    scope: Construct,
    services: Sequence[DatafiService | ServerlessEdgeServer],
    ingress: IngressBase,
    update_apis: Sequence[UpdateApi],
    alarm_topic: sns.ITopic | None,
) -> list[Fault]:
    """What is no server, update API or topic of a deployment that can be watched from a stack.

    Alarms are of the account and region of what they watch, and so is a topic's region. Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Alarms.html and
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html

    Args:
        scope: The construct.
        services: The servers.
        ingress: The load balancer.
        update_apis: The update APIs.
        alarm_topic: The topic.
    """
    kinds = (DatafiService, ServerlessEdgeServer)
    faults = [
        *_list_faults("services", services, kinds, _SERVERS, ingress, least=1),
        *_list_faults("update_apis", update_apis, (UpdateApi,), _APIS, ingress, least=0),
        *_place_faults(scope, ingress),
    ]
    if alarm_topic is not None:
        topic_faults = interface_faults(
            "alarm_topic", alarm_topic, "topic_arn", "a topic of SNS (ITopic)"
        )
        faults += topic_faults or elsewhere_faults(scope, alarm_topic=alarm_topic)
    return faults


def _list_faults(
    argument: str,
    given: Sequence[DatafiService | ServerlessEdgeServer | UpdateApi],
    kinds: tuple[type, ...],
    allowed: str,
    ingress: IngressBase,
    *,
    least: int,
) -> list[Fault]:
    remedy = f"hand in {allowed}"
    if not isinstance(given, Sequence) or isinstance(given, str):
        return [Fault(argument, allowed, kind_of(given), remedy)]
    if len(given) < least:
        return [Fault(argument, allowed, "an empty one", remedy)]
    faults = []
    for index, each in enumerate(given):
        if not isinstance(each, kinds):
            faults.append(Fault(argument, allowed, f"a list with {kind_of(each)} in it", remedy))
        elif each in given[:index]:
            said = f"{each.node.path} twice"
            faults.append(Fault(argument, "each a different one", said, "leave it out once"))
        elif each.ingress is not ingress:
            said = f"{each.node.path} behind {each.ingress.node.path}"
            others = "make an EdgeMonitoring for each ingress"
            faults.append(Fault(argument, f"those behind {ingress.node.path}", said, others))
    return faults


def _place_faults(scope: Construct, ingress: IngressBase) -> list[Fault]:
    here, there = Stack.of(scope), Stack.of(ingress)
    if all(
        concrete(one) is None or concrete(other) is None or one == other
        for one, other in ((here.account, there.account), (here.region, there.region))
    ):
        return []
    allowed = f"in the account and region of the stack ({here.account}/{here.region})"
    given = f"one in {there.account}/{there.region}"
    return [Fault("ingress", allowed, given, "make EdgeMonitoring in a stack of that region")]
