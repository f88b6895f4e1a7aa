"""Answers of AWS and the DNS for the checks, without either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from datafi_cdk import DatafiEdgeConfig
from datafi_cdk.cli.aws_access import AwsAccess
from datafi_cdk.cli.check.context import Context
from datafi_cdk.cli.check.resolver import NoServerAnswersError, Resolver

ROOT = "edge.example.com"


def config_of(*servers: Mapping[str, Any], **further: Any) -> DatafiEdgeConfig:
    """A configuration with some servers on Fargate, by default one."""
    data = {
        "deployment_name": "acme",
        "dns": {"root_domain": ROOT},
        "edge_servers": {"long_running": list(servers) or [{"name": "es"}]},
        **further,
    }
    return DatafiEdgeConfig.model_validate(data)


class NameServers:
    """A resolver that is told the name servers of zones; without any they do not answer."""

    def __init__(self, zones: Mapping[str, Iterable[str]]) -> None:
        self._zones = zones

    def name_servers(self, name: str) -> set[str]:
        """Those of a name."""
        servers = self._zones.get(name)
        if servers is not None and not servers:
            raise NoServerAnswersError("the DNS cannot answer", "look it up")
        return set(servers or ())


class Answers(Context):
    """A context that is told what AWS answers, by operation.

    Args:
        config: The configuration.
        answers: The answers; of an operation with pages, the list.
        zones: Name servers by zone. Default: none.
        embedded: Whether it is the embedded AWS that answers.
    """

    def __init__(
        self,
        config: DatafiEdgeConfig,
        answers: Mapping[str, Any],
        zones: Mapping[str, Iterable[str]] | None = None,
        *,
        embedded: bool = False,
    ) -> None:
        super().__init__(config, cast(AwsAccess, None), cast(Resolver, NameServers(zones or {})))
        self._answers = answers
        self._is_embedded = embedded

    @property
    def is_embedded(self) -> bool:
        """As told."""
        return self._is_embedded

    @property
    def account(self) -> str:
        """An account."""
        return "111111111111"

    @property
    def region(self) -> str:
        """A region."""
        return "us-east-1"

    def ask(self, service: str, operation: str, **_: Any) -> Any:
        """The answer."""
        return self._answers[operation]

    def ask_all(self, service: str, operation: str, key: str, **_: Any) -> list[Any]:
        """The answer."""
        return list(self._answers[operation])
