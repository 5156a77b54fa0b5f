#!/bin/sh
# Runs a program that finds the password of its database role in the file PGPASSFILE names.
# The client library takes no file that others may read, which a mounted secret is: so a private copy is made in memory.
set -eu
umask 077
printf '*:*:*:*:%s\n' "$(cat "$JOURNAL_PASSWORD_FILE")" > "$PGPASSFILE"
exec "$@"
