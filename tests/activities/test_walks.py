"""A worker walks over payloads where a codec or a storage is there for them, and only there."""

import dataclasses
from collections.abc import Sequence

import pytest
import temporalio.bridge.worker as bridge
import temporalio.worker._workflow as workflows
from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import DataConverter, PayloadCodec

from workflows.connection import CONVERTER
from workflows.walks import has_effect, skip_idle_walks


class Shouting(PayloadCodec):
    """A codec that can be seen."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Shout."""
        return [Payload(data=payload.data.upper()) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Whisper."""
        return [Payload(data=payload.data.lower()) for payload in payloads]


SHOUTING = dataclasses.replace(CONVERTER, payload_codec=Shouting())


@pytest.fixture(autouse=True)
def skipping(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walks are skipped for the time of a test."""
    monkeypatch.setattr(bridge, "decode_activation", bridge.decode_activation)
    monkeypatch.setattr(bridge, "encode_completion", bridge.encode_completion)
    monkeypatch.setattr(workflows._CommandAwareDataConverter, "create", workflows._CommandAwareDataConverter.create)  # noqa: SLF001 - what is replaced
    skip_idle_walks()


async def decoded(converter: DataConverter) -> bytes:
    """Give the data of a signal's payload as the workflow would get it."""
    activation = WorkflowActivation()
    activation.jobs.add().signal_workflow.input.add().data = b"Hello"
    await bridge.decode_activation(activation, converter, decode_headers=False, storage_concurrency_limit=1)
    return activation.jobs[0].signal_workflow.input[0].data


async def encoded(converter: DataConverter) -> bytes:
    """Give the data of a result's payload as Temporal would get it."""
    completion = WorkflowActivationCompletion()
    completion.successful.commands.add().complete_workflow_execution.result.data = b"Hello"
    await bridge.encode_completion(completion, converter, encode_headers=False, storage_concurrency_limit=1)
    return completion.successful.commands[0].complete_workflow_execution.result.data


async def test_a_codec_is_asked() -> None:
    """With a codec every payload passes through it."""
    assert has_effect(SHOUTING)
    assert (await decoded(SHOUTING), await encoded(SHOUTING)) == (b"hello", b"HELLO")


async def test_without_one_payloads_stay_as_they_are() -> None:
    """Ours has none today."""
    assert not has_effect(CONVERTER)
    assert (await decoded(CONVERTER), await encoded(CONVERTER)) == (b"Hello", b"Hello")


def test_skipping_twice_is_skipping_once() -> None:
    """A second worker in a process wraps nothing again."""
    before = bridge.decode_activation
    skip_idle_walks()
    assert bridge.decode_activation is before
