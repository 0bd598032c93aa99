#!/bin/sh
# Installs Mailsink during the build of the container; the entrypoint starts it. Runs as root.
set -eu

if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
then
    echo "Mailsink needs Python 3.11 or later with venv: add the feature python." >&2
    exit 1
fi

package=django-mailsink
[ "${VERSION:-latest}" = latest ] || package="django-mailsink==$VERSION"
python3 -m venv /usr/local/lib/mailsink
/usr/local/lib/mailsink/bin/pip install --no-cache-dir "$package"
ln -sf /usr/local/lib/mailsink/bin/mailsink /usr/local/bin/mailsink

user=${_REMOTE_USER:-root}
install -d -o "$user" -m 0700 /var/lib/mailsink
cat >/usr/local/share/mailsink-start.sh <<'START'
#!/bin/sh
# Starts Mailsink beside the container's own command.
owner=$(stat -c %U /var/lib/mailsink)
if [ "$(id -u)" = 0 ] && [ "$owner" != root ]; then
    su "$owner" -c 'mailsink serve' >/tmp/mailsink.log 2>&1 &
else
    mailsink serve >/tmp/mailsink.log 2>&1 &
fi
exec "$@"
START
chmod 0755 /usr/local/share/mailsink-start.sh
