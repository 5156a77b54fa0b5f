#!/bin/sh
# Makes Temporal's two databases and brings their schemas up to date. Safe to run again.
set -eu
SQL_PASSWORD=$(cat /run/secrets/temporal_database_password)
export SQL_PASSWORD

for pair in temporal:temporal temporal_visibility:visibility; do
    database=${pair%%:*}
    schema=${pair##*:}
    echo "schema: $database"
    temporal-sql-tool --db "$database" create
    temporal-sql-tool --db "$database" setup-schema -v 0.0
    temporal-sql-tool --db "$database" update-schema \
        -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
echo "schema: up to date"
