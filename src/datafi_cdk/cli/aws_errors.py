"""What AWS and boto3 refuse, in one sentence with the next step."""

from __future__ import annotations

import sys
from typing import Any

_CREDENTIALS = "run `aws sso login` or `aws configure`, name a --profile, or set AWS_PROFILE"
_UNKNOWN = (
    f"AWS does not know these credentials; {_CREDENTIALS},"
    " or enable the region in the account if it is one that has to be"
)
_OF_CLIENT = {
    "NoCredentialsError": f"no AWS credentials were found; {_CREDENTIALS}",
    "PartialCredentialsError": f"the AWS credentials are not complete; {_CREDENTIALS}",
    "CredentialRetrievalError": f"the AWS credentials could not be fetched; {_CREDENTIALS}",
    "TokenRetrievalError": "the AWS sign-in has expired; run `aws sso login`",
    "SSOTokenLoadError": "there is no AWS sign-in; run `aws sso login`",
    "UnauthorizedSSOTokenError": "the AWS sign-in has expired; run `aws sso login`",
    "NoRegionError": "no AWS region is named; add --region, or set AWS_REGION",
}
_UNREACHED = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionClosedError",
    "ProxyConnectionError",
    "SSLError",
)
_OF_SERVICE = {
    "ExpiredToken": f"the AWS credentials have expired; {_CREDENTIALS}",
    "ExpiredTokenException": f"the AWS credentials have expired; {_CREDENTIALS}",
    "RequestExpired": "AWS refuses the time of this machine's clock; set it",
    "InvalidClientTokenId": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "InvalidSignatureException": f"AWS refuses the secret key of these credentials; {_CREDENTIALS}",
    "SignatureDoesNotMatch": f"AWS refuses the secret key of these credentials; {_CREDENTIALS}",
    "AuthFailure": _UNKNOWN,
}
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "403",  # of S3, whose HEAD requests are answered without a body
)


def aws_error_sentence(error: Exception) -> str | None:
    """Tell in one sentence what AWS, or the way to it, refused.

    Args:
        error: Any error.

    Returns:
        The sentence, or `None` if the error is none of botocore's.
    """
    if "botocore" not in sys.modules:
        return None
    from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _of_service(error)
    if isinstance(error, ProfileNotFound):
        return f"{error}; `aws configure list-profiles` lists those that are there"
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint: "):
        return "AWS_ENDPOINT_URL must be an address such as https://…; correct it, or unset it"
    if isinstance(error, ResponseParserError):
        return "what answered is not AWS; check AWS_ENDPOINT_URL, proxy and network"
    if isinstance(error, BotoCoreError):
        name = type(error).__name__
        if name in _OF_CLIENT:
            return _OF_CLIENT[name]
        if name in _UNREACHED:
            return f"AWS could not be reached ({error}); check network, region and proxy"
        return f"AWS could not be asked ({error}); check the AWS configuration"
    return None


def is_denied(error: Any) -> bool:
    """Whether a `ClientError` says that the caller may not do this."""
    return error_code(error) in _DENIED


def is_about_credentials(error: Exception) -> bool:
    """Whether AWS, or boto3, does not take the credentials at all, or there is no region."""
    if type(error).__name__ in _OF_CLIENT:
        return True
    return hasattr(error, "response") and error_code(error) in _OF_SERVICE


def error_code(error: Any) -> str:
    """The code of a `ClientError`."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _of_service(error: Any) -> str:
    code = error_code(error)
    if code in _OF_SERVICE:
        return _OF_SERVICE[code]
    operation = error.operation_name
    if code in _DENIED:
        return f"these credentials may not call {operation}; use others, or have it allowed"
    message = error.response.get("Error", {}).get("Message", "").strip().rstrip(".")
    said = f"{code}: {message}" if message else code
    return f"AWS refused {operation} ({said}); change what it names, or try again in a while"
