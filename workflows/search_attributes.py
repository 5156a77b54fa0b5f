"""Registers the search attributes that patients carry. Without them a task would wedge, so the set-up comes first."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.attributes import KEYS


async def register(client: Client) -> list[str]:
    """Register what is missing, and give the names that were. Raises RPCError when the server refuses."""
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
