"""Whether a Temporal server is fit for us, asked before any work is taken: reachable, our namespace, new enough.

Each refusal says what is wrong, which setting to look at, and how to mend it.
"""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetSystemInfoRequest
from temporalio.client import Client, Interceptor
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from workflows.connection import ADDRESS, connect

LEAST_SERVER = "1.28"
"""A run begins together with an update, and namespaces tell what they can do."""
TRUTHS = ("true", "false", "1", "0")
SWITCHES = ("TEMPORAL_TLS", "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION")
KNOWN = (
    *SWITCHES,
    "TEMPORAL_ADDRESS",
    "TEMPORAL_API_KEY",
    "TEMPORAL_CONFIG_FILE",
    "TEMPORAL_NAMESPACE",
    "TEMPORAL_PROFILE",
    "TEMPORAL_TLS_CLIENT_CERT_DATA",
    "TEMPORAL_TLS_CLIENT_CERT_PATH",
    "TEMPORAL_TLS_CLIENT_KEY_DATA",
    "TEMPORAL_TLS_CLIENT_KEY_PATH",
    "TEMPORAL_TLS_SERVER_CA_CERT_DATA",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    "TEMPORAL_TLS_SERVER_NAME",
)
"""What the SDK reads. It passes over a name that it does not know, and takes its default instead."""
ALIKE = 0.85
"""Temporal's other programs have names of their own: one is doubted only when it is nearly one of these."""
REFUSED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED)


class UnfitServerError(RuntimeError):
    """Temporal cannot be used as it is set or as it is. The message says why, and how to mend it."""


async def fit_client(runtime: Runtime | None = None, interceptors: Sequence[Interceptor] = ()) -> Client:
    """Connect, and hold the server against what we need. Raises UnfitServerError."""
    _require_config_file()
    _require_known_names()
    try:
        client = await connect(runtime=runtime, interceptors=interceptors)
    except (RuntimeError, ValueError, OSError) as problem:
        raise UnfitServerError(_unreachable(str(problem))) from None
    await require_fit(client)
    return client


def _require_config_file() -> None:
    """Hold that a file named is there: the SDK goes on without one. Raises UnfitServerError."""
    file = os.environ.get("TEMPORAL_CONFIG_FILE")
    if file and not Path(file).is_file():
        raise UnfitServerError(f"TEMPORAL_CONFIG_FILE {file}: there is no such file; name one, or unset it")


def _require_known_names() -> None:
    """Hold that no name is misspelled, and that a switch says yes or no. Raises UnfitServerError."""
    for name in sorted(name for name in os.environ if name.startswith("TEMPORAL_") and name not in KNOWN):
        near = get_close_matches(name, KNOWN, 1, ALIKE)
        if near:
            raise UnfitServerError(f"{name} is no setting of Temporal; is {near[0]} meant?")
    for name in SWITCHES:
        if os.environ.get(name, "true").lower() not in TRUTHS:
            raise UnfitServerError(f"{name} is {os.environ[name]!r}: {' or '.join(TRUTHS[:2])} is expected")


async def require_fit(client: Client) -> None:
    """Hold a server against what we need. Raises UnfitServerError."""
    where = f"the Temporal server at {client.service_client.config.target_host}"
    try:
        info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
        asked = DescribeNamespaceRequest(namespace=client.namespace)
        known = (await client.workflow_service.describe_namespace(asked)).namespace_info.capabilities
        if not _is_new_enough(info.server_version) or not (info.capabilities.supports_schedules and known.sync_update):
            told = f"version {info.server_version}" if info.server_version else "of no version it tells"
            raise UnfitServerError(f"{where} is {told}: {LEAST_SERVER} or later is needed, with schedules and updates")
    except RPCError as problem:
        raise UnfitServerError(f"{where}: {_advice(problem, client.namespace)}") from None


def _is_new_enough(version: str) -> bool:
    """Say whether a version is late enough; one that is not told by number, as a cloud's, is taken for late."""
    told, least = (text.removeprefix("v").split(".")[:2] for text in (version, LEAST_SERVER))
    return not all(part.isdecimal() for part in told) or [*map(int, told)] >= [*map(int, least)]


def _advice(problem: RPCError, namespace: str) -> str:
    if problem.status is RPCStatusCode.NOT_FOUND:
        making = f"temporal operator namespace create --namespace {namespace} --retention 365d"
        return f"namespace {namespace} does not exist; set TEMPORAL_NAMESPACE, or make it: {making}"
    if problem.status in REFUSED:
        return f"it refuses us ({problem.message}); look at TEMPORAL_API_KEY or TEMPORAL_TLS_CLIENT_CERT_PATH"
    return problem.message


def _unreachable(problem: str) -> str:
    if "InvalidContentType" in problem:
        return "Temporal answers without TLS: unset TEMPORAL_TLS and certificates, or name a port with it"
    if "Connection" in problem or "Connect" in problem:
        why = "connection refused" if "refused" in problem else "no connection"
        address = os.environ.get("TEMPORAL_ADDRESS", ADDRESS)
        return f"no Temporal server answers at {address} ({why}): start it, or set TEMPORAL_ADDRESS"
    return f"Temporal's settings (TEMPORAL_...) cannot be used: {problem[:300]}"
