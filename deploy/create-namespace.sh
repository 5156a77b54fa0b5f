#!/bin/sh
# Makes the trial's namespace, or sets its retention when it is there. Safe to run again.
# Retention: how long a closed run's history is kept. A journey's facts are in the journal for good.
set -eu
retry() {
    tries=30
    until "$@" > "${TMPDIR:-/tmp}/answer" 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            cat "${TMPDIR:-/tmp}/answer" >&2
            exit 1
        fi
        sleep 2
    done
}

retry temporal operator cluster health
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1; then
    # A namespace made seconds ago is not known everywhere yet.
    retry temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
    retry temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi
echo "namespace: $TEMPORAL_NAMESPACE keeps closed histories for $RETENTION"
