# One stage to build, one to run. What is installed is what requirements/run.txt names, hash for hash.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1
RUN ["python", "-m", "venv", "/venv"]
ENV PATH=/venv/bin:$PATH
WORKDIR /build
COPY requirements/build.txt requirements/run.txt requirements/
RUN ["pip", "install", "--require-hashes", "-r", "requirements/build.txt", "-r", "requirements/run.txt"]
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN ["pip", "install", "--no-deps", "--no-build-isolation", "."]

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN groupadd --system --gid 10001 bot \
    && useradd --system --uid 10001 --gid bot --home-dir /app --shell /usr/sbin/nologin bot \
    && install --directory --owner=bot --group=bot /app /app/var /app/trust /app/anchors
WORKDIR /app
COPY --from=build /venv /venv
COPY runbooks runbooks
COPY prompts prompts
USER 10001:10001
# What must outlive the container: the audit's key and, with SQLite, the records; the public keys that verify the audit;
# its anchors, unless they are in S3. Mount each, var backed up; with PostgreSQL every replica needs the same key.
VOLUME ["/app/var", "/app/trust", "/app/anchors"]
# Socket Mode needs no port; 8080 is for Slack's signed HTTP requests.
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["runbook-bot", "health"]
CMD ["runbook-bot", "serve"]
