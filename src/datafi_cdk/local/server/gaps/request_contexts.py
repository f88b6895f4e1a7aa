"""What requests to KMS, CloudWatch Logs, Route 53 and Bedrock tell of what they are about.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from .permissions import Permission

_CHANGES = "route53:ChangeResourceRecordSets"
_OF_STREAMS = ("CreateLogStream", "DescribeLogStreams", "GetLogEvents", "PutLogEvents")
_PROFILE = re.compile(r"(?:us|us-gov|eu|apac|ap|jp|au|ca|global)\.(?P<model>[a-z0-9-]+\..+)")
_BEDROCK = "arn:aws:bedrock"


def encryption_context(body: bytes) -> dict[str, str]:
    """The encryption context of a request to KMS."""
    try:
        said = json.loads(body or b"{}").get("EncryptionContext") or {}
    except (AttributeError, ValueError):
        return {}
    return {f"kms:EncryptionContext:{key}": str(value) for key, value in said.items()}


def of_log_streams(target: str, body: bytes) -> str:
    """What follows the ARN of a log group in that of the streams which a request is about."""
    if target.rpartition(".")[2] not in _OF_STREAMS:
        return ""
    try:
        return f":log-stream:{json.loads(body or b'{}').get('logStreamName', '')}"
    except (AttributeError, ValueError):
        return ""


def record_changes(body: bytes) -> dict[str, list[str]]:
    """What a change of records does, to which types and names."""
    text = body.decode(errors="replace")
    found = {
        name: re.findall(f"<{name}>([^<]*)</{name}>", text) for name in ("Action", "Type", "Name")
    }
    return {
        f"{_CHANGES}Actions": found["Action"],
        f"{_CHANGES}RecordTypes": found["Type"],
        f"{_CHANGES}NormalizedRecordNames": [name.lower().rstrip(".") for name in found["Name"]],
    }


def invoked_models(path: str, scope: str) -> list[Permission]:
    """The permissions to invoke what a path names; behind a profile, on its model too.

    Args:
        path: The path of a request to Bedrock, e.g. "/model/us.vendor.name/invoke".
        scope: Region and account of ARNs, e.g. "us-east-1:000000000000".
    """
    match = re.fullmatch(r"/model/([^/]+)/invoke", path)
    if not match:
        return []
    named = unquote(match[1])
    region, action = scope.partition(":")[0], "bedrock:InvokeModel"
    if named.startswith("arn:"):
        return [Permission(action, named)]
    profile = _PROFILE.fullmatch(named)
    if not profile:
        return [Permission(action, f"{_BEDROCK}:{region}::foundation-model/{named}")]
    arn = f"{_BEDROCK}:{scope}:inference-profile/{named}"
    behind = f"{_BEDROCK}:{region}::foundation-model/{profile['model']}"
    return [
        Permission(action, arn),
        Permission(action, behind, {"bedrock:InferenceProfileArn": arn}),
    ]
