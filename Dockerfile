# The image of Mailsink: read-only, without root, with /data for all stored data.
#   docker build -t mailsink .
#   docker run -p 127.0.0.1:1025:1025 -p 127.0.0.1:8025:8025 mailsink
FROM python:3.13-slim AS build

WORKDIR /source
COPY requirements.txt ./
# Wheels only: all packages have them for amd64 and arm64, so no compiler is needed.
RUN python -m venv /mailsink \
 && /mailsink/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes -r requirements.txt
COPY . .
# hatchling builds with the installed packages, and is removed afterwards.
RUN /mailsink/bin/pip install --no-cache-dir 'hatchling>=1.27,<2' \
 && MAILSINK_DATA=/tmp/data /mailsink/bin/python -m hatchling build --target wheel --directory /wheel \
 && /mailsink/bin/pip uninstall --yes hatchling pathspec pluggy trove-classifiers \
 && /mailsink/bin/pip install --no-cache-dir --no-deps /wheel/*.whl \
 && /mailsink/bin/python -m compileall -q /mailsink/lib \
 && /mailsink/bin/pip uninstall --yes pip

FROM python:3.13-slim

LABEL org.opencontainers.image.title="Mailsink" \
      org.opencontainers.image.description="Catches the mail an application sends, and shows what happened on the wire" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /mailsink /mailsink
# Any user of group 0 can run it, as OpenShift requires; /mailpit is the path of Mailpit's own program.
RUN ln -s /mailsink/bin/mailpit /mailpit \
 && mkdir /data \
 && chown 1001:0 /data \
 && chmod g=u /data

ENV PATH=/mailsink/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MAILSINK_LISTEN=all \
    MAILSINK_INSECURE=yes

# MAILSINK_DATA is not set here: it would override the MP_DATABASE of a compose file.
WORKDIR /
VOLUME /data
EXPOSE 1025/tcp 8025/tcp
USER 1001:0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["/mailpit", "readyz"]

# Under the name mailpit it accepts Mailpit's flags, and also all commands of mailsink.
ENTRYPOINT ["/mailpit"]
