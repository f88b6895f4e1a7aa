"""What ministack does not know, one module for each family of gaps.

A handler does what CloudFormation does: it calls the service's own API, here that of the very
ministack it runs in. So what a stack makes is really in the service's store, and is what
`describe_…` shows and requests meet. `target_groups` and `ecs_services` write a few properties into
that store themselves, which ministack's API does not take. Where ministack has no API at all there
is nothing to call: see `recorded`.

Beside CloudFormation, ECS rolls out as AWS does (`rollouts`), ECS and CloudFormation send their
events (`ecs_events`, `stack_events`), parameters have all that versions have (`parameters`), load
balancers have limits and a network (`load_balancers`), what AWS refuses to delete stays
(`deletions`), and enforcement of IAM demands what AWS does
(`iam_enforcement`, `permissions`).
"""

from __future__ import annotations

from . import (
    alarms,
    buckets,
    capacity_providers,
    certificates,
    deletions,
    ecs_services,
    elastic_ips,
    flow_logs,
    hosted_zones,
    iam_enforcement,
    load_balancers,
    made_up_names,
    nat_gateways,
    network_attributes,
    parameters,
    recorded,
    rollouts,
    secrets,
    security_group_rules,
    service_stacks,
    stack_events,
    stack_rollbacks,
    target_groups,
    task_definitions,
    waf,
)
from .registry import register, wrap

RESOURCE_TYPES = (
    elastic_ips.ELASTIC_IP,
    nat_gateways.NAT_GATEWAY,
    security_group_rules.INGRESS,
    security_group_rules.EGRESS,
    flow_logs.FLOW_LOG,
    capacity_providers.ASSOCIATIONS,
    *waf.RESOURCE_TYPES,
    *recorded.RESOURCE_TYPES,
)


def fill_gaps() -> None:
    """Register every handler with ministack; call once, before it serves.

    Raises:
        AttributeError: ministack's inner workings differ from those that this is written for.
    """
    for resource_type in RESOURCE_TYPES:
        register(resource_type)
    wrap(buckets.BUCKET, buckets.wrap_bucket)
    wrap(certificates.CERTIFICATE, certificates.wrap_certificate)
    wrap(ecs_services.SERVICE, ecs_services.wrap_service)
    wrap(ecs_services.SERVICE, service_stacks.wrap_service)
    wrap(ecs_services.TASK_DEFINITION, ecs_services.wrap_task_definition)
    wrap(hosted_zones.HOSTED_ZONE, hosted_zones.wrap_hosted_zone)
    wrap(made_up_names.LOG_GROUP, made_up_names.wrap_log_group)
    wrap(made_up_names.QUEUE, made_up_names.wrap_queue)
    wrap(network_attributes.VPC, network_attributes.wrap_vpc)
    wrap(network_attributes.SUBNET, network_attributes.wrap_subnet)
    wrap(parameters.PARAMETER, parameters.wrap_parameter)
    wrap(secrets.SECRET, secrets.wrap_secret)
    wrap(target_groups.TARGET_GROUP, target_groups.wrap_target_group)
    alarms.take_metrics()
    certificates.name_records_as_acm()
    deletions.refuse_deletions()
    target_groups.show_protocols()
    load_balancers.tell_limits()
    load_balancers.show_networks()
    service_stacks.send_failed_services_back()
    rollouts.fill()
    task_definitions.complete()
    stack_events.send_stack_events()
    stack_rollbacks.keep_what_was_not_deleted()
    parameters.complete()
    iam_enforcement.complete()
