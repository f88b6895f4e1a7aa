"""Gap: alarms of CloudFormation with `Metrics`, which ministack refuses.

They are kept and described as they are, and stay in the state `INSUFFICIENT_DATA`: ministack
computes no metric math, and its services send no metrics.
"""

from __future__ import annotations

from typing import Any

from .registry import Properties

_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")


def take_metrics() -> None:
    """Let CloudFormation make alarms with `Metrics`."""
    from ministack.services.cloudformation import provisioners

    record = provisioners._cw_metric_alarm_record

    def with_metrics(name: str, properties: Properties) -> dict[str, Any]:
        if not properties.get("Metrics"):
            return dict(record(name, properties))
        others = {key: properties[key] for key in properties if key != "Metrics"}
        made = record(name, {**others, "MetricName": "none", "Namespace": "none"})
        kept = {key: made[key] for key in made if key not in _OF_ONE_METRIC}
        return {**kept, "Metrics": properties["Metrics"]}

    provisioners._cw_metric_alarm_record = with_metrics
