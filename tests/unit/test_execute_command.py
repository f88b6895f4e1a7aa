"""ECS Exec: what the task role gets for it, under each configuration of the cluster."""

from typing import Any

import pytest
from datafi_cdk import EdgeServer
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from deployment import LOG_GROUP, POLICY, SERVICE, logical_id, properties, surroundings

CHANNELS = {
    f"ssmmessages:{verb}{channel}Channel"
    for verb in ("Create", "Open")
    for channel in ("Control", "Data")
}
WRITE = {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}


def made(**options: Any) -> Template:
    """A stack with a server in which a shell can be opened."""
    around = surroundings()
    arguments = {**around.around, **options}
    EdgeServer(around.stack, "Es", name="es", enable_execute_command=True, **arguments)
    return Template.from_stack(around.stack)


def rights(template: Template) -> dict[str, set[str]]:
    """The actions of the task role, by resource."""
    found: dict[str, set[str]] = {}
    document = properties(template, POLICY, "EsTaskRole")["PolicyDocument"]
    for statement in document["Statement"]:
        actions = statement["Action"]
        found.setdefault(str(statement["Resource"]), set()).update(
            [actions] if isinstance(actions, str) else actions
        )
    return found


def test_a_shell_is_logged_with_the_server() -> None:
    """By default the task may write to its own log group, and to no other."""
    template = made()
    assert properties(template, SERVICE)["EnableExecuteCommand"] is True
    own = str({"Fn::GetAtt": [logical_id(template, LOG_GROUP, "Es"), "Arn"]})
    assert rights(template) == {"*": {*CHANNELS, "logs:DescribeLogGroups"}, own: WRITE}


@pytest.mark.parametrize("logging", ["OVERRIDE", "NONE"])
def test_a_shell_is_logged_as_the_cluster_says(logging: str) -> None:
    """In the log group that it names, or nowhere."""
    around = surroundings()
    group = logs.LogGroup(around.stack, "Shells") if logging == "OVERRIDE" else None
    said = ecs.ExecuteCommandConfiguration(
        logging=getattr(ecs.ExecuteCommandLogging, logging),
        log_configuration=ecs.ExecuteCommandLogConfiguration(cloud_watch_log_group=group)
        if group
        else None,
    )
    cluster = ecs.Cluster(around.stack, "Said", vpc=around.vpc, execute_command_configuration=said)
    arguments = {**around.around, "cluster": cluster}
    EdgeServer(around.stack, "Es", name="es", enable_execute_command=True, **arguments)
    template = Template.from_stack(around.stack)
    assert properties(template, SERVICE)["EnableExecuteCommand"] is True
    found = rights(template)
    if group is None:
        assert found == {"*": CHANNELS}
        return
    assert found.pop("*") == {*CHANNELS, "logs:DescribeLogGroups"}
    ((resource, actions),) = found.items()
    assert actions == WRITE
    assert logical_id(template, LOG_GROUP, "Shells") in resource
