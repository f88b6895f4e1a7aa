"""The records that ACM's DNS validation leaves in a zone of Route 53."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError  # type: ignore[import-untyped, unused-ignore]

MARK = "datafi:validation-records"
"""The tag of a zone whose validation records may be removed."""

_VALIDATION_DOMAIN = ".acm-validations.aws."
_MAX_BATCH = 100
_MAX_ATTEMPTS = 3


class ValidationRecords:
    """Removes validation records, and no other, from a zone that is marked to be deleted.

    The mark is a tag of the zone. A zone that is to be kept from now on has lost it by the time at
    which CloudFormation deletes the custom resource: its records must stay, as ACM renews a
    certificate only while they are there.

    Args:
        route53: A client of Route 53.
    """

    def __init__(self, route53: Any) -> None:
        self._route53 = route53

    def remove(self, zone_id: str) -> list[str]:
        """Remove the records.

        Args:
            zone_id: The zone's id.

        Returns:
            The names of what was removed: none if the zone is gone, is not marked, or holds none.

        Raises:
            ClientError: Route 53 refused.
            BotoCoreError: Route 53 did not answer.
        """
        try:
            return self._removed(zone_id) if self._is_marked(zone_id) else []
        except ClientError as error:
            if _code(error) == "NoSuchHostedZone":
                return []
            raise

    def _is_marked(self, zone_id: str) -> bool:
        answer = self._route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)
        return any(tag["Key"] == MARK for tag in answer["ResourceTagSet"]["Tags"])

    def _removed(self, zone_id: str) -> list[str]:
        removed: list[str] = []
        attempts = 0
        while batch := self._first_batch(zone_id):
            attempts += 1
            try:
                self._delete(zone_id, batch)
            except ClientError as error:
                # Another invocation for the same request may have been faster: look again.
                if _code(error) != "InvalidChangeBatch" or attempts == _MAX_ATTEMPTS:
                    raise
                continue
            attempts = 0
            removed += [record["Name"] for record in batch]
        return removed

    def _first_batch(self, zone_id: str) -> list[dict[str, Any]]:
        found = []
        for record in self._records(zone_id):
            if is_validation_record(record):
                found.append(record)
            if len(found) == _MAX_BATCH:
                break
        return found

    def _records(self, zone_id: str) -> Iterator[dict[str, Any]]:
        pages = self._route53.get_paginator("list_resource_record_sets")
        for page in pages.paginate(HostedZoneId=zone_id):
            yield from page["ResourceRecordSets"]

    def _delete(self, zone_id: str, records: list[dict[str, Any]]) -> None:
        changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in records]
        self._route53.change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": changes}
        )


def is_validation_record(record: Mapping[str, Any]) -> bool:
    """Whether a record is one that ACM's DNS validation made.

    Such a one is a plain CNAME from `_<token>.<domain>` to `_<token>.<label>.acm-validations.aws`.
    The form: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html

    Args:
        record: A resource record set, as Route 53 lists it.
    """
    values = [entry["Value"].lower() for entry in record.get("ResourceRecords", [])]
    return (
        record["Type"] == "CNAME"
        and "SetIdentifier" not in record
        and record["Name"].startswith("_")
        and len(values) == 1
        and f"{values[0].rstrip('.')}.".endswith(_VALIDATION_DOMAIN)
    )


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
