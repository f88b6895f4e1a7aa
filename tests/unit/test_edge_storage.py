"""EdgeStorage: the bucket, the variable that names it, and what a server may do in it."""

import json
from typing import Any

import pytest
from datafi_cdk import EdgeServer, EdgeStorage, InvalidInputError, ServerlessEdgeServer
from aws_cdk import Environment, NestedStack, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template
from deployment import (
    ACCOUNT,
    BUCKET,
    FUNCTION,
    INLINE_POLICY,
    KEY_ARN,
    REGION,
    SERVICE,
    environment,
    logical_id,
    needs,
    new_app,
    new_stack,
    one,
    properties,
    resolved,
    statements,
    surroundings,
)

OBJECT_ACTIONS = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
]
BUCKET_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]


@pytest.fixture(scope="module")
def template() -> Template:
    """Servers with a new bucket, one that goes with its stack, and two existing ones."""
    made = surroundings()
    existing = s3.Bucket.from_bucket_name(made.stack, "Brought", "customers-bucket")
    encrypted = s3.Bucket.from_bucket_attributes(
        made.stack,
        "BroughtToo",
        bucket_name="encrypted-bucket",
        encryption_key=kms.Key.from_key_arn(made.stack, "Key", KEY_ARN),
    )
    key = kms.Key(made.stack, "NewKey")
    for name, arguments in {
        "fresh": {},
        "locked": {"encryption_key": key},
        "temporary": {"removal_policy": RemovalPolicy.DESTROY},
        "existing": {"bucket": existing},
        "encrypted": {"bucket": encrypted},
    }.items():
        storage = EdgeStorage(made.stack, f"{name}-data", **arguments)
        server = EdgeServer(made.stack, name, **made.around, name=name, storage=storage)
        assert server.storage is storage
    return Template.from_stack(made.stack)


def parquet_storage(template: Template, server: str) -> Any:
    """What the container finds in PARQUET_STORAGE, once it has decoded it."""
    value = environment(template, server)["PARQUET_STORAGE"]
    assert list(value) == ["Fn::Base64"], "encoded before the name of the bucket is known"
    buckets = {name: f"name-of-{name}" for name in template.find_resources(BUCKET)}
    return json.loads(resolved(value, buckets))


def test_bucket_is_private_and_encrypted(template: Template) -> None:
    """No public access, and encryption at rest."""
    bucket = properties(template, BUCKET, "freshdataBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_bucket_is_reached_over_tls_only(template: Template) -> None:
    """The bucket's policy denies everything that does not come over TLS."""
    template.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {
            "Bucket": {"Ref": logical_id(template, BUCKET, "freshdataBucket")},
            "PolicyDocument": {
                "Statement": [
                    Match.object_like(
                        {
                            "Effect": "Deny",
                            "Action": "s3:*",
                            "Principal": {"AWS": "*"},
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    )
                ]
            },
        },
    )


def test_bucket_forgets_uploads_that_were_never_finished(template: Template) -> None:
    """Parts of an unfinished upload are deleted after a week, old versions after a month."""
    (rule,) = properties(template, BUCKET, "freshdataBucket")["LifecycleConfiguration"]["Rules"]
    assert rule == {
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "Status": "Enabled",
    }


def test_bucket_keeps_versions_and_logs_requests(template: Template) -> None:
    """What is overwritten or deleted comes back; requests are logged in a bucket beside it."""
    bucket = properties(template, BUCKET, "freshdataBucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    logs = logical_id(template, BUCKET, "freshdataServerAccessLogs")
    assert bucket["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": logs}
    assert one(template, BUCKET, "temporarydataServerAccessLogs")["DeletionPolicy"] == "Delete"


def test_bucket_is_kept_by_default(template: Template) -> None:
    """A bucket and its objects outlive the stack."""
    bucket = one(template, BUCKET, "freshdataBucket")
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_bucket_is_deleted_with_its_objects_if_asked(template: Template) -> None:
    """With `RemovalPolicy.DESTROY` the bucket is emptied and deleted; only that one."""
    assert one(template, BUCKET, "temporarydataBucket")["DeletionPolicy"] == "Delete"
    emptied = properties(template, "Custom::S3AutoDeleteObjects", "temporarydataBucket")
    assert emptied["BucketName"] == {"Ref": logical_id(template, BUCKET, "temporarydataBucket")}


def test_parquet_storage_names_the_bucket_at_deployment(template: Template) -> None:
    """PARQUET_STORAGE is the JSON that the image reads, with the real name of a new bucket."""
    bucket = f"name-of-{logical_id(template, BUCKET, 'freshdataBucket')}"
    assert parquet_storage(template, "fresh") == {
        "amazonS3": {"region": "", "accessKeyId": "", "secretAccessKey": "", "bucketName": bucket}
    }


def test_parquet_storage_names_an_existing_bucket(template: Template) -> None:
    """PARQUET_STORAGE names a bucket that was handed in, and no other is made for it."""
    account = parquet_storage(template, "existing")["amazonS3"]
    assert account["bucketName"] == "customers-bucket"
    own = [name for name in template.find_resources(BUCKET) if "dataBucket" in name]
    assert len(own) == 3


def test_task_role_may_use_that_bucket_and_nothing_else(template: Template) -> None:
    """The task role reads, writes, deletes and lists the objects of its bucket: exactly that."""
    arn = {"Fn::GetAtt": [logical_id(template, BUCKET, "freshdataBucket"), "Arn"]}
    assert statements(template, "freshTaskRole") == [
        (OBJECT_ACTIONS, {"Fn::Join": ["", [arn, "/*"]]}, None),
        (BUCKET_ACTIONS, arn, None),
    ]


def test_task_role_may_use_the_key_of_a_bucket(template: Template) -> None:
    """With a bucket that has a customer-managed key, the task role may use that key too."""
    *_, (actions, resource, condition) = statements(template, "encryptedTaskRole")
    assert actions == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert (resource, condition) == (KEY_ARN, None)
    assert len(statements(template, "encryptedTaskRole")) == 3


def test_a_new_bucket_takes_a_key(template: Template) -> None:
    """Objects are encrypted with the customer's key, asked of KMS once for many."""
    key = {"Fn::GetAtt": [logical_id(template, "AWS::KMS::Key"), "Arn"]}
    bucket = properties(template, BUCKET, "lockeddataBucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"KMSMasterKeyID": key, "SSEAlgorithm": "aws:kms"},
    }
    *_, (actions, resource, _) = statements(template, "lockedTaskRole")
    assert (actions, resource) == (["kms:Decrypt", "kms:GenerateDataKey"], key)


def test_readers_may_read_and_list_only() -> None:
    """`grant_read` lets a principal read objects and use the key to decrypt them."""
    stack = new_stack()
    storage = EdgeStorage(stack, "Data", encryption_key=kms.Key.from_key_arn(stack, "K", KEY_ARN))
    role = iam.Role(stack, "Analyst", assumed_by=iam.AccountRootPrincipal())
    storage.grant_read(role).assert_success()
    template = Template.from_stack(stack)
    arn = {"Fn::GetAtt": [logical_id(template, BUCKET, "DataBucket"), "Arn"]}
    assert statements(template, "Analyst", INLINE_POLICY) == [
        (["s3:GetObject"], {"Fn::Join": ["", [arn, "/*"]]}, None),
        (BUCKET_ACTIONS, arn, None),
        (["kms:Decrypt"], KEY_ARN, None),
    ]


def test_bucket_and_key_may_be_in_another_stack() -> None:
    """The server's stack needs that of the bucket: the name comes by an export, at deployment."""
    app = new_app()
    data = new_stack("Data", app)
    storage = EdgeStorage(data, "Storage", encryption_key=kms.Key(data, "Key"))
    made = surroundings(new_stack("Servers", app))
    EdgeServer(made.stack, "Es", **made.around, name="es", storage=storage)
    app.synth()
    assert needs(made.stack) == [data]
    bucket = logical_id(Template.from_stack(data), BUCKET, "StorageBucket")
    exports = Template.from_stack(data).find_outputs("*")
    (name,) = [
        entry["Export"]["Name"] for entry in exports.values() if entry["Value"] == {"Ref": bucket}
    ]
    template = Template.from_stack(made.stack)
    found = environment(template, "Es")["PARQUET_STORAGE"]["Fn::Base64"]["Fn::Join"][1]
    assert {"Fn::ImportValue": name} in found
    text = "".join("the-bucket" if isinstance(part, dict) else part for part in found)
    assert json.loads(text)["amazonS3"]["bucketName"] == "the-bucket"


def test_bucket_may_be_in_a_nested_stack() -> None:
    """Its name comes as an output of the nested stack."""
    app = new_app()
    parent = new_stack("Parent", app)
    storage = EdgeStorage(NestedStack(parent, "Nested"), "Storage")
    made = surroundings(parent)
    EdgeServer(made.stack, "Es", **made.around, name="es", storage=storage)
    app.synth()
    found = environment(Template.from_stack(parent), "Es")["PARQUET_STORAGE"]["Fn::Base64"]
    (reference,) = [part for part in found["Fn::Join"][1] if isinstance(part, dict)]
    nested, attribute = reference["Fn::GetAtt"]
    assert nested.startswith("Nested")
    assert attribute.startswith("Outputs.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bucket": "acme-data"}, "bucket must be a bucket (IBucket), got a value of type str"),
        ({"encryption_key": KEY_ARN}, "encryption_key must be a key (IKey), got a value of type"),
        ({"server_access_logs_bucket": "logs"}, "server_access_logs_bucket must be a bucket"),
        ({"bucket": s3.Bucket, "encryption_key": kms.Key}, "encryption_key must be left out with"),
    ],
)
def test_refuses(arguments: dict[str, Any], words: str) -> None:
    """What is no bucket or key, and both at once."""
    with pytest.raises(InvalidInputError) as refusal:
        EdgeStorage(new_stack(), "Data", **arguments)
    assert f"Test/Data: {words}" in str(refusal.value)


@pytest.mark.parametrize("serverless", [False, True])
def test_a_bucket_is_emptied_after_its_last_writer_has_gone(serverless: bool) -> None:
    """What the server depends on is deleted after it: the bucket and what empties it."""
    made = surroundings()
    storage = EdgeStorage(made.stack, "Data", removal_policy=RemovalPolicy.DESTROY)
    if serverless:
        repository = ecr.Repository.from_repository_name(made.stack, "Images", "es")
        ServerlessEdgeServer(
            made.stack,
            "Es",
            ingress=made.ingress,
            name="es",
            repository=repository,
            storage=storage,
        )
    else:
        EdgeServer(made.stack, "Es", **made.around, name="es", storage=storage)
    template = Template.from_stack(made.stack)
    writer = one(template, FUNCTION if serverless else SERVICE, "Es")
    assert logical_id(template, "Custom::S3AutoDeleteObjects", "DataBucket") in writer["DependsOn"]


@pytest.mark.parametrize("argument", ["encryption_key", "server_access_logs_bucket"])
def test_refuses_what_is_in_another_region(argument: str) -> None:
    """A bucket has its key, and the bucket for its logs, in its own region."""
    app = new_app()
    there = Stack(app, "There", env=Environment(account=ACCOUNT, region=REGION))
    made = {"encryption_key": kms.Key, "server_access_logs_bucket": s3.Bucket}[argument](there, "X")
    here = Stack(app, "Here", env=Environment(account=ACCOUNT, region="eu-west-1"))
    message = rf"Here/Data: {argument} must be in the region of the stack \(eu-west-1\)"
    with pytest.raises(InvalidInputError, match=message):
        EdgeStorage(here, "Data", **{argument: made})
