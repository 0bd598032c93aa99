#!/bin/sh
# Sends one mail by git send-email: see the arguments in tests/interop/libraries.py.
set -eu
host=$1 port=$2 trust=$3
tls="--smtp-encryption=tls"
[ "$trust" != none ] || tls=
case $trust in */*) tls="$tls --smtp-ssl-cert-path=$trust" ;; esac
export GIT_AUTHOR_NAME=Shop GIT_AUTHOR_EMAIL=shop@example.com HOME=/nonexistent
export GIT_COMMITTER_NAME=Shop GIT_COMMITTER_EMAIL=shop@example.com GIT_CONFIG_NOSYSTEM=1
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
printf 'From: shop@example.com\nSubject: Order 17\n\nThank you.\n' >"$folder/mail"
# shellcheck disable=SC2086  # words
git send-email --quiet --confirm=never --suppress-cc=all --smtp-server="$host" \
    --smtp-server-port="$port" $tls --from=shop@example.com --to=bob@example.com "$folder/mail"
