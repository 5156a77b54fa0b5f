#!/bin/sh
# Starts the Temporal server with its database password from a file: the server itself reads it from the environment only.
set -eu
POSTGRES_PWD=$(cat "${TEMPORAL_DATABASE_PASSWORD_FILE:-/run/secrets/temporal_database_password}")
TEMPORAL_BROADCAST_ADDRESS=$(getent hosts "$(hostname)" | awk 'NR == 1 { print $1 }')
export POSTGRES_PWD TEMPORAL_BROADCAST_ADDRESS
exec temporal-server start
