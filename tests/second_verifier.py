"""A second verifier, after the description in ADR 9 alone: it shares no line with the product. `python FILE JOURNAL`."""

import hashlib
import json
import sqlite3
import sys

FACT = "stream,seq,submission_id,kind,staff,role,occurred_at,recorded_at,stored_at,body"
SENT = "stream,submission_id,channel,kind,staff,role,identity,occurred_at,recorded_at,stored_at,outcome,reason,rule,field"
SENT += ",detail,accepts,first_seq,last_seq,sha256,body"
FORM = {"ensure_ascii": False, "separators": (",", ":")}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def verify(file: sqlite3.Connection, anchor: tuple[int, str] = (0, "")) -> tuple[int, int]:
    """Give exit code and position of the first wrong row, (0, 0) when there is none."""
    rows = []  # position, 0 for a submission and 1 for a fact, whether it gives its hash, hash, chain
    for kind, (table, columns) in enumerate((("submission", SENT), ("fact", FACT))):
        for at, hash_, chain, *row in file.execute(f"SELECT position,hash,chain,{columns},previous_hash FROM {table}s"):
            rows.append((at, kind, sha(json.dumps([table, *row], **FORM)) == hash_, hash_, chain))
    rows.sort(key=lambda row: row[:2])
    before = "0" * 64
    for place, (position, _, whole, hash_, chain) in enumerate(rows, start=1):
        if position == place and whole and sha(f"{before}{hash_}") == chain:
            if position == anchor[0] and chain != anchor[1]:
                return 10, position
            before = chain
            continue
        if position > place:
            return (12 if any(sha(f"{before}{row[3]}") == row[4] for row in rows) else 11), place
        follows = any(sha(f"{end}{hash_}") == chain for end in ["0" * 64, *[row[4] for row in rows]])
        return (12 if whole and follows and [row[3] for row in rows].count(hash_) == 1 else 10), position
    return (13, len(rows) + 1) if len(rows) < anchor[0] else (0, 0)


if __name__ == "__main__":
    sys.exit(verify(sqlite3.connect(sys.argv[1]))[0])
