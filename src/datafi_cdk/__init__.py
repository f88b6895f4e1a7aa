"""The Datafi data plane as AWS CDK constructs.

`EdgeServer`, `ServerlessEdgeServer`, `Coordinator`, `SharedIngress`, `EdgeDns`, `EdgeStorage`,
`UpdateApi` and `EdgeMonitoring` go into the CDK app that is already there; `DatafiEdgeStack`
composes them for those who have none yet.

The names are loaded when they are first used, so that importing the package costs nothing that
the app does not need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._node import prefer_bundled_node

if TYPE_CHECKING:
    from .auto_scaling import AutoScaling
    from .config import DatafiEdgeConfig
    from .coordinator import Coordinator
    from .datafi_edge_stack import DatafiEdgeStack
    from .edge_dns import EdgeDns
    from .edge_monitoring import EdgeMonitoring
    from .edge_network import EdgeNetwork
    from .edge_server import EdgeServer
    from .edge_storage import EdgeStorage
    from .errors import DatafiError, Fault, InvalidInputError
    from .image_version import ImageVersion
    from .ingress_base import IngressBase
    from .pull_through_cache import PullThroughCache
    from .serverless_edge_server import ServerlessEdgeServer
    from .service_options import ServiceOptions
    from .shared_ingress import SharedIngress
    from .update_api import UpdateApi
    from .update_router import UpdateRouter
    from .update_window import UpdateFreeze, UpdateWindow

__all__ = [
    "AutoScaling",
    "Coordinator",
    "DatafiEdgeConfig",
    "DatafiEdgeStack",
    "DatafiError",
    "EdgeDns",
    "EdgeMonitoring",
    "EdgeNetwork",
    "EdgeServer",
    "EdgeStorage",
    "Fault",
    "ImageVersion",
    "IngressBase",
    "InvalidInputError",
    "PullThroughCache",
    "ServerlessEdgeServer",
    "ServiceOptions",
    "SharedIngress",
    "UpdateApi",
    "UpdateFreeze",
    "UpdateRouter",
    "UpdateWindow",
]

_MODULES = {
    "AutoScaling": "auto_scaling",
    "Coordinator": "coordinator",
    "DatafiEdgeConfig": "config",
    "DatafiEdgeStack": "datafi_edge_stack",
    "DatafiError": "errors",
    "EdgeDns": "edge_dns",
    "EdgeMonitoring": "edge_monitoring",
    "EdgeNetwork": "edge_network",
    "EdgeServer": "edge_server",
    "EdgeStorage": "edge_storage",
    "Fault": "errors",
    "ImageVersion": "image_version",
    "IngressBase": "ingress_base",
    "InvalidInputError": "errors",
    "PullThroughCache": "pull_through_cache",
    "ServerlessEdgeServer": "serverless_edge_server",
    "ServiceOptions": "service_options",
    "SharedIngress": "shared_ingress",
    "UpdateApi": "update_api",
    "UpdateFreeze": "update_window",
    "UpdateRouter": "update_router",
    "UpdateWindow": "update_window",
}

prefer_bundled_node()


def __getattr__(name: str) -> Any:
    """Load the module of a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
