"""A deployment of every kind of server that is watched, and when its alarms are to ring."""

from __future__ import annotations

from typing import Any

from datafi_cdk import Coordinator, EdgeMonitoring, EdgeServer, ServerlessEdgeServer, UpdateApi
from aws_cdk import CfnResource
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from deployment import CERTIFICATE, QUEUE, logical_id, secret, surroundings

ALARM = "AWS::CloudWatch::Alarm"
DASHBOARD = "AWS::CloudWatch::Dashboard"
METRIC_FILTER = "AWS::Logs::MetricFilter"
RULE = "AWS::Events::Rule"

AT_LEAST = "GreaterThanOrEqualToThreshold"
MORE_THAN = "GreaterThanThreshold"
LESS_THAN = "LessThanThreshold"
AT_MOST = "LessThanOrEqualToThreshold"
SILENT, RINGING, AS_BEFORE = "notBreaching", "breaching", "ignore"

Row = tuple[str, str, int, str, str, float, tuple[int, int], str]
"""Metrics, statistic, seconds, of what, comparison, threshold, datapoints of how many, what missing
data is."""


def of_service(name: str, limit: int) -> dict[str, Row]:
    """The alarms of a server on Fargate that gives up after twice as many seconds."""
    rows: dict[str, Row] = {}
    for port in ("Http", "Grpc"):
        of = f"{name} {port}"
        errors = "HTTPCode_Target_5XX_Count / RequestCount"
        unhealthy, slow = "UnHealthyHostCount", "TargetResponseTime"
        rows |= {
            f"{name}-Unhealthy{port}Targets": (
                *(unhealthy, "Maximum", 60, of),
                *(AT_LEAST, 1, (3, 5), SILENT),
            ),
            f"{name}-{port}Errors": (errors, "Sum", 300, of, AT_LEAST, 5, (2, 3), SILENT),
            f"{name}-Slow{port}Answers": (slow, "p90", 300, of, AT_LEAST, limit, (3, 3), SILENT),
        }
    healthy, of = "HealthyHostCount", f"{name} Http"
    cpu, memory = "CPUUtilization", "MemoryUtilization"
    return {
        **rows,
        f"{name}-NoHealthyTargets": (healthy, "Minimum", 60, of, LESS_THAN, 1, (3, 3), RINGING),
        f"{name}-Cpu": (cpu, "Average", 60, name, MORE_THAN, 80, (5, 5), SILENT),
        f"{name}-Memory": (memory, "Average", 60, name, MORE_THAN, 80, (5, 5), SILENT),
        f"{name}-FailedDeployment": (
            *("Invocations", "Sum", 300, f"{name} rule"),
            *(AT_LEAST, 1, (1, 1), SILENT),
        ),
    }


ALARMS: dict[str, Row] = {
    "ingress-LoadBalancerErrors": (
        *("HTTPCode_ELB_5XX_Count", "Sum", 300, "load balancer"),
        *(AT_LEAST, 10, (2, 3), SILENT),
    ),
    "ingress-CertificateExpiry": (
        *("DaysToExpiry", "Minimum", 86400, "certificate"),
        *(AT_MOST, 30, (1, 1), AS_BEFORE),
    ),
    **of_service("es", 600),
    **of_service("co", 30),
    "fn-Errors": (
        *("HTTPCode_Target_5XX_Count / RequestCount", "Sum", 300, "fn Http"),
        *(AT_LEAST, 5, (2, 3), SILENT),
    ),
    "fn-FunctionErrors": (
        *("Errors / Invocations", "Sum", 300, "fn"),
        *(AT_LEAST, 5, (2, 3), SILENT),
    ),
    "fn-FunctionThrottles": ("Throttles", "Sum", 300, "fn", AT_LEAST, 1, (3, 3), SILENT),
    "fn-SlowAnswers": (
        *("TargetResponseTime", "p90", 300, "fn Http"),
        *(AT_LEAST, 14, (3, 3), SILENT),
    ),
    "updates-es,co-Errors": ("errors in", "Sum", 300, "nothing", AT_LEAST, 1, (1, 1), SILENT),
    "updates-es,co-RefusedKeys": (
        *("refused keys in", "Sum", 300, "nothing"),
        *(AT_LEAST, 5, (1, 1), SILENT),
    ),
    "Test-DeadLetters": (
        *("ApproximateNumberOfMessagesVisible", "Maximum", 300, "dead letters"),
        *(AT_LEAST, 1, (1, 1), SILENT),
    ),
    "updates-es,co-Crashes": ("Errors", "Sum", 900, "updates", AT_LEAST, 3, (1, 1), SILENT),
}


class Made:
    """A deployment of every kind of server, with a topic, and the template of its stack."""

    def __init__(self) -> None:
        around = surroundings()
        stack = around.stack
        self.es = EdgeServer(
            stack, "Es", **around.around, name="es", environment={"TIMEOUT": "1200"}
        )
        self.co = Coordinator(
            stack,
            "Co",
            **around.around,
            registry_credentials=secret(stack, "acr"),
            secret=secret(stack, "co"),
        )
        self.fn = ServerlessEdgeServer(
            stack,
            "Fn",
            ingress=around.ingress,
            name="fn",
            repository=ecr.Repository.from_repository_name(stack, "Images", "datafi-es"),
        )
        self.updates = UpdateApi(
            stack, "Updates", ingress=around.ingress, services=[self.es, self.co]
        )
        self.topic = sns.Topic(stack, "Topic")
        self.monitoring = EdgeMonitoring(
            stack,
            "Monitoring",
            services=[self.es, self.co, self.fn],
            ingress=around.ingress,
            update_apis=[self.updates],
            alarm_topic=self.topic,
        )
        self.ingress = around.ingress
        self.stack = stack
        self.template = Template.from_stack(stack)

    def id_of(self, construct: Any) -> str:
        """The logical id of a construct's resource."""
        resource = construct.node.default_child
        assert isinstance(resource, CfnResource)
        return str(self.stack.resolve(resource.logical_id))

    def alarm(self, name: str) -> dict[str, Any]:
        """An alarm."""
        return dict(self.template.find_resources(ALARM)[self.id_of(self.monitoring.alarms[name])])

    def rule(self, service: Any) -> dict[str, Any]:
        """The name of the rule that counts failed deployments of a service."""
        found = self.template.find_resources(RULE)
        (name,) = [
            name
            for name, rule in found.items()
            if rule["Properties"]["EventPattern"].get("resources")
            == [{"Ref": self.id_of(service.service)}]
            and name.startswith("Monitoring")
        ]
        return {"Ref": name}

    def dimensions(self) -> dict[str, dict[str, Any]]:
        """The dimensions of what there is, as the template says them."""
        balancer = {"LoadBalancer": self.ingress.load_balancer_full_name}
        found: dict[str, dict[str, Any]] = {
            "nothing": {},
            "dead letters": {
                "QueueName": {
                    "Fn::GetAtt": [logical_id(self.template, QUEUE, "DatafiDead"), "QueueName"]
                }
            },
            "load balancer": balancer,
            "certificate": {"CertificateArn": {"Ref": logical_id(self.template, CERTIFICATE)}},
            "fn": {"FunctionName": self.fn.function.function_name},
            "fn Http": {**balancer, "TargetGroup": self.fn.target_group.target_group_full_name},
            "updates": {"FunctionName": self.updates.function.function_name},
        }
        for server in (self.es, self.co):
            groups = {"Http": server.http_target_group, "Grpc": server.grpc_target_group}
            for port, group in groups.items():
                key = f"{server.name} {port}"
                found[key] = {**balancer, "TargetGroup": group.target_group_full_name}
            found[f"{server.name} rule"] = {"RuleName": self.rule(server)}
            found[server.name] = {
                "ClusterName": server.service.cluster.cluster_name,
                "ServiceName": server.service.service_name,
            }
        return dict(self.stack.resolve(found))
