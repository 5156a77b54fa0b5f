"""A mail server that misbehaves on demand: `python -m chaos.mail_server PORT FOLDER`.

What it takes lies in FOLDER/mail (Maildir); every message, and what it was answered, in FOLDER/mail.jsonl.
"""

import asyncio
import json
import mailbox
import sys
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from activities.adapters.channels import HEADER
from chaos.modes import Modes

MODES = ("later", "never", "slow", "cut", "garbage", "twice")
TAKEN = "250 OK"
ANSWERS = {"later": "451 try again later", "never": "554 not here", "garbage": "999 <html>what?</html>"}


class Handler:
    """Takes mails, and answers each as the mode towards its subject says."""

    def __init__(self, folder: Path) -> None:
        """Keep everything here."""
        self._box = mailbox.Maildir(folder / "mail", create=True)
        self._log = folder / "mail.jsonl"
        self._modes = Modes(folder / "mail-modes")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's hook, called by this name
        """Take a mail, or not."""
        del session
        content: Any = envelope.original_content or b""
        key = str(BytesHeaderParser().parsebytes(content)[HEADER])
        mode, seconds = self._modes.of(subject_of(key))
        copies = {"later": 0, "never": 0, "twice": 2}.get(mode, 1)
        for _ in range(copies):
            self._box.add(content)
        answer = ANSWERS.get(mode, TAKEN)
        row = {"at": datetime.now(UTC).isoformat(), "key": key, "to": envelope.rcpt_tos, "mode": mode}
        with self._log.open("a") as log:
            log.write(json.dumps(row | {"kept": copies, "answer": "" if mode == "cut" else answer}) + "\n")
        if mode == "slow":
            await asyncio.sleep(seconds)
        if mode == "cut" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return answer


def subject_of(key: str) -> str:
    """Give the subject of a notice's key (`patient-TRIAL-S001/17`); empty where it is of none."""
    return key.partition("/")[0].rpartition("-")[2]


async def serve(port: int, folder: Path) -> None:
    """Serve until killed."""
    handler, loop = Handler(folder), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
