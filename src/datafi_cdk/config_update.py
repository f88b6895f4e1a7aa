"""The section of a `datafi.yaml` about the update APIs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .config_fields import Arn, Checked, Entries, Number, OneOf, Text
from .config_sections import KEY_ARN, PRIORITY, ROLE_ARN, SECRET_ARN, Section
from .errors import Fault
from .update_times import TIME, WEEK_MINUTES, WEEKDAYS, moment_faults, start_faults
from .validation import FORMS

_FUNCTION_ARN = Arn(
    "lambda", "function:[A-Za-z0-9_-]{1,64}", "the ARN of a Lambda function", local=True
)
_TAG_PATTERN = Text(
    FORMS["tag_pattern"],
    "a tag, in which * and ? stand for any characters",
    "write it as 'v*'",
)


def _time_faults(value: str | None) -> list[Fault]:
    return [] if value is None else start_faults("", value)


def _moment_faults(value: str | None) -> list[Fault]:
    return [] if value is None else moment_faults("", value)


_MOMENT = Checked(_moment_faults, r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+(Z|[+-][0-9]{2}:?[0-9]{2})")


class UpdateWindowConfig(Section):
    """A time of the week in which updates may begin."""

    days: Annotated[list[str], OneOf(WEEKDAYS), Entries(1)] = Field(
        description="The days on which it opens, such as MON."
    )
    start: Annotated[str, Checked(_time_faults, TIME)] = Field(
        description="When it opens, as HH:MM in UTC, in quotes."
    )
    duration_minutes: Annotated[int, Number(1, WEEK_MINUTES)] = Field(
        description="How long it stays open."
    )


class UpdateFreezeConfig(Section):
    """A time in which no updates begin."""

    start: Annotated[str, _MOMENT] = Field(
        description="When it begins, as ISO 8601 with an offset: 2026-12-20T00:00:00+01:00."
    )
    end: Annotated[str | None, _MOMENT] = Field(
        default=None, description="When it ends. Default: when it is taken out of the file."
    )


class UpdateApiConfig(Section):
    """What holds for the update API of every server on Fargate."""

    shared: bool = Field(
        default=False,
        description="Whether one function updates all servers. Default: one for each, which may "
        "touch its own only.",
    )
    secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None,
        description="With shared: complete ARN of the secret whose string is the key. Default: one "
        "is generated.",
    )
    secret_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts that secret, if it is a customer-managed one. "
        "Default: a key of AWS.",
    )
    caller_role_arns: Annotated[list[str], ROLE_ARN, Entries()] = Field(
        default_factory=list,
        description="Roles that call with requests signed for IAM, at a function URL in place of "
        "the load balancer. Default: whoever has the key.",
    )
    allowed_tags: Annotated[list[str], _TAG_PATTERN, Entries()] = Field(
        default_factory=list,
        description="Patterns of which a tag must match one, with * and ?; no digest is then "
        "taken. Default: every tag and digest.",
    )
    update_windows: list[UpdateWindowConfig] = Field(
        default_factory=list, description="When updates may begin. Default: at any time."
    )
    update_freezes: list[UpdateFreezeConfig] = Field(
        default_factory=list, description="When none may begin. Default: never."
    )
    redeploy_on_rotation: bool = Field(
        default=False,
        description="Whether a server starts its tasks anew when one of its secrets has a new "
        "value; not one whose version is fixed.",
    )
    reserved_concurrent_executions: Annotated[int | None, Number(1, 100_000)] = Field(
        default=None,
        description="How many requests a function answers at once. Default: what the account has "
        "left.",
    )
    rotation_function_arn: Annotated[str | None, _FUNCTION_ARN] = Field(
        default=None,
        description="The Lambda function that rotates generated keys. Default: nobody does.",
    )
    rotation_days: Annotated[int, Number(1, 1000)] = Field(
        default=30, description="How many days a generated key lives if it is rotated."
    )
    root_path_rule_priority: Annotated[int | None, PRIORITY] = Field(
        default=None,
        description="The priority of the rule for requests to /, which name no server. Default: "
        "it follows from the hosts.",
    )
