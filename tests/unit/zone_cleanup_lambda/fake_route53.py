"""A Route 53 that holds one zone, and records for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.paginate import Paginator
from botocore.validate import validate_parameters

ZONE = "Z123"
ROOT = "edge.example.com"


def cname(name: str, *values: str, **more: Any) -> dict[str, Any]:
    """A CNAME record as Route 53 lists it."""
    values_listed = [{"Value": value} for value in values]
    return {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": values_listed, **more}


def validation_record(token: str = "a1") -> dict[str, Any]:
    """A record as ACM writes it."""
    return cname(f"_{token}.{ROOT}.", f"_{token}b2.mhbtsbpdnt.acm-validations.aws.")


def refused(code: str, operation: str) -> ClientError:
    """An error as Route 53 answers it."""
    return ClientError({"Error": {"Code": code, "Message": "because"}}, operation)


class FakeRoute53:
    """Holds one zone, checks parameters against botocore's model, and fails on demand."""

    def __init__(self) -> None:
        """With the records that every zone has, marked to be deleted."""
        session = botocore.session.get_session()
        self._model = session.get_service_model("route53")
        loader = session.get_component("data_loader")
        self._pagination = loader.load_service_model("route53", "paginators-1")["pagination"]
        self.meta = SimpleNamespace(service_model=self._model)
        self.tags = [{"Key": "datafi:validation-records", "Value": "deleted-with-the-zone"}]
        self.records = [
            {"Name": f"{ROOT}.", "Type": kind, "TTL": 900, "ResourceRecords": [{"Value": "x"}]}
            for kind in ("NS", "SOA")
        ]
        self.page_size = 2
        self.calls: list[str] = []
        self.batches: list[list[str]] = []
        self.failures: dict[str, list[Exception]] = {}

    def get_paginator(self, name: str) -> Paginator:
        """The paginator that botocore has for this call."""
        operation = "".join(word.capitalize() for word in name.split("_"))
        model = self._model.operation_model(operation)
        return Paginator(getattr(self, name), self._pagination[operation], model)

    def list_tags_for_resource(self, **parameters: Any) -> dict[str, Any]:
        """The zone's tags."""
        self._enter("ListTagsForResource", parameters)
        assert parameters == {"ResourceType": "hostedzone", "ResourceId": ZONE}
        return {"ResourceTagSet": {**parameters, "Tags": self.tags}}

    def list_resource_record_sets(self, **parameters: Any) -> dict[str, Any]:
        """A page of the zone's records."""
        self._enter("ListResourceRecordSets", parameters)
        start = 0
        if "StartRecordName" in parameters:
            keys = [(record["Name"], record["Type"]) for record in self.records]
            start = keys.index((parameters["StartRecordName"], parameters["StartRecordType"]))
        end = start + self.page_size
        answer: dict[str, Any] = {
            "ResourceRecordSets": self.records[start:end],
            "IsTruncated": end < len(self.records),
        }
        if answer["IsTruncated"]:
            answer["NextRecordName"] = self.records[end]["Name"]
            answer["NextRecordType"] = self.records[end]["Type"]
        return answer

    def change_resource_record_sets(self, **parameters: Any) -> dict[str, Any]:
        """Delete all records of a batch, or none."""
        self._enter("ChangeResourceRecordSets", parameters)
        changes = parameters["ChangeBatch"]["Changes"]
        assert {change["Action"] for change in changes} == {"DELETE"}
        gone = [change["ResourceRecordSet"] for change in changes]
        if any(record not in self.records for record in gone):
            raise refused("InvalidChangeBatch", "ChangeResourceRecordSets")
        self.batches.append([record["Name"] for record in gone])
        self.records = [record for record in self.records if record not in gone]
        return {}

    def names(self) -> list[str]:
        """The names of the records beside those that every zone has."""
        return [record["Name"] for record in self.records if record["Type"] not in ("NS", "SOA")]

    def _enter(self, operation: str, parameters: dict[str, Any]) -> None:
        validate_parameters(parameters, self._model.operation_model(operation).input_shape)
        self.calls.append(operation)
        if self.failures.get(operation):
            raise self.failures[operation].pop(0)
