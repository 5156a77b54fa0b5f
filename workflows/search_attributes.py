"""Registers the search attributes that patients carry. Without them a task would wedge, so the set-up comes first."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.attributes import KEYS

CLOSED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED)
"""How a server answers that lets us register nothing, as a managed one does."""


class UnregisteredError(RuntimeError):
    """Search attributes are missing, and we may not register them. The message has the commands that do."""


async def register(client: Client) -> list[str]:
    """Register what is missing, and give the names that were. Raises UnregisteredError, RPCError."""
    try:
        return await _registered(client)
    except RPCError as error:
        if error.status not in CLOSED:
            raise
    missing = [name for name in KEYS if not await is_known(client, name)]
    if missing:
        making = "; ".join(_command(name, client.namespace) for name in missing)
        raise UnregisteredError(f"search attributes are missing and we may not register them: {making}")
    return []


async def _registered(client: Client) -> list[str]:
    service = client.operator_service
    known = await service.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
    missing = {
        name: IndexedValueType.ValueType(key.indexed_value_type)
        for name, key in KEYS.items()
        if name not in known.custom_attributes
    }
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        try:
            await service.add_search_attributes(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
    return sorted(missing)


async def is_known(client: Client, name: str) -> bool:
    """Say whether a search attribute is registered: a query for one that is not is refused. Raises RPCError."""
    try:
        await client.count_workflows(f"{name} IS NOT NULL")
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise
    return True


def _command(name: str, namespace: str) -> str:
    kind = IndexedValueType.Name(IndexedValueType.ValueType(KEYS[name].indexed_value_type))
    words = kind.removeprefix("INDEXED_VALUE_TYPE_").title().replace("_", "")
    return f"temporal operator search-attribute create --namespace {namespace} --name {name} --type {words}"
