"""What each role of the stack with every role does: the calls of its job."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from every_role import MODEL, PROFILE, STACK

from .deployed_roles import Call, Deployment

ACCOUNT_REGION = "us-east-1:000000000000"
PLAINTEXT = base64.b64encode(b"not-a-real-secret").decode()
DEFINITION = "arn:aws:ecs:us-east-1:000000000000:task-definition"


class Jobs:
    """The calls of all roles.

    Args:
        deployment: What is deployed.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._of = deployment
        self._encrypted: dict[tuple[str, str], str] = {}
        self._interface = self._made_interface()

    def all(self) -> dict[str, list[Call]]:
        """The calls by role."""
        stored = {name: self._storage(f"{name}Data") for name in ("Plain", "Full")}
        functions = {name: self._storage(f"{name}Data") for name in ("Lambda", "LambdaInVpc")}
        data_key = self._key_use("KeyOfData")
        return {
            "NetworkFlowLogRole": self._log("NetworkFlowLogGroup", describes=True),
            "DnsZoneCleanupRole": [
                *self._function("DnsZoneCleanup"),
                *self._network(),
                *self._zone(),
            ],
            "PlainTaskRole": stored["Plain"],
            "FullTaskRole": [
                *stored["Full"],
                *data_key,
                *self._shell("FullLogGroup"),
            ],
            "CachedTaskRole": [],
            "CoordinatorTaskRole": [self.invoke(MODEL), self.invoke(PROFILE)],
            "PlainExecutionRole": self._start("Plain", {"PlainKeys": False}),
            "FullExecutionRole": [
                *self._start("Full", {"FullKeys": True, "JwtJwks": True}),
                *self._pull(self._of.id("Images")),
            ],
            "CachedExecutionRole": [
                *self._start("Cached", {"CachedKeys": True}),
                *self._pull(f"{self._of.id('CacheDockerHub')}/datafi/es", cached=True),
            ],
            "CoordinatorExecutionRole": self._start(
                "Coordinator", {"CoordinatorKeys": True, "Registry": True}
            ),
            "LambdaRole": [
                *self._function("Lambda", queue="Failures", with_key=True),
                *functions["Lambda"],
                *data_key,
                *self._key_use("KeyOfQueue"),
            ],
            "LambdaInVpcRole": [
                *self._function("LambdaInVpc", queue="Failures", with_key=True),
                *functions["LambdaInVpc"],
                *self._network(),
                *data_key,
                *self._key_use("KeyOfQueue"),
            ],
            "PlainUpdatesRole": [
                *self._function("PlainUpdates"),
                *self._read("PlainUpdatesSecret"),
                *self._updates("Plain"),
            ],
            "FullUpdatesRole": [
                *self._function("FullUpdates", queue="Failures", with_key=True),
                *self._read("FullUpdatesKey", with_key=True),
                *self._updates("Full"),
                *self._network(),
                *self._key_use("KeyOfQueue"),
            ],
            "SignedUpdatesRole": [
                *self._function("SignedUpdates"),
                *self._updates("Coordinator"),
            ],
            "UpdateRouterRole": [
                *self._function("UpdateRouter", with_key=True),
                *self._network(),
                *(
                    Call.of("lambda", "invoke", FunctionName=self._of.id(f"{name}UpdatesFunction"))
                    for name in ("Plain", "Full", "Rotated")
                ),
            ],
            "DatafiUpdateEventsRole": [
                *self._function("DatafiUpdateEvents"),
                *(
                    Call.of("lambda", "invoke", FunctionName=self._of.id(f"{name}UpdatesFunction"))
                    for name in ("Plain", "Full", "Rotated", "Signed")
                ),
            ],
        }

    def invoke(self, model: str) -> Call:
        """Ask a language model."""
        return Call.of("bedrock-runtime", "invoke_model", modelId=model, body="{}")

    def put_event(self, source: str) -> Call:
        """Tell the event bus of something."""
        entry = {"Source": source, "DetailType": "test", "Detail": "{}"}
        return Call.of("events", "put_events", Entries=[entry])

    def change_record(self, action: str, kind: str, name: str) -> Call:
        """Change a record of the zone."""
        value = "192.0.2.1" if kind == "A" else "validation.example.net."
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        return Call.of(
            "route53",
            "change_resource_record_sets",
            HostedZoneId=self._of.id("DnsHostedZone"),
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
        )

    def decrypt(self, key: str, secret: str = "") -> Call:
        """Decrypt what was encrypted for a secret, or for nothing in particular."""
        context = {"EncryptionContext": {"SecretARN": self._of.id(secret)}} if secret else {}
        blob = self._encrypted.get((key, secret))
        if blob is None:
            kms = self._of.aws.client("kms")
            made = kms.encrypt(KeyId=self._of.id(key), Plaintext=PLAINTEXT, **context)
            blob = base64.b64encode(made["CiphertextBlob"]).decode()
            self._encrypted[key, secret] = blob
        return Call.of("kms", "decrypt", KeyId=self._key(key), CiphertextBlob=blob, **context)

    def register(self, name: str, **changes: Any) -> Call:
        """Register a revision of a server's task definition, with its roles and a tag."""
        arguments = {
            "family": self.family(name),
            "containerDefinitions": [{"name": "a", "image": "a:1", "memory": 128}],
            "taskRoleArn": self._role(f"{name}TaskRole"),
            "executionRoleArn": self._role(f"{name}ExecutionRole"),
            "tags": [{"key": "a", "value": "b"}],
        }
        return Call.of("ecs", "register_task_definition", **{**arguments, **changes})

    def tag(self, name: str) -> Call:
        """Tag a server's task definition."""
        arn = f"{DEFINITION}/{self.family(name)}:1"
        return Call.of("ecs", "tag_resource", resourceArn=arn, tags=[{"key": "a", "value": "b"}])

    def family(self, name: str) -> str:
        """The family of a server's task definition."""
        return self._of.id(f"{name}TaskDefinition").rpartition("/")[2].partition(":")[0]

    def _key(self, name: str) -> str:
        return f"arn:aws:kms:{ACCOUNT_REGION}:key/{self._of.id(name)}"

    def _role(self, name: str) -> str:
        return f"arn:aws:iam::000000000000:role/{self._of.id(name)}"

    def _log(self, group: str, *, describes: bool = False) -> list[Call]:
        named = {"logGroupName": self._of.id(group)}
        event = {"timestamp": 1, "message": "a"}
        calls = [
            Call.of("logs", "create_log_stream", **named, logStreamName="a"),
            Call.of("logs", "put_log_events", **named, logStreamName="a", logEvents=[event]),
        ]
        describing = [Call.of("logs", "describe_log_streams", **named)]
        return [*calls, *(describing if describes else [])]

    def _shell(self, group: str) -> list[Call]:
        channels = ("Control", "Data")
        return [
            *self._log(group, describes=True),
            Call.of("logs", "describe_log_groups"),
            *(
                Call("simulated", f"ssmmessages:{verb}{channel}Channel", "{}")
                for verb in ("Create", "Open")
                for channel in channels
            ),
        ]

    def _function(
        self, name: str, queue: str = "DatafiDeadLetters", *, with_key: bool = False
    ) -> list[Call]:
        url = self._of.id(queue)
        return [
            *self._log(f"{name}LogGroup"),
            Call.of("sqs", "send_message", QueueUrl=url, MessageBody="a"),
            Call("simulated", "xray:PutTelemetryRecords", "{}"),
            Call("simulated", "xray:PutTraceSegments", "{}"),
            *([self.decrypt("Key")] if with_key else []),
        ]

    def _network(self) -> list[Call]:
        interface = {"NetworkInterfaceId": self._interface}
        subnet = self._subnet()
        return [
            Call.of("ec2", "describe_network_interfaces"),
            Call.of("ec2", "describe_subnets"),
            Call.of("ec2", "create_network_interface", SubnetId=subnet),
            Call.of("ec2", "assign_private_ip_addresses", **interface),
            Call.of("ec2", "unassign_private_ip_addresses", **interface, PrivateIpAddresses=["a"]),
            Call.of("ec2", "delete_network_interface", NetworkInterfaceId="eni-0123456789abcdef0"),
        ]

    def _subnet(self) -> str:
        found = self._of.aws.client("ec2").describe_subnets()["Subnets"]
        return str(sorted(each["SubnetId"] for each in found)[0])

    def _made_interface(self) -> str:
        made = self._of.aws.client("ec2").create_network_interface(SubnetId=self._subnet())
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def _zone(self) -> list[Call]:
        zone = self._of.id("DnsHostedZone")
        return [
            Call.of("route53", "list_resource_record_sets", HostedZoneId=zone),
            Call.of(
                "route53", "list_tags_for_resource", ResourceType="hostedzone", ResourceId=zone
            ),
            self.change_record("DELETE", "CNAME", "_a.edge.example.com."),
        ]

    def _storage(self, name: str) -> list[Call]:
        bucket = {"Bucket": self._of.id(f"{name}Bucket")}
        key = {**bucket, "Key": "a"}
        return [
            Call.of("s3", "put_object", **key, Body="a"),
            Call.of("s3", "get_object", **key),
            Call.of("s3", "list_parts", **key, UploadId="a"),
            Call.of("s3", "abort_multipart_upload", **key, UploadId="a"),
            Call.of("s3", "delete_object", **key),
            Call.of("s3", "list_objects_v2", **bucket),
            Call.of("s3", "list_multipart_uploads", **bucket),
            Call.of("s3", "get_bucket_location", **bucket),
        ]

    def _key_use(self, name: str) -> list[Call]:
        key = self._key(name)
        return [
            Call.of("kms", "generate_data_key", KeyId=key, KeySpec="AES_256"),
            self.decrypt(name),
        ]

    def _read(self, secret: str, *, with_key: bool = False) -> list[Call]:
        arn = self._of.id(secret)
        return [
            Call.of("secretsmanager", "get_secret_value", SecretId=arn),
            *([self.decrypt("KeyOfSecrets", secret)] if with_key else []),
        ]

    def _start(self, name: str, secrets: Mapping[str, bool]) -> list[Call]:
        return [
            *self._log(f"{name}LogGroup"),
            *(call for secret, key in secrets.items() for call in self._read(secret, with_key=key)),
        ]

    def _pull(self, repository: str, *, cached: bool = False) -> list[Call]:
        named, digest = {"repositoryName": repository}, "sha256:0"
        calls: Sequence[Call] = [
            Call.of("ecr", "get_authorization_token"),
            Call.of("ecr", "batch_check_layer_availability", **named, layerDigests=[digest]),
            Call.of("ecr", "batch_get_image", **named, imageIds=[{"imageTag": "v1"}]),
            Call.of("ecr", "get_download_url_for_layer", **named, layerDigest=digest),
        ]
        first = [
            Call.of("ecr", "create_repository", **named),
            Call.of(
                "simulated",
                "ecr:BatchImportUpstreamImage",
                ResourceArns=[f"arn:aws:ecr:{ACCOUNT_REGION}:repository/{repository}"],
            ),
        ]
        return [*calls, *(first if cached else [])]

    def _updates(self, name: str) -> list[Call]:
        service = self._of.id(f"{name}Service")
        cluster = self._of.id("Cluster")
        parameter = f"/datafi/{STACK}/{name}"
        version = {"Name": parameter, "ParameterVersion": 1}
        revision = f"arn:aws:ecs:{ACCOUNT_REGION}:service-revision/{cluster}/{_last(service)}/1"
        of_cluster = {"cluster": cluster}
        lease = {"Name": f"{parameter}.lease"}
        return [
            self.put_event("datafi.update-api"),
            Call.of("ecs", "describe_services", **of_cluster, services=[service]),
            Call.of("ecs", "list_service_deployments", **of_cluster, service=service),
            Call.of("ecs", "describe_service_revisions", serviceRevisionArns=[revision]),
            Call.of("ecs", "describe_task_definition", taskDefinition="a"),
            Call.of("ecs", "deregister_task_definition", taskDefinition="a:1"),
            self.register(name),
            Call.of("ecs", "update_service", **of_cluster, service=service),
            Call.of("ssm", "get_parameter_history", Name=parameter),
            Call.of("ssm", "put_parameter", Name=parameter, Value="v1", Overwrite=True),
            Call.of("ssm", "label_parameter_version", **version, Labels=["a"]),
            Call.of("ssm", "unlabel_parameter_version", **version, Labels=["a"]),
            Call.of("ssm", "put_parameter", **lease, Value="a", Type="String"),
            Call.of("ssm", "get_parameter", **lease),
            Call.of("ssm", "delete_parameter", **lease),
        ]


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
