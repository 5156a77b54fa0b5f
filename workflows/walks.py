"""Spares a worker the SDK's walks over payloads while there is nothing to do on them. See ADR 14.

Before and after each activation the SDK visits every payload of it six times, in Python: for a codec, and for storage
outside. Without either every visit gives back what it got.
"""

from typing import Any

import temporalio.bridge.worker as bridge
import temporalio.worker._workflow as workflows
from temporalio.converter import DataConverter
from temporalio.converter._extstore import StorageOperationMetrics


def skip_idle_walks() -> None:
    """Let this process walk over payloads only where the converter has a codec or a storage. Once is enough."""
    if not getattr(bridge.decode_activation, "skips", False):
        bridge.decode_activation = _where_it_counts(bridge.decode_activation)
        bridge.encode_completion = _where_it_counts(bridge.encode_completion)
        converter = workflows._CommandAwareDataConverter  # noqa: SLF001 - as the head of this module says
        converter.create = staticmethod(_converter_of(converter.create))  # type: ignore[method-assign] # as above


def has_effect(converter: DataConverter) -> bool:
    """Say whether walking over payloads with a converter can change any of them."""
    return converter.payload_codec is not None or converter.external_storage is not None


def _where_it_counts(walk: Any) -> Any:  # noqa: ANN401 - the SDK's own function, and one like it
    async def walked(
        message: Any,  # noqa: ANN401 - an activation or a completion
        data_converter: DataConverter,
        **options: Any,  # noqa: ANN401 - handed on
    ) -> StorageOperationMetrics:
        if has_effect(data_converter):
            found: StorageOperationMetrics = await walk(message, data_converter, **options)
            return found
        return StorageOperationMetrics()

    walked.skips = True  # type: ignore[attr-defined] # the sign that it is ours
    return walked


def _converter_of(create: Any) -> Any:  # noqa: ANN401 - as above
    def created(**parts: Any) -> DataConverter:  # noqa: ANN401 - handed on
        plain: DataConverter = parts["context_free_dc"]
        made: DataConverter = create(**parts) if has_effect(plain) else plain
        return made

    return created
