"""The library that makes dashboards and alarms, which is loaded when it is needed first."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from .errors import Fault
from .monitored_part import Graph, Line, Part
from .synthesis import refuse

_LIBRARY = "cdk_monitoring_constructs"
# Both stand in the name of each alarm, which the library builds of distinct parts, so once.
_PREFIX = _KIND = "Alarm"


class MonitoringLibrary:
    """What is used of cdk-monitoring-constructs (https://github.com/cdklabs/cdk-monitoring-constructs).

    Its alarms get no names, so that CloudFormation makes them up, and any number of deployments
    fit in one account.

    Args:
        scope: Where the alarms are made.
        topic: Who is told when an alarm rings and when it is over, or `None`.

    Raises:
        InvalidInputError: The library is not installed.
    """

    def __init__(self, scope: Construct, topic: sns.ITopic | None) -> None:
        self._library = _loaded(scope)
        library = self._library
        action = (
            library.SnsAlarmActionStrategy(on_alarm_topic=topic, on_ok_topic=topic)
            if topic
            else None
        )
        self._facade = library.MonitoringFacade(
            scope,
            "Alarms",
            alarm_factory_defaults=library.AlarmFactoryDefaults(
                alarm_name_prefix=_PREFIX, actions_enabled=True, action=action
            ),
            dashboard_factory=library.DefaultDashboardFactory(
                scope, "Dashboards", create_dashboard=False, dashboard_name_prefix=""
            ),
        )

    def watch(self, part: Part) -> tuple[list[cloudwatch.IWidget], dict[str, cloudwatch.Alarm]]:
        """Make the alarms of a part.

        Args:
            part: The part.

        Returns:
            What the dashboard shows of it, and its alarms by their names.
        """
        library = self._library
        custom = library.CustomMonitoring(
            self._facade,
            alarm_friendly_name=part.id,
            human_readable_name=part.title,
            metric_groups=[
                library.CustomMetricGroup(title=graph.title, metrics=self._metrics(graph))
                for graph in part.graphs
            ],
        )
        watched = [line.alarm for graph in part.graphs for line in graph.lines if line.alarm]
        alarms = {}
        for said, created in zip(watched, custom.created_alarms(), strict=True):
            alarm = created.alarm
            alarm.node.default_child.add_property_deletion_override("AlarmName")
            if said.after:
                alarm.node.add_dependency(said.after)
            alarms[said.name] = alarm
        return custom.widgets(), alarms

    def _metrics(self, graph: Graph) -> Sequence[Any]:
        return [self._alarmed(line) if line.alarm else line.metric for line in graph.lines]

    def _alarmed(self, line: Line) -> Any:
        alarm = line.alarm
        assert alarm  # noqa: S101
        rule = alarm.rule
        threshold = self._library.CustomThreshold(
            additional_description=alarm.says,
            threshold=rule.threshold,
            comparison_operator=rule.comparison,
            datapoints_to_alarm=rule.datapoints,
            evaluation_periods=rule.periods,
            treat_missing_data_override=rule.missing,
            runbook_link=rule.runbook,
        )
        return self._library.CustomMetricWithAlarm(
            metric=line.metric, alarm_friendly_name=alarm.name, add_alarm={_KIND: threshold}
        )


def _loaded(scope: Construct) -> Any:
    try:
        return importlib.import_module(_LIBRARY)
    except ModuleNotFoundError as error:
        if error.name != _LIBRARY:
            raise
        remedy = "run pip install 'datafi-cdk[monitoring]'"
        fault = Fault(_LIBRARY, "installed for monitoring", "no such module", remedy)
    return refuse(scope, [fault])
