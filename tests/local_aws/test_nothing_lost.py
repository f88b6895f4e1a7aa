"""What becomes of data when a deployment is rolled back, changed and deleted by the `cdk` command.

Each story is told once, and the tests look at its chapters. What is to be kept is written down here
by hand, and not read from the templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from datafi_cdk.local import EmbeddedAws

from .deployed_edge import ROOT_DOMAIN, Edge
from .held_data import BUCKET, PARAMETER, ZONE, Data, change_record, fill
from .stories import Chapter, Story

pytestmark = pytest.mark.long

OTHER_DOMAIN = "data.example.com"
PARAMETERS = {
    "datafiEdgeEdgeServeres",
    "datafiEdgeEdgeServeres2",
    "datafiEdgeEdgeServeres3",
}
OF_ALL = {
    "CustomVpcRestrictDefaultSGCustomResourceProviderLogGroup",
    "DatafiDeadLetters",
    "DatafiUpdateEventsLogGroup",
    "DnsHostedZone",
    "IngressAccessLogs",
    "IngressServerAccessLogs",
    "NetworkFlowLogGroup",
    "UpdateRouterLogGroup",
}
OF_COORDINATOR = {"CoordinatorLogGroup", "UpdateApicoLogGroup", "UpdateApicoSecret"}
# Only there where data may be deleted.
OF_DELETION = {
    "CustomS3AutoDeleteObjectsCustomResourceProviderLogGroup",
    "DnsZoneCleanupLogGroup",
}


def of_server(name: str) -> set[str]:
    """What holds the data of an edge server."""
    return {
        f"EdgeServer{name}LogGroup",
        f"EdgeServer{name}StorageBucket",
        f"UpdateApi{name}LogGroup",
        f"UpdateApi{name}Secret",
    }


FIRST, ANEW, UPDATE = "the first deployment fails", "it is deployed anew", "an update fails"
CHANGE, DOMAIN = "servers change", "the domain changes"
DESTROY, AGAIN = "it is destroyed", "it is destroyed again"
SERVER: dict[str, Any] = {"storage": True}
BROKEN: dict[str, Any] = {"storage": True, "image_tag": "bad"}


@pytest.fixture(scope="module")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An embedded AWS to which nothing is deployed."""
    with EmbeddedAws(rollout_seconds=0.2, failing_tags=("bad",)) as aws:
        edge = Edge(aws, tmp_path_factory.mktemp("edge"))
        edge.bootstrap()
        yield edge


def told(edge: Edge, *, deletes: bool) -> dict[str, Chapter]:
    """Deploy, and do all that may lose data."""
    aws, story = edge.aws, Story(edge, deletes)
    story.write(ROOT_DOMAIN, es=BROKEN)
    story.tell(FIRST, edge.deploy)
    story.write(ROOT_DOMAIN, es=SERVER, es2=SERVER, co={})
    if not deletes:
        story.unprotect()
    story.tell(ANEW, edge.deploy)
    assert story.chapters[ANEW].failure == ""

    assert edge.update("es", "v7")["status"] == 200
    edge.settled("es")
    for data in story.data().values():
        fill(aws, data, ROOT_DOMAIN)
    story.write(ROOT_DOMAIN, es=SERVER, es2=SERVER, es3=BROKEN, co={})
    story.tell(UPDATE, edge.deploy)

    held = story.data()
    renamed = SERVER if deletes else taking_over(held, "es")
    story.write(ROOT_DOMAIN, renamed=renamed, co={})
    story.tell(CHANGE, edge.deploy)
    if not deletes:
        assert edge.running("renamed")[0] == "v7"
    if deletes:
        change_record(aws, held["DnsHostedZone"].name, "DELETE", ROOT_DOMAIN)
    story.write(OTHER_DOMAIN, renamed=renamed, co={})
    story.tell(DOMAIN, edge.deploy)

    zone_id = story.data()["DnsHostedZone"].name
    change_record(aws, zone_id, "CREATE", OTHER_DOMAIN)
    story.tell(DESTROY, edge.cdk.destroy)
    if deletes:
        change_record(aws, zone_id, "DELETE", OTHER_DOMAIN)
    else:
        story.unprotect()
    story.tell(AGAIN, edge.cdk.destroy)
    return story.chapters


def taking_over(held: Mapping[str, Data], name: str) -> dict[str, Any]:
    """What `docs/data.md` says of a server that gets another name: all that it has is handed in."""
    return {
        "storage": True,
        "storage_bucket_name": held[f"EdgeServer{name}StorageBucket"].name,
        "log_group_name": held[f"EdgeServer{name}LogGroup"].name,
        "update_secret_arn": held[f"UpdateApi{name}Secret"].name,
        "image_tag": "v7",
    }


@pytest.fixture(scope="module")
def kept(bootstrapped: Edge) -> dict[str, Chapter]:
    """The story with default settings."""
    return told(bootstrapped, deletes=False)


@pytest.fixture(scope="module")
def deleted(bootstrapped: Edge, kept: dict[str, Chapter]) -> dict[str, Chapter]:
    """The story with `allow_delete_resources`, after the other, in the same account."""
    assert kept[AGAIN].statuses == {}
    return told(bootstrapped, deletes=True)


def entries(chapter: Chapter, *names: str) -> set[str]:
    """How a list of everything names what held data before."""
    return {chapter.before[name].entry for name in names}


def made(chapter: Chapter, part: str = "") -> set[str]:
    """The same of what the stack has made, with `part` in its name."""
    return {data.entry for name, data in chapter.made.items() if part in name}


def test_a_first_deployment_that_fails_keeps_what_was_written(kept: dict[str, Chapter]) -> None:
    """The rollback stops at the protected load balancer; what was made and may hold data stays."""
    chapter = kept[FIRST]
    assert chapter.statuses["Edge"] == "ROLLBACK_FAILED"
    assert {"DnsHostedZone", "EdgeServeresStorageBucket", "IngressAccessLogs"} <= set(chapter.made)
    assert made(chapter) <= chapter.entries


def test_a_first_deployment_that_fails_leaves_nothing(deleted: dict[str, Chapter]) -> None:
    """Where all may be deleted, the two stacks and the version are left, for the next try."""
    chapter = deleted[FIRST]
    assert chapter.statuses["Edge"] == "ROLLBACK_COMPLETE"
    assert "EdgeServeresStorageBucket" in chapter.made
    kinds = sorted(entry.partition(":")[0] for entry in chapter.entries)
    assert kinds == ["cloudformation Stacks", "cloudformation Stacks", "ssm Parameters"]


def test_what_was_kept_is_in_nobodys_way(kept: dict[str, Chapter]) -> None:
    """The deployment is made anew beside what was kept of the one that failed."""
    assert kept[ANEW].failure == ""
    assert made(kept[FIRST]) <= kept[ANEW].entries - made(kept[ANEW])


@pytest.mark.parametrize("story", ["kept", "deleted"])
def test_an_update_that_fails_changes_no_data(story: str, request: pytest.FixtureRequest) -> None:
    """Objects, records, log, keys and the rolled-out version are as they were."""
    chapter: Chapter = request.getfixturevalue(story)[UPDATE]
    assert chapter.statuses["Edge"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (chapter.gone(), chapter.changed()) == (set(), set())
    version = chapter.before["datafiEdgeEdgeServeres"]
    assert chapter.left[version][-1] == "v7"


def test_data_of_a_server_whose_deployment_failed(
    kept: dict[str, Chapter], deleted: dict[str, Chapter]
) -> None:
    """Its bucket may have been written to, and is kept unless all may be deleted."""
    assert "EdgeServeres3StorageBucket" in kept[UPDATE].made
    assert made(kept[UPDATE], "es3") <= kept[UPDATE].entries
    assert "EdgeServeres3StorageBucket" in deleted[UPDATE].made
    assert not made(deleted[UPDATE], "es3") & deleted[UPDATE].entries


def test_data_of_removed_and_renamed_servers_is_kept(kept: dict[str, Chapter]) -> None:
    """Bucket, logs and key; the version goes."""
    chapter = kept[CHANGE]
    assert chapter.gone() == PARAMETERS
    assert chapter.changed() == set()
    assert {entry for entry in chapter.entries if "es2" in entry} == entries(
        chapter, *of_server("es2")
    )


def test_data_of_removed_and_renamed_servers_is_deleted(deleted: dict[str, Chapter]) -> None:
    """With what they hold; nothing of the other servers."""
    chapter = deleted[CHANGE]
    assert chapter.gone() == {*PARAMETERS, *of_server("es"), *of_server("es2")}
    assert chapter.changed() == set()
    assert [entry for entry in chapter.entries if "es2" in entry] == []


def test_a_replaced_zone(kept: dict[str, Chapter], deleted: dict[str, Chapter]) -> None:
    """Of another domain, it is kept with its records, or cleared and deleted."""
    assert (kept[DOMAIN].failure, kept[DOMAIN].gone(), kept[DOMAIN].changed()) == ("", set(), set())
    assert (deleted[DOMAIN].failure, deleted[DOMAIN].gone()) == ("", {"DnsHostedZone"})
    assert deleted[DOMAIN].changed() == set()


def test_all_that_holds_data_is_known_here(
    kept: dict[str, Chapter], deleted: dict[str, Chapter]
) -> None:
    """Whatever is new in a deployment is to be added to the lists of this file."""
    versions = {"datafiEdgeCoordinator", "datafiEdgeEdgeServerrenamed"}
    common = OF_ALL | OF_COORDINATOR | versions
    assert set(deleted[CHANGE].after) == common | of_server("renamed") | OF_DELETION
    # The renamed server has the bucket, the log and the key of the former.
    assert set(kept[CHANGE].after) == common | {"UpdateApirenamedLogGroup"}


def test_a_protected_deployment_is_not_destroyed(kept: dict[str, Chapter]) -> None:
    """`cdk destroy` fails at the load balancer, and loses no data."""
    chapter = kept[DESTROY]
    assert "deletion protection is enabled" in chapter.failure
    assert chapter.statuses["Edge"] == "DELETE_FAILED"
    assert any("loadbalancer" in entry for entry in chapter.entries)
    assert (chapter.gone(), chapter.changed()) == (set(), set())


def test_all_data_outlives_the_stacks_and_nothing_else_does(kept: dict[str, Chapter]) -> None:
    """What the whole story has made and holds data is there, as it was; the versions are not."""
    chapter = kept[AGAIN]
    assert (chapter.failure, chapter.statuses) == ("", {})
    outlived = {
        data.entry
        for told_before in kept.values()
        for data in (*told_before.before.values(), *told_before.made.values())
        if data.kind != PARAMETER
    }
    assert chapter.changed() == set()
    assert sum(entry.startswith("route53") for entry in outlived) == 3
    assert chapter.entries - revisions(chapter) == outlived


def test_a_record_of_somebody_elses_keeps_the_zone(deleted: dict[str, Chapter]) -> None:
    """All else goes, also the record that validated the certificate."""
    chapter = deleted[DESTROY]
    assert "HostedZoneNotEmpty" in chapter.failure
    assert {chapter.before[name].kind for name in chapter.before} > {BUCKET, ZONE}
    assert {data.kind for data in chapter.left} == {PARAMETER, ZONE}
    ((record, _values),) = chapter.left[chapter.before["DnsHostedZone"]]
    assert record == f"written-before.{OTHER_DOMAIN}."


def test_nothing_is_left(deleted: dict[str, Chapter]) -> None:
    """No bucket, version, secret, log group, record, role, function or address."""
    chapter = deleted[AGAIN]
    assert (chapter.failure, chapter.statuses) == ("", {})
    assert chapter.entries == revisions(chapter)


def revisions(chapter: Chapter) -> set[str]:
    """The one revision of a task definition that the update API registered."""
    found = {entry for entry in chapter.entries if entry.startswith("ecs taskDefinitionArns")}
    assert len(found) == 1
    assert "EdgeEdgeServeresTaskDefinition" in found.copy().pop()
    return found
