"""A Temporal cluster that asks for a client certificate, reached by settings alone."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from tests.laboratory.certificates import Authority
from tests.server.rig import Server
from workflows.connection import connect

pytestmark = pytest.mark.server


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass everything on, until one side ends."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def behind_tls(server: Server, certificate: tuple[Path, Path], trusted: Path) -> AsyncIterator[int]:
    """Put a gate before a server that speaks TLS and lets in whoever has a certificate of ours; give its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trusted))
    context.load_cert_chain(*map(str, certificate))
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])

    async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(passed_on(reader, to), passed_on(there, writer))

    gate = await asyncio.start_server(let_in, "127.0.0.1", 0, ssl=context)
    try:
        yield gate.sockets[0].getsockname()[1]
    finally:
        gate.close()


async def test_a_client_certificate_opens_the_door(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With certificate, key and authority of the settings it works; without the certificate nobody gets in."""
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.sign("worker")
    async with behind_tls(server, authority.sign("temporal"), authority.file) as port:
        monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
        monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(authority.file))
        with pytest.raises(RuntimeError):
            await connect()

        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(certificate))
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(key))
        monkeypatch.setenv("TEMPORAL_API_KEY", "a-key")
        client = await connect()
        answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
        assert answer.namespace_info.name == "default"
