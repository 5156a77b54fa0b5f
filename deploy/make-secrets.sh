#!/bin/sh
# Makes the secrets the composition needs, each once, where only the owner of this folder can reach them.
# The files themselves are readable: containers see them alone, mounted, and run as other users than the one who made them.
set -eu
cd "$(dirname "$0")/secrets"
chmod 0700 .
umask 0222
for file in postgres_password temporal_database_password journal_owner_password journal_password grafana_password; do
    if [ -e "$file" ]; then
        echo "secrets: $file is there already"
    else
        head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$file"
        echo "secrets: made $file"
    fi
done
