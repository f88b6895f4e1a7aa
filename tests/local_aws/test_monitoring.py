"""EdgeMonitoring deployed: its alarms and its dashboard look at what there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from datafi_cdk.local import EmbeddedAws
from datafi_cdk.monitored_front import faults, wrong_keys

from .deployed_edge import Edge, eventually

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Watched:
    """A deployment with monitoring, of which an update failed and a key was refused."""

    edge: Edge
    topic: str

    def alarms(self) -> list[dict[str, Any]]:
        """Every alarm."""
        pages = self.edge.aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
        return [alarm for page in pages for alarm in page["MetricAlarms"]]

    def dashboard(self) -> dict[str, Any]:
        """What the dashboard shows."""
        name = self.edge.outputs()["DashboardName"]
        answer = self.edge.aws.client("cloudwatch").get_dashboard(DashboardName=name)
        return dict(json.loads(answer["DashboardBody"]))

    def existing(self) -> dict[str, set[str]]:
        """The values that each dimension may have."""
        client = self.edge.aws.client
        balancers = client("elbv2").describe_load_balancers()["LoadBalancers"]
        groups = client("elbv2").describe_target_groups()["TargetGroups"]
        certificates = client("acm").list_certificates()["CertificateSummaryList"]
        functions = client("lambda").list_functions()["Functions"]
        arns = client("ecs").list_clusters()["clusterArns"]
        clusters = client("ecs").describe_clusters(clusters=arns)["clusters"]
        queues = client("sqs").list_queues()["QueueUrls"]
        return {
            "LoadBalancer": {each["LoadBalancerArn"].partition("/")[2] for each in balancers},
            "TargetGroup": {each["TargetGroupArn"].rpartition(":")[2] for each in groups},
            "CertificateArn": {each["CertificateArn"] for each in certificates},
            "FunctionName": {each["FunctionName"] for each in functions},
            "RuleName": {each["Name"] for each in client("events").list_rules()["Rules"]},
            "ClusterName": {each["clusterName"] for each in clusters},
            "QueueName": {url.rpartition("/")[2] for url in queues},
            "ServiceName": {self.edge.service(name)["serviceName"] for name in ("es", "co")},
        }


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """An edge server and a coordinator, deployed by the `cdk` command."""
    with EmbeddedAws(rollout_seconds=0.5, failing_tags=("bad",)) as aws:
        topic = aws.client("sns").create_topic(Name="alarms")["TopicArn"]
        edge = Edge(aws, tmp_path_factory.mktemp("watched"), ("es", "co"))
        edge.further = {"monitoring": True, "alarm_topic_arn": topic}
        edge.bootstrap()
        edge.deploy()
        assert edge.send("GET", "/es", "not-the-key")["status"] == 401
        assert edge.update("es", "bad")["status"] == 200
        assert edge.settled("es")["rolloutState"] in ("FAILED", "ROLLED_BACK")
        yield Watched(edge, topic)


def test_alarms_tell_the_topic_and_name_their_entry(watched: Watched) -> None:
    """All that a coordinator and an edge server have, under names that were made up."""
    alarms = watched.alarms()
    assert len(alarms) == 2 + 2 * (10 + 3) + 1
    for alarm in alarms:
        assert alarm["AlarmActions"] == [watched.topic]
        assert "Runbook: docs/runbook.md#" in alarm["AlarmDescription"]


def test_alarms_and_dashboard_look_at_what_there_is(watched: Watched) -> None:
    """Every dimension of every metric is that of something that exists."""
    existing = watched.existing()
    seen = set()
    for alarm in watched.alarms():
        for metric in alarm.get("Metrics", []):
            for each in metric.get("MetricStat", {}).get("Metric", {}).get("Dimensions", []):
                assert each["Value"] in existing[each["Name"]], alarm["AlarmDescription"]
                seen.add(each["Name"])
    assert seen == set(existing)
    seen = set()
    for widget in watched.dashboard()["widgets"]:
        for row in widget["properties"].get("metrics", []):
            _, _, *words = [word for word in row if isinstance(word, str)] or ["", ""]
            for name, value in zip(words[::2], words[1::2], strict=True):
                assert value in existing[name], widget["properties"]["title"]
                seen.add(name)
    assert seen == set(existing)


def test_the_dashboard_shows_the_alarms(watched: Watched) -> None:
    """All of them, by their ARNs."""
    widgets = watched.dashboard()["widgets"]
    shown = {arn for each in widgets for arn in each["properties"].get("alarms", [])}
    assert shown == {each["AlarmArn"] for each in watched.alarms()}


def test_a_refused_key_is_a_line_that_its_filter_counts(watched: Watched) -> None:
    """The filter is on the log in which the line is, and its metric is the alarm's."""
    logs = watched.edge.aws.client("logs")
    found = logs.describe_metric_filters()["metricFilters"]
    patterns = {faults().log_pattern_string, wrong_keys().log_pattern_string}
    assert len(found) == 4
    assert {each["filterPattern"] for each in found} == patterns
    of_keys = [each for each in found if each["filterPattern"] == wrong_keys().log_pattern_string]
    lines = [
        json.loads(event["message"])
        for each in of_keys
        for event in logs.filter_log_events(logGroupName=each["logGroupName"])["events"]
        if event["message"].startswith("{")
    ]
    assert [line["service"] for line in lines if line.get("status") == 401] == ["es"]
    counted = {each["metricTransformations"][0]["metricName"] for each in found}
    metrics = [metric for alarm in watched.alarms() for metric in alarm.get("Metrics", [])]
    measured = {
        metric.get("MetricStat", {}).get("Metric", {}).get("MetricName") for metric in metrics
    }
    assert counted <= measured


def test_a_failed_update_is_kept_with_its_reason(watched: Watched) -> None:
    """ECS tells of it by an event, which the rule of that server hands on to the queue."""
    sqs = watched.edge.aws.client("sqs")
    (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if "FailedDeployments" in url]

    def events() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    (event,) = eventually(events, bool)
    assert event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    assert event["detail"]["reason"]
    assert event["resources"] == [watched.edge.service("es")["serviceArn"]]
