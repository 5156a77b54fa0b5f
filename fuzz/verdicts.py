"""What must hold of the installation when all was sent: it forgets nothing, replays, and its journal is whole."""

import asyncio
from collections.abc import AsyncIterator, Callable

from temporalio.client import WorkflowHistory

from domain.decider import patient_stream, trial_stream
from fuzz.channels import starter
from fuzz.ground import Ground
from fuzz.tally import Tally
from tests.server.past import TRIAL
from workflows.replaying import replayed

AT_THE_END = "at the end"
ESCAPE = 0x1B
CONTROL_SIGNS = frozenset(range(0x20)) - frozenset(b"\n\t")
SHOWN = 3
"""Subjects that the command line shows at the end: a second each time."""


async def at_the_end(ground: Ground, tally: Tally, say: Callable[[str], None]) -> None:
    """Look at every subject with new workers, replay every run, and verify the journal, alone and against Temporal."""
    subjects = [name.rpartition("-")[2] for name in ground.place.journal.heads() if name.startswith("patient-")]
    await asyncio.to_thread(ground.replace_workers)
    say(f"{len(subjects)} subjects are asked again, by workers that remember nothing")
    for subject in (None, *subjects):
        trouble = await ground.trouble(subject)
        if trouble:
            tally.crash(AT_THE_END, "new workers", "stuck", subject=subject, why=trouble)
        else:
            tally.add(AT_THE_END, "new workers", "accepted")
    await _replay(ground, tally, [None, *subjects])
    say("runs are replayed")
    for words in (["journal", "verify"], ["journal", "verify", "--against-temporal"], ["list"], ["trial"]):
        done = await starter(ground, words)
        if done.returncode:
            tally.crash(AT_THE_END, " ".join(words), "tracebacks", why=(done.stdout + done.stderr).decode()[-2000:])
        else:
            tally.add(AT_THE_END, " ".join(words), "accepted")
    for subject in subjects[:SHOWN]:
        for words in (["show", subject], ["history", subject], ["timeline", subject], ["eligibility", subject]):
            await _shown(ground, tally, words)
    for text in ground.tracebacks():
        tally.crash(AT_THE_END, "logs", "tracebacks", why=text)


async def _shown(ground: Ground, tally: Tally, words: list[str]) -> None:
    """Show a subject on a narrow terminal in another encoding: no bare control sign may come of it."""
    done = await starter(ground, words, COLUMNS="40", PYTHONIOENCODING="ascii")
    bare = [ESCAPE] if ESCAPE in done.stdout else [sign for sign in done.stdout if sign in CONTROL_SIGNS]
    if b"Traceback" in done.stderr or done.returncode not in (0, 2) or bare:
        why = f"exit {done.returncode}, control signs {bare[:5]}: {done.stderr.decode(errors='replace')[-1500:]}"
        tally.crash(AT_THE_END, words[0], "tracebacks", words=words, why=why)
    else:
        tally.add(AT_THE_END, words[0], "accepted")


async def _replay(ground: Ground, tally: Tally, subjects: list[str | None]) -> None:
    async def histories() -> AsyncIterator[WorkflowHistory]:
        for subject in subjects:
            stream = trial_stream(TRIAL) if subject is None else patient_stream(TRIAL, subject)
            async for run in ground.place.temporal.list_workflows(f"WorkflowId = '{stream}'"):
                handle = ground.place.temporal.get_workflow_handle(stream, run_id=run.run_id)
                yield await handle.fetch_history()

    async for history, failure in replayed(histories()):
        if failure:
            tally.crash(AT_THE_END, "replay", "stuck", subject=history.workflow_id, why=failure[:1500])
        else:
            tally.add(AT_THE_END, "replay", "accepted")
