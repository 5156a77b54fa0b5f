#!/bin/sh
# Makes the secrets the composition needs, once, where only the owner of this folder can reach them.
# The file itself is readable: containers see it alone, mounted, and run as other users than the one who made it.
set -eu
cd "$(dirname "$0")/secrets"
chmod 0700 .
file=temporal_database_password
if [ -e "$file" ]; then
    echo "secrets: $file is there already"
    exit 0
fi
umask 0222
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$file"
echo "secrets: made $file"
