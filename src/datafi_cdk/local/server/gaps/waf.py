"""Gap: `AWS::WAFv2::WebACLAssociation` and `AWS::WAFv2::IPSet`.

Both are made through ministack's WAF, so `get_web_acl_for_resource` and `get_ip_set` show them.
ministack's load balancers do not ask the web ACL: no request is ever blocked.
"""

from __future__ import annotations

from .api import already_gone, client
from .registry import Created, Properties, ResourceType


def _associate(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
    resource, web_acl = properties["ResourceArn"], properties["WebACLArn"]
    client("wafv2").associate_web_acl(ResourceArn=resource, WebACLArn=web_acl)
    return f"{web_acl}|{resource}", {}


def _keep_association(association_id: str, _old: Properties, _new: Properties) -> Created:
    return association_id, {}


def _disassociate(_association_id: str, properties: Properties) -> None:
    with already_gone("WAFNonexistentItemException"):
        client("wafv2").disassociate_web_acl(ResourceArn=properties["ResourceArn"])


_SET_REPLACING = ("Name", "Scope")
_SET_CHANGING = ("Addresses", "Description")


def _create_set(logical_id: str, properties: Properties, stack_name: str) -> Created:
    request = {"Name": f"{stack_name}-{logical_id}", **properties}
    summary = client("wafv2").create_ip_set(**request)["Summary"]
    return (
        f"{summary['Name']}|{summary['Id']}|{properties['Scope']}",
        {"Arn": summary["ARN"], "Id": summary["Id"]},
    )


def _set_key(physical_id: str) -> dict[str, str]:
    name, set_id, scope = physical_id.split("|")
    return {"Name": name, "Id": set_id, "Scope": scope}


def _update_set(physical_id: str, old: Properties, new: Properties) -> Created:
    if new["IPAddressVersion"] != old["IPAddressVersion"]:
        raise ValueError("AWS::WAFv2::IPSet: IPAddressVersion cannot be changed")
    waf, key = client("wafv2"), _set_key(physical_id)
    current = waf.get_ip_set(**key)
    waf.update_ip_set(
        **key,
        **{name: new[name] for name in _SET_CHANGING if name in new},
        LockToken=current["LockToken"],
    )
    arn = current["IPSet"]["ARN"]
    dropped = _tag_keys(old) - _tag_keys(new)
    if dropped:
        waf.untag_resource(ResourceARN=arn, TagKeys=sorted(dropped))
    if new.get("Tags"):
        waf.tag_resource(ResourceARN=arn, Tags=new["Tags"])
    return physical_id, {"Arn": arn, "Id": key["Id"]}


def _tag_keys(properties: Properties) -> set[str]:
    return {tag["Key"] for tag in properties.get("Tags", [])}


def _delete_set(physical_id: str, _properties: Properties) -> None:
    waf, key = client("wafv2"), _set_key(physical_id)
    with already_gone("WAFNonexistentItemException"):
        waf.delete_ip_set(**key, LockToken=waf.get_ip_set(**key)["LockToken"])


RESOURCE_TYPES = (
    ResourceType(
        "AWS::WAFv2::WebACLAssociation",
        _associate,
        _keep_association,
        _disassociate,
        replacing=("ResourceArn", "WebACLArn"),
    ),
    ResourceType(
        "AWS::WAFv2::IPSet",
        _create_set,
        _update_set,
        _delete_set,
        replacing=_SET_REPLACING,
        updatable=(*_SET_CHANGING, "IPAddressVersion", "Tags"),
    ),
)
