"""An AWS on this machine, and the real `cdk` command to deploy to it.

`EmbeddedAws` runs ministack in a process of its own; `CdkCli` bootstraps, deploys and destroys CDK
apps on it; `EmbeddedAws.load_balancer_request` sends requests through the deployed load balancers.
What deploys here has really been made in the emulated services, except the types listed in
`RECORDED_ONLY`: that a stack with one of those deploys proves nothing about it.

What else differs from AWS: without Docker, ECS tasks are simulated, run no container and register
with no target group, so that a forwarded request is answered 503; Lambda functions run on this
Python and this Node.js, whatever runtime they name; a certificate is issued at once, without its
validation records; a web ACL blocks nothing; and IAM policies are not enforced.

Needs the extras `cli` and `local`: `pip install 'datafi-cdk[cli,local]'`. Linux and macOS.
"""

from __future__ import annotations

from ..errors import LocalAwsError
from .cdk_cli import CdkCli
from .embedded_aws import EmbeddedAws
from .load_balancer import LoadBalancerResponse
from .server.gaps.recorded import RECORDED_ONLY

__all__ = ["RECORDED_ONLY", "CdkCli", "EmbeddedAws", "LoadBalancerResponse", "LocalAwsError"]
