"""A second verifier, after ADR 9 alone: it shares no line with the product. `python tests/second_verifier.py FILE`."""

import hashlib
import json
import sqlite3
import sys

FACT = "stream,seq,submission_id,kind,staff,role,occurred_at,recorded_at,stored_at,body"
SENT = "stream,submission_id,channel,kind,staff,role,identity,occurred_at,recorded_at,stored_at,outcome,reason,rule,"
SENT += "field,detail,accepts,first_seq,last_seq,sha256,body"


def verify(file: sqlite3.Connection, anchor: tuple[int, str] = (0, "")) -> tuple[int, int]:
    """Give exit code and position of the first wrong row, (0, 0) when there is none. An anchor: position and chain."""
    rows = []
    for table, columns in (("submission", SENT), ("fact", FACT)):
        query = f"SELECT position, hash, chain, {columns}, previous_hash FROM {table}s"  # noqa: S608 - two fixed tables
        for at, given, chain, *row in file.execute(query):
            text = json.dumps([table, *row], ensure_ascii=False, separators=(",", ":"))
            rows.append((at, table == "fact", hashlib.sha256(text.encode()).hexdigest() == given, given, chain))
    rows.sort(key=lambda row: row[:2])
    ends = ["0" * 64]
    for place, (position, _, whole, given, chain) in enumerate(rows, start=1):
        if position == place and whole and hashlib.sha256(f"{ends[-1]}{given}".encode()).hexdigest() == chain:
            if position == anchor[0] and chain != anchor[1]:
                return 10, position
            ends.append(chain)
            continue
        if position > place:
            here = [hashlib.sha256(f"{ends[-1]}{row[3]}".encode()).hexdigest() == row[4] for row in rows]
            return (12 if any(here) else 11), place
        after = [hashlib.sha256(f"{end}{given}".encode()).hexdigest() for end in [ends[0], *[row[4] for row in rows]]]
        return (12 if whole and chain in after and [row[3] for row in rows].count(given) == 1 else 10), position
    return (13, len(rows) + 1) if len(rows) < anchor[0] else (0, 0)


if __name__ == "__main__":
    sys.exit(verify(sqlite3.connect(sys.argv[1]))[0])
