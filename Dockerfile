# The image of Mailsink: read-only, without root, with /data for all that it stores.
#   docker build -t mailsink .
#   docker run -p 127.0.0.1:1025:1025 -p 127.0.0.1:8025:8025 mailsink
FROM python:3.13-slim AS build

WORKDIR /source
COPY requirements.txt ./
# Wheels alone: there are some for amd64 and arm64, and no compiler is needed.
RUN python -m venv /mailsink \
 && /mailsink/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes -r requirements.txt
COPY . .
# hatchling builds with what is installed, and leaves.
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
# Any user of group 0 may run it, as OpenShift does; the scripts stand where Mailpit's is.
RUN ln -s /mailsink/bin/mailpit /mailpit \
 && mkdir /data \
 && chown 1001:0 /data \
 && chmod g=u /data

ENV PATH=/mailsink/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MAILSINK_LISTEN=all \
    MAILSINK_INSECURE=yes

# No MAILSINK_DATA: it would count more than the MP_DATABASE of a compose file.
WORKDIR /
VOLUME /data
EXPOSE 1025/tcp 8025/tcp
USER 1001:0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["/mailpit", "readyz"]

# By the name of Mailpit it takes Mailpit's flags; it knows all commands of mailsink, too.
ENTRYPOINT ["/mailpit"]
