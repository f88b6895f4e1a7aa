"""What runs and what the parameter says stay together, whoever changes one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import SERVICES, STACK_ID

COMPLETED = "SERVICE_DEPLOYMENT_COMPLETED"
FAILED = "SERVICE_DEPLOYMENT_FAILED"


def state(world: Any) -> tuple[str, str]:
    """What the parameter says, and what runs."""
    return world.ssm.value, world.ecs.image().rpartition(":")[2]


def test_a_completed_update_is_recorded(world: Any) -> None:
    """By the event of its rollout, with a label on the version of the parameter."""
    world.ecs.takes_time = True
    world.update("v2")
    world.deployment_event("SERVICE_DEPLOYMENT_IN_PROGRESS")
    assert world.ssm.labels() == {1: ["COMPLETED.1"]}
    world.ecs.complete()
    world.deployment_event()
    assert world.ssm.labels() == {1: ["COMPLETED.1"], 2: ["COMPLETED.2"]}
    assert world.told()[-1] == {
        "service": "es",
        "action": "concluded",
        "to": "v2",
        "result": "COMPLETED",
        "requestId": "event-1",
    }


def test_events_may_come_twice_and_late(world: Any) -> None:
    """What is recorded already is not recorded again, and nothing is deployed."""
    world.update("v2")
    for _ in range(3):
        world.deployment_event()
        world.stack_event("UPDATE_COMPLETE")
    assert world.ssm.labels() == {1: ["COMPLETED.1"], 2: ["COMPLETED.2"]}
    assert world.ecs.names().count("UpdateService") == 1
    assert len(world.told()) == 2


@pytest.mark.parametrize("events", [[FAILED, COMPLETED], [COMPLETED, FAILED], [COMPLETED]])
def test_a_failed_update_goes_back(world: Any, events: list[str]) -> None:
    """ECS has brought v1 back; the parameter follows, in whatever order the events come."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail()
    for event in events:
        world.deployment_event(event)
    assert state(world) == ("v1", "v1")
    assert world.ssm.labels() == {
        1: ["COMPLETED.1"],
        2: ["ROLLED_BACK.2"],
        3: ["COMPLETED.3"],
    }
    assert world.ecs.names().count("UpdateService") == 1
    world.ecs.takes_time = False
    assert world.update("v2")["status"] == 200


def test_a_failed_update_without_a_circuit_breaker_is_taken_back(world: Any) -> None:
    """ECS leaves the service at v2, whose tasks do not start: v1 is brought back."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail(rolls_back=False)
    world.deployment_event(FAILED)
    assert state(world) == ("v1", "v1")
    assert world.ecs.deployments[0]["rolloutState"] == "IN_PROGRESS"
    world.ecs.complete()
    world.deployment_event()
    assert world.ssm.labels()[2] == ["FAILED.2"]
    assert world.ssm.labels()[3] == ["COMPLETED.3"]


def test_a_failed_update_goes_back_while_ecs_rolls_back(world: Any) -> None:
    """By the event of its failure: none is promised for the end of the rollback."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail(at_once=False)
    world.deployment_event(FAILED)
    assert state(world) == ("v1", "v1")
    assert world.ssm.labels()[2] == ["ROLLED_BACK.2"]
    world.ecs.complete()
    world.deployment_event()
    assert state(world) == ("v1", "v1")
    assert world.ecs.names().count("UpdateService") == 1


@pytest.mark.parametrize("completes", [True, False])
def test_an_update_goes_on_when_the_next_could_not_begin(world: Any, *, completes: bool) -> None:
    """v3 by force is refused by ECS; v2, which is rolled out, has its place back, and may fail."""
    world.ecs.takes_time = True
    world.update("v2")
    world.clock.seconds += 60
    world.ecs.failures["UpdateService"] = world.refused("UpdateService")
    assert world.update("v3", force=True)["status"] == 500
    assert state(world) == ("v2", "v2")
    if completes:
        world.ecs.complete()
    else:
        world.ecs.fail()
    world.deployment_event()
    assert state(world) == (("v2", "v2") if completes else ("v1", "v1"))
    assert world.ssm.labels()[4] == [f"{'COMPLETED' if completes else 'ROLLED_BACK'}.4"]


def test_a_failed_version_of_the_code_stays_in_the_parameter(world: Any) -> None:
    """v3 is tried again by the next deployment; until then what completed last runs."""
    world.update("v2")
    world.deployment_event()
    world.ecs.takes_time = True
    world.ssm.write("v3")
    world.deploy_by_stack("v3")
    world.ecs.fail()
    world.deployment_event(FAILED)
    assert state(world) == ("v3", "v2")
    world.deploy_by_stack("v1")
    world.ecs.complete()
    world.deployment_event()
    assert state(world) == ("v3", "v1")
    world.stack_event()
    assert state(world) == ("v3", "v2")
    assert world.ssm.labels()[3] == ["ROLLED_BACK.3"]
    world.ecs.complete()
    world.deployment_event()
    world.stack_event()
    assert state(world) == ("v3", "v2")
    world.deploy_by_stack("v3")
    world.ecs.complete()
    world.stack_event("UPDATE_COMPLETE")
    assert world.ssm.labels()[3] == ["COMPLETED.3"]
    assert state(world) == ("v3", "v3")


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("began", [True, False])
def test_an_update_that_a_new_tag_of_the_code_overtook_runs_again(
    world: Any, *, is_told: bool, began: bool
) -> None:
    """It completes after v3 was written; when the deployment of v3 fails, it is what completed."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ssm.write("v3")
    world.ecs.complete()
    if is_told:
        world.deployment_event()
        assert world.ssm.labels()[2] == ["COMPLETED.2"]
        assert world.told()[-1]["to"] == "v2"
    if began:
        world.deploy_by_stack("v3")
        world.ecs.fail()
        world.deploy_by_stack("v1")
        world.ecs.complete()
    world.stack_event()
    assert state(world) == ("v3", "v2")


def test_an_update_that_was_overtaken_is_not_moved_away_while_ecs_brings_it_back(
    world: Any,
) -> None:
    """The event of its completion was lost, and one of an earlier deployment comes late."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.complete()
    world.ssm.write("v3")
    world.deploy_by_stack("v3")
    world.ecs.fail(at_once=False)
    world.stack_event("UPDATE_COMPLETE")
    assert state(world) == ("v3", "v2")
    assert world.ecs.names().count("UpdateService") == 1


def test_a_version_of_the_code_that_never_began_leaves_what_ran(world: Any) -> None:
    """The deployment failed before its turn: the rollback brought v1, v2 completed last."""
    world.update("v2")
    world.deployment_event()
    world.ssm.write("v3")
    world.deploy_by_stack("v1")
    world.stack_event()
    assert state(world) == ("v3", "v2")


@pytest.mark.parametrize("stack_id", [STACK_ID, STACK_ID.rpartition("/")[0]])
@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_a_failed_deployment_does_not_undo_an_update(
    world: Any, status: str, stack_id: str
) -> None:
    """CloudFormation's rollback brings back the revision it knows, v1; v2 runs again after."""
    world.update("v2")
    world.deployment_event()
    world.deploy_by_stack("v1")
    world.deployment_event()
    assert state(world) == ("v2", "v1")
    world.stack_event("UPDATE_ROLLBACK_IN_PROGRESS")
    assert state(world) == ("v2", "v1")
    world.stack_event(status, stack_id=stack_id)
    assert state(world) == ("v2", "v2")
    assert world.told()[-1] == {
        "service": "es",
        "action": "moved",
        "from": "v1",
        "to": "v2",
        "requestId": "event-2",
    }


@pytest.mark.parametrize("is_told", [True, False])
def test_what_completed_counts_though_its_event_was_lost(world: Any, is_told: bool) -> None:
    """A deployment then brought back v1: ECS remembers that v2 had completed."""
    world.update("v2")
    world.deploy_by_stack("v1")
    if is_told:
        world.deployment_event()
        assert state(world) == ("v2", "v1")
        assert world.ssm.labels()[2] == ["COMPLETED.2"]
    world.stack_event()
    assert state(world) == ("v2", "v2")


def test_a_version_of_the_code_that_completed_is_what_runs(world: Any) -> None:
    """Its deployment failed after that; the service is moved once, and not by way of v1."""
    world.ssm.write("v3")
    world.deploy_by_stack("v3")
    world.deploy_by_stack("v2")
    world.stack_event()
    assert state(world) == ("v3", "v3")
    assert world.ecs.names().count("UpdateService") == 1


def test_a_late_event_of_a_stack_leaves_the_next_deployment_alone(world: Any) -> None:
    """The one before v3 comes a second time while v3 is rolled out."""
    world.ecs.takes_time = True
    world.ssm.write("v3")
    world.deploy_by_stack("v3")
    world.stack_event("UPDATE_COMPLETE")
    assert state(world) == ("v3", "v3")


def test_an_update_during_a_deployment_wins(world: Any) -> None:
    """The deployment read the parameter before v2 was written there, and set v1 after it."""
    world.ecs.takes_time = True
    world.update("v2")
    world.deploy_by_stack("v1")
    world.ecs.complete()
    world.deployment_event()
    world.stack_event("UPDATE_COMPLETE")
    assert state(world) == ("v2", "v2")


def test_an_update_whose_event_was_lost_is_recorded_by_the_next(world: Any) -> None:
    """The next request looks at how the one before ended."""
    world.update("v2")
    world.update("v3")
    assert world.ssm.labels()[2] == ["COMPLETED.2"]


def test_a_failed_update_whose_event_was_lost_goes_back_by_the_next(world: Any) -> None:
    """So that the version before is v1 also for the request that follows."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail()
    world.update("v3")
    assert [each["Value"] for each in world.ssm.parameters["/datafi/Edge/es"]] == [
        "v1",
        "v2",
        "v1",
        "v3",
    ]


def test_a_service_set_by_hand_is_left_alone_until_the_next_deployment(world: Any) -> None:
    """An event of ECS alone moves nothing away from what somebody set."""
    world.update("v2")
    world.deployment_event()
    world.deploy_by_stack("v9")
    world.deployment_event()
    assert state(world) == ("v2", "v9")
    world.stack_event("UPDATE_COMPLETE")
    assert state(world) == ("v2", "v2")


def test_a_first_deployment_that_fails_changes_nothing(world: Any) -> None:
    """There is nothing to go back to."""
    world.ssm.parameters["/datafi/Edge/es"][0]["Labels"] = []
    world.ecs.deployments[0]["rolloutState"] = "FAILED"
    world.deployment_event(FAILED)
    assert state(world) == ("v1", "v1")
    assert world.ssm.labels() == {1: ["FAILED.1"]}


def test_events_of_other_services_and_stacks_are_no_concern(world: Any) -> None:
    """Nothing is asked of AWS."""
    handle = world.event_application.handle
    other = {"source": "aws.ecs", "resources": ["arn:aws:ecs:eu-west-1:1:service/c/other"]}
    handle(other, "event")
    detail = {
        "stack-id": "arn:aws:cloudformation:eu-west-1:1:stack/Other/1",
        "status-details": {"status": "UPDATE_COMPLETE"},
    }
    handle({"source": "aws.cloudformation", "detail": detail}, "event")
    assert world.ecs.calls == world.ssm.calls == []


def test_labels_are_kept_for_the_last_versions_only(world: Any) -> None:
    """A label on the oldest of a hundred versions would let nothing be written any more."""
    for number in range(150):
        assert world.update(f"v{number + 2}")["status"] == 200
        world.deployment_event()
    labels = world.ssm.labels()
    newest = max(labels)
    assert newest == 151
    assert min(labels) > newest - 12


def test_a_tag_can_be_rolled_out_by_force_for_ever(world: Any) -> None:
    """What completed before it loses its label before it is the oldest of a hundred versions."""
    for _ in range(250):
        world.clock.seconds += 60
        assert world.update("latest", force=True)["status"] == 200
        world.deployment_event()
    assert world.rollback()["status"] == 409


def test_a_version_that_was_written_twice_is_one_update(world: Any) -> None:
    """The answer to the first call was lost, and the client tried again."""
    world.ecs.takes_time = True
    genuine = world.ssm.put_parameter

    def put_parameter(**parameters: Any) -> Any:
        if parameters["Value"] == "v2":
            genuine(**parameters)
        return genuine(**parameters)

    world.ssm.put_parameter = put_parameter
    world.update("v2")
    (update, first) = world.report()["updates"]
    assert (update["action"], update["from"], update["to"]) == ("update", "v1", "v2")
    assert first["to"] == "v1"
    world.ecs.fail()
    world.deployment_event()
    assert state(world) == ("v1", "v1")


def test_what_completed_last_keeps_its_label(world: Any) -> None:
    """However many attempts failed since."""
    world.ecs.takes_time = True
    for number in range(15):
        world.ssm.write(f"broken-{number}")
        world.deploy_by_stack(f"broken-{number}")
        world.ecs.fail()
        world.deployment_event()
    assert world.ssm.labels()[1] == ["COMPLETED.1"]
    world.deploy_by_stack("other")
    world.ecs.complete()
    world.stack_event()
    assert world.ecs.image() == "datafi/es:v1"


def test_one_service_that_is_gone_keeps_no_other_from_being_settled(world: Any, asset: Any) -> None:
    """Of several that a function updates, and an event of the stack is about all of them."""
    services = [["gone", "ES", 0, "gone", 0, "/gone"], *SERVICES["services"]]
    world.build(SERVICES=json.dumps(SERVICES | {"services": services}))
    world.update("v2")
    world.deploy_by_stack("v1")
    with pytest.raises(asset.api_errors.AwsFault):
        world.stack_event()
    assert state(world) == ("v2", "v2")


def test_a_version_that_failed_is_rolled_out_when_it_is_asked_for(world: Any) -> None:
    """The code brought it, and no circuit breaker took it back: the same revision starts anew."""
    world.ecs.takes_time = True
    world.ssm.write("v3")
    world.deploy_by_stack("v3")
    world.ecs.fail(rolls_back=False)
    assert world.update("v3")["message"] == "es is being updated to v3."
    assert dict(world.ecs.calls)["UpdateService"]["forceNewDeployment"] is True


def test_giving_up_an_update_does_not_undo_what_the_code_writes_meanwhile(world: Any) -> None:
    """The deployment of v3 begins between reading the parameter and writing v1 back."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail()
    genuine, written = world.ssm.put_parameter, []

    def put_parameter(**parameters: Any) -> Any:
        if parameters["Value"] == "v1" and not written:
            written.append("v3")
            world.ssm.write("v3")
        return genuine(**parameters)

    world.ssm.put_parameter = put_parameter
    world.deployment_event(FAILED)
    assert state(world) == ("v3", "v1")
    assert world.report()["updates"][0]["action"] == "code"


def test_an_event_waits_for_a_request(world: Any) -> None:
    """And goes back to Lambda, to be tried again, if that takes too long."""
    world.update("v2")
    world.ssm.put_parameter(
        Name="/datafi/Edge/es.lease", Value="request", Type="String", Overwrite=False
    )
    genuine, before = world.clock.sleep, world.clock.seconds

    def sleep(seconds: float) -> None:
        genuine(seconds)
        if world.clock.seconds == before + 3:
            world.ssm.delete_parameter(Name="/datafi/Edge/es.lease")

    world.event_application._sleep = sleep
    world.deployment_event()
    assert world.ssm.labels()[2] == ["COMPLETED.2"]


def test_an_event_that_waited_in_vain_is_given_back(world: Any, asset: Any) -> None:
    """Lambda tries it again."""
    world.update("v2")
    world.ssm.put_parameter(
        Name="/datafi/Edge/es.lease", Value="request", Type="String", Overwrite=False
    )
    with pytest.raises(asset.lease.LeaseTaken):
        world.deployment_event()


def test_a_rotated_secret_restarts_the_tasks(world: Any) -> None:
    """The same revision is deployed again; version and history stay."""
    world.event_application.handle({"redeploy": ["es"]}, "event-3")
    assert dict(world.ecs.calls)["UpdateService"] == {
        "cluster": "arn:aws:ecs:eu-west-1:111111111111:cluster/c",
        "service": "s",
        "forceNewDeployment": True,
    }
    assert len(world.ssm.parameters["/datafi/Edge/es"]) == 1
    assert world.log[0]["changes"] == [{"action": "restarted"}]
