"""Gap: the record by which ACM validates a certificate of CloudFormation.

CloudFormation writes it into the zone that the certificate names, and never deletes it. One domain
has the same record in every certificate of an account, its wildcard too. Sources:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-certificatemanager-certificate-domainvalidationoption.html
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

import hashlib
from typing import Any

from .api import client
from .registry import Created, Handler, Properties

CERTIFICATE = "AWS::CertificateManager::Certificate"

_TTL_SECONDS = 300


def name_records_as_acm() -> None:
    """Let `describe_certificate` tell records of the form that ACM gives them."""
    from ministack.services import acm

    validation_options = acm._validation_options

    def options_with_record(domain: str, method: str) -> dict[str, Any]:
        options: dict[str, Any] = validation_options(domain, method)
        return {**options, "ResourceRecord": _record(domain)}

    acm._validation_options = options_with_record


def wrap_certificate(handler: Handler) -> Handler:
    """Handlers that write the record of a new certificate and leave it there."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        _write_records(properties)
        return created

    def update(
        arn: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        updated: Created = handler["update"](arn, old, new, stack_name, logical_id)
        if updated[0] != arn:
            _write_records(new)
        return updated

    return {"create": create, "update": update}


def _write_records(properties: Properties) -> None:
    if properties.get("ValidationMethod") != "DNS":
        return
    for option in properties.get("DomainValidationOptions", []):
        if "HostedZoneId" not in option:
            continue
        record = _record(option["DomainName"])
        changed = {
            "Name": record["Name"],
            "Type": record["Type"],
            "TTL": _TTL_SECONDS,
            "ResourceRecords": [{"Value": record["Value"]}],
        }
        client("route53").change_resource_record_sets(
            HostedZoneId=option["HostedZoneId"],
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": changed}]},
        )


def _record(domain: str) -> dict[str, str]:
    from ministack.core.responses import get_account_id

    base = domain.removeprefix("*.")
    digest = hashlib.sha256(f"{get_account_id()} {base}".encode()).hexdigest()
    return {
        "Name": f"_{digest[:32]}.{base}.",
        "Type": "CNAME",
        "Value": f"_{digest[32:]}.mhbtsbpdnt.acm-validations.aws.",
    }
