#!/bin/sh
# Makes the roles of Temporal and of the journal, each with the password of its secret, and the journal's database.
# Safe to run again: a secret that was changed becomes the role's password. No password is in an argument or a log.
set -eu
SECRETS=${SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$SECRETS/postgres_password")
export SECRETS PGPASSWORD
psql --no-psqlrc --quiet --dbname=postgres --set=ON_ERROR_STOP=1 <<'SQL'
SET log_min_error_statement = panic;
\set temporal `cat "$SECRETS/temporal_database_password"`
\set owner `cat "$SECRETS/journal_owner_password"`
\set worker `cat "$SECRETS/journal_password"`

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['temporal', 'trialpath_owner', 'trialpath']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE temporal LOGIN NOSUPERUSER CREATEDB NOCREATEROLE PASSWORD :'temporal';
ALTER ROLE trialpath_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner';
ALTER ROLE trialpath LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'worker';

SELECT 'CREATE DATABASE trialpath OWNER trialpath_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'trialpath')
\gexec
REVOKE ALL ON DATABASE trialpath FROM PUBLIC;
SQL
echo "databases: roles and the journal's database are there"
