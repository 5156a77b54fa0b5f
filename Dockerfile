# The worker, and the command line beside it. No engine has built this image yet: see README.md.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/trialpath/venv \
    && /opt/trialpath/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/trialpath/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN groupadd --system --gid 10001 trialpath \
    && useradd --system --uid 10001 --gid trialpath --no-create-home --shell /usr/sbin/nologin trialpath \
    && install -d -o trialpath -g trialpath -m 0700 \
        /var/lib/trialpath /var/lib/trialpath-histories /var/lib/trialpath-key
COPY --from=build /opt/trialpath/venv /opt/trialpath/venv
WORKDIR /opt/trialpath/app
COPY domain domain
COPY journal journal
COPY read_models read_models
COPY exports exports
COPY activities activities
COPY workflows workflows
COPY cli cli
COPY deploy/worker_health.py deploy/worker_health.py
COPY deploy/with-journal-password.sh deploy/with-journal-password.sh
COPY worker.py starter.py settings.py preflight.py health_page.py observability.py tracing.py ./
RUN python -m compileall -q .
USER trialpath
STOPSIGNAL SIGTERM
CMD ["python", "worker.py"]
