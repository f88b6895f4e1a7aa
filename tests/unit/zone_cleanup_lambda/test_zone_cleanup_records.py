"""Which records are removed, how, and which stay."""

from __future__ import annotations

from typing import Any

import pytest
from fake_route53 import ROOT, cname, refused, validation_record

OTHERS = {
    "name without underscore": cname(f"www.{ROOT}.", "_x.mhbtsbpdnt.acm-validations.aws."),
    "another target": cname(f"_dmarc.{ROOT}.", "mail.example.com."),
    "target that only resembles": cname(f"_a.{ROOT}.", "x.not-acm-validations.aws."),
    "target that goes on": cname(f"_b.{ROOT}.", "x.acm-validations.aws.example.com."),
    "bare target": cname(f"_c.{ROOT}.", "acm-validations.aws."),
    "no target": {**cname(f"_d.{ROOT}."), "AliasTarget": {}},
    "several targets": cname(f"_e.{ROOT}.", "x.acm-validations.aws.", "y.acm-validations.aws."),
    "routed by weight": cname(f"_f.{ROOT}.", "x.acm-validations.aws.", SetIdentifier="1", Weight=1),
    "another type": {**cname(f"_g.{ROOT}.", "x.acm-validations.aws."), "Type": "TXT"},
}


@pytest.mark.parametrize("record", OTHERS.values(), ids=OTHERS)
def test_keeps_every_other_record(world: Any, record: dict[str, Any]) -> None:
    """A record that only resembles ACM's stays, while ACM's goes."""
    world.route53.records += [record, validation_record()]
    assert world.send("Delete")["Status"] == "SUCCESS"
    assert world.route53.names() == [record["Name"]]


@pytest.mark.parametrize(
    "target",
    [
        "_a1.mhbtsbpdnt.acm-validations.aws.",
        "_a1.mhbtsbpdnt.acm-validations.aws",
        "_A1.MHBTSBPDNT.ACM-VALIDATIONS.AWS.",
        "_a1.acm-validations.aws.",
    ],
)
def test_removes_the_record_in_each_way_to_write_it(world: Any, target: str) -> None:
    """Letter case and a dot at the end make no difference."""
    world.route53.records.append(cname(f"_x.{ROOT}.", target))
    assert world.send("Delete")["Reason"] == f"Removed: _x.{ROOT}.."
    assert world.route53.names() == []


def test_finds_records_on_every_page(world: Any) -> None:
    """The records of a large zone come in pages."""
    plain = [cname(f"www{index}.{ROOT}.", "example.com.") for index in range(5)]
    world.route53.records += [validation_record("a"), *plain, validation_record("z")]
    world.send("Delete")
    assert world.route53.names() == [record["Name"] for record in plain]


def test_removes_many_records_in_batches(world: Any) -> None:
    """No batch is larger than what Route 53 takes, and nothing is left."""
    world.route53.page_size = 300
    world.route53.records += [validation_record(f"t{index:03}") for index in range(201)]
    world.send("Delete")
    assert [len(batch) for batch in world.route53.batches] == [100, 100, 1]
    assert world.route53.names() == []


def test_deletes_nothing_from_a_zone_without_the_mark(world: Any) -> None:
    """A zone that is kept from now on keeps the records by which ACM renews certificates."""
    world.route53.tags = [{"Key": "team", "Value": "data"}]
    world.route53.records.append(validation_record())
    answer = world.send("Delete")
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "Removed: nothing.")
    assert len(world.route53.names()) == 1


@pytest.mark.parametrize("call", ["ListTagsForResource", "ListResourceRecordSets"])
def test_a_zone_that_is_gone_needs_no_cleanup(world: Any, call: str) -> None:
    """Deleting again, or after somebody deleted the zone, succeeds."""
    world.route53.failures[call] = [refused("NoSuchHostedZone", call)]
    assert world.send("Delete")["Status"] == "SUCCESS"


def test_deleting_twice_succeeds(world: Any) -> None:
    """The second of two requests finds nothing."""
    world.route53.records.append(validation_record())
    assert world.send("Delete")["Status"] == "SUCCESS"
    assert world.send("Delete")["Reason"] == "Removed: nothing."


def test_a_record_that_another_invocation_removed_is_no_failure(world: Any) -> None:
    """A batch that names a record which just went is followed by a new look."""
    world.route53.records.append(validation_record())
    call = "ChangeResourceRecordSets"
    world.route53.failures[call] = [refused("InvalidChangeBatch", call)]
    assert world.send("Delete")["Status"] == "SUCCESS"
    assert world.route53.names() == []


def test_gives_up_on_a_record_that_cannot_be_removed(world: Any) -> None:
    """A batch that is refused again and again fails instead of going on for ever."""
    world.route53.records.append(validation_record())
    call = "ChangeResourceRecordSets"
    world.route53.failures[call] = [refused("InvalidChangeBatch", call)] * 3
    assert world.send("Delete")["Status"] == "FAILED"
    assert world.route53.calls.count(call) == 3
