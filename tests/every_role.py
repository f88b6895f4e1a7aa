"""A stack with every role that the library makes, each with every option that adds to its rights.

`python every_role.py` synthesizes it for the `cdk` command.
"""

from __future__ import annotations

from datafi_cdk import (
    Coordinator,
    EdgeDns,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    PullThroughCache,
    ServerlessEdgeServer,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

STACK = "EveryRole"
ROOT_DOMAIN = "edge.example.com"
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
BEHIND_PROFILE = "anthropic.claude-3-5-haiku-20241022-v1:0"
PROFILE = f"us.{BEHIND_PROFILE}"
ROTATION = "def handler(event, context):\n    return None\n"


def every_role(app: App) -> Stack:
    """Make the stack.

    Args:
        app: Its app.
    """
    stack = Stack(app, STACK)
    trial = RemovalPolicy.DESTROY
    key, key_of_data, key_of_secrets, key_of_queue = (
        kms.Key(stack, f"Key{what}", removal_policy=trial)
        for what in ("", "OfData", "OfSecrets", "OfQueue")
    )
    network = EdgeNetwork(stack, "Network", encryption_key=key, removal_policy=trial)
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    queue = sqs.Queue(
        stack, "Failures", encryption=sqs.QueueEncryption.KMS, encryption_master_key=key_of_queue
    )
    dns = EdgeDns(
        stack,
        "Dns",
        root_domain=ROOT_DOMAIN,
        vpc=network.vpc,
        encryption_key=key,
        removal_policy=trial,
    )
    ingress = SharedIngress(
        stack,
        "Ingress",
        vpc=network.vpc,
        dns=dns,
        deletion_protection=False,
        removal_policy=trial,
    )

    def secret(construct_id: str, with_key: bool = True) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            stack,
            construct_id,
            encryption_key=key_of_secrets if with_key else None,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"KEY": "not-a-real-key"}', generate_string_key="another"
            ),
            removal_policy=trial,
        )

    def storage(construct_id: str, with_key: bool = True) -> EdgeStorage:
        return EdgeStorage(
            stack,
            construct_id,
            encryption_key=key_of_data if with_key else None,
            server_access_logs_bucket=ingress.server_access_logs_bucket,
            removal_policy=trial,
        )

    images = ecr.Repository(stack, "Images", removal_policy=trial, empty_on_delete=True)
    plain = EdgeServer(
        stack,
        "Plain",
        cluster=cluster,
        ingress=ingress,
        name="plain",
        secret=secret("PlainKeys", with_key=False),
        storage=storage("PlainData", with_key=False),
        removal_policy=trial,
    )
    full = EdgeServer(
        stack,
        "Full",
        cluster=cluster,
        ingress=ingress,
        name="full",
        secret=secret("FullKeys"),
        secret_variables=["EDGE_KEY"],
        jwt_jwks_secret=secret("JwtJwks"),
        image=ecs.ContainerImage.from_ecr_repository(images, "v1"),
        storage=storage("FullData"),
        enable_execute_command=True,
        encryption_key=key,
        removal_policy=trial,
    )
    cache = PullThroughCache(
        stack,
        "Cache",
        docker_hub_credentials=secretsmanager.Secret.from_secret_name_v2(
            stack, "DockerHub", "ecr-pullthroughcache/docker-hub"
        ),
    )
    cached = EdgeServer(
        stack,
        "Cached",
        cluster=cluster,
        ingress=ingress,
        name="cached",
        secret=secret("CachedKeys"),
        pull_through_cache=cache,
        removal_policy=trial,
    )
    coordinator = Coordinator(
        stack,
        "Coordinator",
        cluster=cluster,
        ingress=ingress,
        secret=secret("CoordinatorKeys"),
        registry_credentials=secret("Registry"),
        bedrock_models=[MODEL, PROFILE],
        removal_policy=trial,
    )
    for construct_id, vpc in (("Lambda", None), ("LambdaInVpc", network.vpc)):
        ServerlessEdgeServer(
            stack,
            construct_id,
            ingress=ingress,
            name=construct_id.lower(),
            repository=images,
            image_tag="v1",
            secret=secret(f"{construct_id}Keys"),
            secret_variables=["KEY"],
            storage=storage(f"{construct_id}Data"),
            vpc=vpc,
            dead_letter_queue=queue,
            encryption_key=key,
            removal_policy=trial,
        )
    rotation = lambda_.Function(
        stack,
        "RotationFunction",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline(ROTATION),
    )
    updates = [
        UpdateApi(
            stack,
            "PlainUpdates",
            ingress=ingress,
            services=[plain],
            removal_policy=trial,
        ),
        UpdateApi(
            stack,
            "FullUpdates",
            ingress=ingress,
            services=[full],
            secret=secret("FullUpdatesKey"),
            vpc=network.vpc,
            dead_letter_queue=queue,
            encryption_key=key,
            removal_policy=trial,
        ),
        UpdateApi(
            stack,
            "RotatedUpdates",
            ingress=ingress,
            services=[cached],
            rotation_function=rotation,
            redeploy_on_rotation=True,
            encryption_key=key_of_secrets,
            removal_policy=trial,
        ),
    ]
    UpdateRouter(
        stack,
        "UpdateRouter",
        ingress=ingress,
        update_apis=updates,
        vpc=network.vpc,
        encryption_key=key,
        removal_policy=trial,
    )
    caller = iam.Role(
        stack, "Caller", assumed_by=iam.AccountRootPrincipal(), description="Calls for updates"
    )
    UpdateApi(
        stack,
        "SignedUpdates",
        ingress=ingress,
        services=[coordinator],
        callers=[caller],
        removal_policy=trial,
    )
    return stack


if __name__ == "__main__":
    made = App()
    every_role(made)
    made.synth()
