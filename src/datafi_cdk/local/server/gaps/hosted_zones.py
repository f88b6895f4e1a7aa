"""Gap: the tags of `AWS::Route53::HostedZone`, and the zone that is not empty.

ministack's CloudFormation leaves the tags out, and deletes a zone together with its records, where
Route 53 refuses. Here the tags are set, and deleting a zone that holds more than its own NS and SOA
records fails, as it does on AWS.
"""

from __future__ import annotations

from .api import already_gone, client
from .registry import Created, Handler, Properties

HOSTED_ZONE = "AWS::Route53::HostedZone"


def _set_tags(zone_id: str, old: Properties, new: Properties) -> None:
    tags = new.get("HostedZoneTags", [])
    kept = {tag["Key"] for tag in tags}
    dropped = [tag["Key"] for tag in old.get("HostedZoneTags", []) if tag["Key"] not in kept]
    changes = {"AddTags": tags, "RemoveTagKeys": dropped}
    if tags or dropped:
        client("route53").change_tags_for_resource(
            ResourceType="hostedzone",
            ResourceId=zone_id,
            **{name: change for name, change in changes.items() if change},
        )


def wrap_hosted_zone(handler: Handler) -> Handler:
    """Handlers that set the tags and refuse to delete what is not empty."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        _set_tags(created[0], {}, properties)
        return created

    def update(
        zone_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        updated: Created = handler["update"](zone_id, old, new, stack_name, logical_id)
        _set_tags(updated[0], old if updated[0] == zone_id else {}, new)
        return updated

    def delete(zone_id: str, _properties: Properties) -> None:
        with already_gone("NoSuchHostedZone"):
            client("route53").delete_hosted_zone(Id=zone_id)

    return {"create": create, "update": update, "delete": delete}
