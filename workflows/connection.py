"""The one place where Temporal clients are made: address and namespace from Temporal's own configuration."""

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime

ADDRESS = "127.0.0.1:7233"
"""Where Temporal is looked for unless its configuration says otherwise."""
_CONVERTERS = PydanticPayloadConverter().converters


class SharedConverter(PydanticPayloadConverter):
    """The SDK's own pydantic converter with one set of parts for all: it makes a converter for every activation."""

    def __init__(self) -> None:
        """Share the parts, and with them the type adapters made so far."""
        self.converters = _CONVERTERS


class OwnPayloads(DataConverter):
    """The SDK's converter, to which a payload that says it lies in a store outside is one like any other.

    We have no such store, and anybody may send such a payload. The SDK would raise on it at every look at the run:
    its replay would fail for ever, and its journal could not be made again from it.
    """

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


CONVERTER: DataConverter = OwnPayloads(
    payload_converter_class=SharedConverter,
    failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
)
"""Failures are encoded, so that no message stands in clear in a history. A payload codec has its place here."""


async def connect(
    address: str | None = None, runtime: Runtime | None = None, interceptors: Sequence[Interceptor] = ()
) -> Client:
    """Connect to Temporal, at the configured address unless one is given. Raises RuntimeError when out of reach."""
    config = ClientConfig.load_client_connect_config()
    if address is not None:
        config["target_host"] = address
    config.setdefault("target_host", ADDRESS)
    return await Client.connect(**config, data_converter=CONVERTER, runtime=runtime, interceptors=interceptors)
