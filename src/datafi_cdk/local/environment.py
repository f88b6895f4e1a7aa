"""The environments of the embedded AWS and of the commands that run against it."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

# ministack takes an access key of twelve digits for an account number; any other key stands for
# the account that it was started with.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 - ministack takes any

# Read by the server's `gaps.rollouts`.
ROLLOUT_SECONDS = "DATAFI_LOCAL_ROLLOUT_SECONDS"
FAILING_TAGS = "DATAFI_LOCAL_FAILING_TAGS"

_INHERITED_BY_SERVER = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH")
_LOOPBACK = "127.0.0.1,localhost"


def _with_loopback(hosts: str | None) -> str:
    return f"{hosts},{_LOOPBACK}" if hosts else _LOOPBACK


def _search_path(node: Path) -> str:
    directories = [str(node.parent), str(Path(sys.executable).parent)]
    return os.pathsep.join([*directories, os.environ.get("PATH", os.defpath)])


def server_environment(
    *,
    port: int,
    account: str,
    region: str,
    state_directory: Path,
    node: Path,
    node_modules: Path,
    rollout_seconds: float = 0,
    failing_tags: Collection[str] = (),
    enforce_iam: bool = False,
) -> dict[str, str]:
    """The environment of ministack, built from nothing so that no setting of the user reaches it.

    Args:
        port: The port that it listens on.
        account: Its account number, 12 digits.
        region: The region of callers that name none.
        state_directory: Its home and temporary directory.
        node: The `node` program of Node Lambda functions.
        node_modules: Where Node Lambda functions find the AWS SDK; need not exist.
        rollout_seconds: How long an ECS deployment takes.
        failing_tags: Tags and digests of images that never start.
        enforce_iam: Whether ministack checks signatures and permissions.
    """
    state = str(state_directory)
    return {
        **{name: os.environ[name] for name in _INHERITED_BY_SERVER if name in os.environ},
        "PATH": _search_path(node),
        "NODE_PATH": str(node_modules),
        "HOME": state,
        "TMPDIR": state,
        "PYTHONDONTWRITEBYTECODE": "1",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "PERSIST_STATE": "0",
        "STATE_DIR": f"{state}/state",
        "S3_DATA_DIR": f"{state}/s3",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Without a Docker daemon tasks are simulated, alike on every machine, and no container
        # that another ministack left on the machine's daemon is swept away.
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        ROLLOUT_SECONDS: str(rollout_seconds),
        FAILING_TAGS: " ".join(failing_tags),
        "AUTH": "true" if enforce_iam else "false",
    }


def command_environment(
    base: Mapping[str, str], *, endpoint: str, region: str, node: Path
) -> dict[str, str]:
    """The environment of a command that must reach the embedded AWS and no other.

    Args:
        base: The environment to start from; its `AWS_*` and `CDK_*` variables are all left out.
        endpoint: The URL of the embedded AWS.
        region: The region of the command.
        node: The `node` program that jsii starts.
    """
    return {
        **{name: value for name, value in base.items() if not name.startswith(("AWS_", "CDK_"))},
        "PATH": _search_path(node),
        "JSII_NODE": str(node),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **{name: _with_loopback(base.get(name)) for name in ("NO_PROXY", "no_proxy")},
    }
