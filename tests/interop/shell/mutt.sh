#!/bin/sh
# Sends one mail by mutt: see the arguments in tests/interop/libraries.py.
set -eu
host=$1 port=$2 trust=$3
tls="set ssl_force_tls=yes"
[ "$trust" != none ] || tls="set ssl_force_tls=no"
case $trust in */*) tls="$tls certificate_file=$trust" ;; esac
echo "Thank you." | mutt -n -F /dev/null -e "set smtp_url=smtp://$host:$port" -e "$tls" \
    -e "set user_agent from=shop@example.com copy=no" -s "Order 17" bob@example.com
