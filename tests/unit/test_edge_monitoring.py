"""EdgeMonitoring: which alarms there are, when each rings, and what the dashboard shows."""

import json
from typing import Any

import pytest
from datafi_cdk import AutoScaling, EdgeMonitoring, EdgeServer, ServerlessEdgeServer, UpdateApi
from aws_cdk import CfnElement, Token
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    QUEUE,
    REGION,
    edge_stack,
    existing_ingress,
    logical_id,
    minimal,
    properties,
    secret_arn,
    surroundings,
)
from monitored_deployment import ALARM, ALARMS, DASHBOARD, METRIC_FILTER, RULE, Made

REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/datafi/es"


@pytest.fixture(scope="module")
def made() -> Made:
    """The deployment."""
    return Made()


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """What CloudWatch measures for an alarm, the dividend first."""
    return [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]


def name_of(metric: dict[str, Any]) -> str:
    """A metric's name, without what is known at deployment only."""
    name = metric["Metric"]["MetricName"]
    return name if isinstance(name, str) else str(name["Fn::Join"][1][0]).strip()


def test_every_alarm_is_known_by_its_name(made: Made) -> None:
    """The alarms that there are, and no others."""
    assert set(made.monitoring.alarms) == set(ALARMS)
    assert len(made.template.find_resources(ALARM)) == len(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_rings_when_it_should(made: Made, name: str) -> None:
    """Metric, statistic, period, dimensions, threshold, datapoints and missing data."""
    alarm = made.alarm(name)["Properties"]
    found = metrics(alarm)
    (statistic,) = {each["Stat"] for each in found}
    (period,) = {each["Period"] for each in found}
    (of,) = {json.dumps(each["Metric"].get("Dimensions", []), sort_keys=True) for each in found}
    dimensions = {each["Name"]: each["Value"] for each in json.loads(of)}
    expected = ALARMS[name]
    assert (
        " / ".join(map(name_of, found)),
        statistic,
        period,
        next(key for key, value in made.dimensions().items() if value == dimensions),
        alarm["ComparisonOperator"],
        alarm["Threshold"],
        (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]),
        alarm["TreatMissingData"],
    ) == expected


@pytest.mark.parametrize("name", [name for name, row in ALARMS.items() if " / " in row[0]])
def test_rates_are_in_percent(made: Made, name: str) -> None:
    """A hundred times the first metric, divided by the second."""
    rate, errors, requests = made.alarm(name)["Properties"]["Metrics"]
    assert rate["Expression"] == f"100 * {errors['Id']} / {requests['Id']}"
    assert (rate["ReturnData"], errors["ReturnData"], requests["ReturnData"]) == (
        True,
        False,
        False,
    )


def test_alarms_tell_the_topic_of_both_ends(made: Made) -> None:
    """When they ring, and when it is over; and no alarm has a name of its own."""
    topic = [{"Ref": made.id_of(made.topic)}]
    for name in ALARMS:
        alarm = made.alarm(name)["Properties"]
        assert alarm["AlarmActions"] == alarm["OKActions"] == topic
        assert alarm["ActionsEnabled"] is True
        assert "AlarmName" not in alarm
    assert "DashboardName" not in properties(made.template, DASHBOARD)


def test_nobody_is_told_without_a_topic() -> None:
    """The alarms are there, to be looked at."""
    for alarm in edge_stack(minimal(monitoring=True)).find_resources(ALARM).values():
        assert not {"AlarmActions", "OKActions", "InsufficientDataActions"} & set(
            alarm["Properties"]
        )


def test_an_alarm_waits_for_the_first_tasks(made: Made) -> None:
    """That nobody answers is no news before the service is made; other alarms ring by data only."""
    assert made.id_of(made.es.service) in made.alarm("es-NoHealthyTargets")["DependsOn"]
    assert [name for name in ALARMS if "DependsOn" in made.alarm(name)] == [
        "es-NoHealthyTargets",
        "co-NoHealthyTargets",
    ]


@pytest.mark.parametrize(("count", "has_alarm"), [(0, False), (1, True), (None, True)])
def test_a_server_that_is_turned_off_may_have_no_tasks(count: int | None, has_alarm: bool) -> None:
    """With a desired count of 0 there is no alarm that nobody answers."""
    around = surroundings()
    server = EdgeServer(around.stack, "Es", **around.around, name="es", desired_count=count)
    monitoring = EdgeMonitoring(
        around.stack, "Monitoring", services=[server], ingress=around.ingress, update_apis=[]
    )
    assert ("es-NoHealthyTargets" in monitoring.alarms) is has_alarm


def test_a_server_that_is_scaled_to_nothing_may_have_no_tasks() -> None:
    """Its schedule, which the alarm does not know, says when it has some."""
    around = surroundings()
    scaling = AutoScaling(min=0, max=2, cpu_percent=90)
    server = EdgeServer(around.stack, "Es", **around.around, name="es", auto_scaling=scaling)
    monitoring = EdgeMonitoring(
        around.stack, "Monitoring", services=[server], ingress=around.ingress, update_apis=[]
    )
    assert "es-NoHealthyTargets" not in monitoring.alarms
    found = Template.from_stack(around.stack).find_resources(ALARM)
    thresholds = {
        name: found[around.stack.get_logical_id(resource)]["Properties"]["Threshold"]
        for name in ("Cpu", "Memory")
        if isinstance(resource := monitoring.alarms[f"es-{name}"].node.default_child, CfnElement)
    }
    assert thresholds == {"Cpu": 95, "Memory": 80}, "scaling keeps the use of CPU near 90"


@pytest.mark.parametrize(
    ("said", "limit"),
    [("90", 45), ("20m", 30), ("", 30), (Token.as_string({"Ref": "AWS::NoValue"}), 30)],
    ids=["seconds", "no number", "empty", "token"],
)
def test_slow_is_half_of_what_the_server_waits(said: str, limit: float) -> None:
    """As its variable `TIMEOUT` says, or 60 seconds as in the image."""
    around = surroundings()
    environment = {"TIMEOUT": said}
    server = EdgeServer(around.stack, "Es", **around.around, name="es", environment=environment)
    EdgeMonitoring(
        around.stack, "Monitoring", services=[server], ingress=around.ingress, update_apis=[]
    )
    slow = [
        alarm["Properties"]["Threshold"]
        for alarm in Template.from_stack(around.stack).find_resources(ALARM).values()
        if "slow-answers" in alarm["Properties"]["AlarmDescription"]
    ]
    assert slow == [limit, limit]


def test_failed_deployments_are_counted_and_kept(made: Made) -> None:
    """One rule for each service on Fargate, which hands on to one queue."""
    monitoring = made.monitoring
    assert monitoring.failed_deployments
    queue = made.id_of(monitoring.failed_deployments)
    letters = logical_id(made.template, QUEUE, "DatafiDeadLetters")
    for server in (made.es, made.co):
        rule = made.template.find_resources(RULE)[made.rule(server)["Ref"]]["Properties"]
        assert rule["EventPattern"] == {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [{"Ref": made.id_of(server.service)}],
            "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        }
        (target,) = rule["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
        assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [letters, "Arn"]}
        assert "Name" not in rule
    found = properties(made.template, QUEUE, queue)
    assert found["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert found["SqsManagedSseEnabled"] is True
    assert found["RedrivePolicy"]["maxReceiveCount"] == 1000
    policy = properties(made.template, "AWS::SQS::QueuePolicy", "Monitoring")
    denied, allowed = policy["PolicyDocument"]["Statement"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert policy["Queues"] == [{"Ref": queue}]


def test_a_log_is_counted_under_its_own_name(made: Made) -> None:
    """No other deployment in the account counts into the same metric."""
    group = {"Ref": made.id_of(made.updates.log_group)}
    filters = made.template.find_resources(METRIC_FILTER).values()
    assert len(filters) == 2
    for each in filters:
        found = each["Properties"]
        (counted,) = found["MetricTransformations"]
        assert found["LogGroupName"] == group
        assert counted["MetricName"]["Fn::Join"][1][1] == group
        assert (counted["MetricNamespace"], counted["MetricValue"]) == ("Datafi/UpdateApi", "1")
        assert "DefaultValue" not in counted


def test_without_a_key_none_is_refused() -> None:
    """Callers that AWS knows ask for no key."""
    around = surroundings()
    server = EdgeServer(around.stack, "Es", **around.around, name="es")
    role = iam.Role(around.stack, "Caller", assumed_by=iam.AccountRootPrincipal())
    api = UpdateApi(
        around.stack, "Updates", ingress=around.ingress, services=[server], callers=[role]
    )
    monitoring = EdgeMonitoring(
        around.stack, "Monitoring", services=[server], ingress=around.ingress, update_apis=[api]
    )
    assert "updates-es-Errors" in monitoring.alarms
    assert "updates-es-RefusedKeys" not in monitoring.alarms


def test_a_certificate_that_is_not_known_is_not_watched() -> None:
    """A load balancer that is there already may have any; nor is there a queue for functions."""
    around = surroundings()
    ingress = existing_ingress(around.stack)
    server = ServerlessEdgeServer(
        around.stack,
        "Fn",
        ingress=ingress,
        name="fn",
        repository=ecr.Repository.from_repository_name(around.stack, "Images", "datafi-es"),
    )
    monitoring = EdgeMonitoring(
        around.stack, "Monitoring", services=[server], ingress=ingress, update_apis=[]
    )
    assert [name for name in monitoring.alarms if name.startswith("ingress")] == [
        "ingress-LoadBalancerErrors"
    ]
    assert monitoring.failed_deployments is None


def body(template: Template) -> Any:
    """What the dashboard shows; what is known at deployment only is left out."""
    joined = properties(template, DASHBOARD)["DashboardBody"]["Fn::Join"][1]
    return json.loads("".join(part if isinstance(part, str) else "~" for part in joined))


def test_the_dashboard_shows_every_part(made: Made) -> None:
    """Each with its title, its graphs and its alarms."""
    widgets = body(made.template)["widgets"]
    titles = [each["properties"]["markdown"] for each in widgets if each["type"] == "text"]
    assert titles == [
        "### Load balancer",
        "### EdgeServer es",
        "### Coordinator co",
        "### ServerlessEdgeServer fn",
        "### Update API of es, co",
        "### Events of Test",
    ]
    states = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]
    assert [len(each) for each in states] == [2, 10, 10, 4, 3, 1]
    graphs = [each["properties"] for each in widgets if each["type"] == "metric"]
    assert len(graphs) == 3 + 6 + 6 + 4 + 3 + 1
    assert all(each["metrics"] for each in graphs)


def test_every_metric_with_an_alarm_is_shown(made: Made) -> None:
    """With the same name and dimensions, as CDK writes them into the dashboard."""
    text = json.dumps(properties(made.template, DASHBOARD))
    for name, row in ALARMS.items():
        for metric in row[0].split(" / "):
            assert f'\\"{metric}' in text, name


def test_a_further_server_leaves_the_others_alarms() -> None:
    """Neither their ids nor what they say change; only the dashboard does."""

    def alarms(*names: str) -> dict[str, Any]:
        servers = {"long_running": [{"name": name} for name in names]}
        found = edge_stack(minimal(monitoring=True, edge_servers=servers)).to_json()["Resources"]
        kinds = (ALARM, RULE, METRIC_FILTER)
        return {key: value for key, value in found.items() if value["Type"] in kinds}

    before, after = alarms("es"), alarms("analytics", "es")
    assert before.items() <= after.items()
    assert len(after) > len(before)


def test_the_stack_has_none_of_it_by_default() -> None:
    """Neither dashboard nor alarm, nor a queue beside that of dead letters."""
    template = edge_stack(minimal())
    for kind in (ALARM, DASHBOARD, METRIC_FILTER):
        assert template.find_resources(kind) == {}
    assert len(template.find_resources(QUEUE)) == 1


def test_the_stack_says_what_its_dashboard_is_called() -> None:
    """In an output, as CloudFormation makes up the name; and it watches all that it has."""
    servers = {
        "long_running": [{"name": "es"}],
        "serverless": [{"name": "fn", "ecr_repository_arn": REPOSITORY}],
    }
    coordinator = {"registry_credentials_secret_arn": secret_arn("acr")}
    coordinator["secret_arn"] = secret_arn("co")
    template = edge_stack(minimal(monitoring=True, edge_servers=servers, coordinator=coordinator))
    (output,) = template.find_outputs("DashboardName").values()
    assert output["Value"] == {"Ref": logical_id(template, DASHBOARD)}
    shown = json.dumps(body(template))
    for title in ("EdgeServer es", "ServerlessEdgeServer fn", "Coordinator co", "API of co"):
        assert title in shown
