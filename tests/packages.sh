#!/bin/sh
# Install the Debian packages that the tests use, where that is allowed; elsewhere tests that lack a part are skipped
# and counted at the end of the run.
set -eu
wanted=""
present() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
present dovecot || wanted="$wanted dovecot-imapd"
present bwrap || wanted="$wanted bubblewrap"
[ -n "$(find /usr/share/fonts -iname '*NotoSansCJK*' 2>/dev/null | head -n 1)" ] || wanted="$wanted fonts-noto-cjk"
[ -z "$wanted" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted
else
    echo "Not installed, and not allowed to install:$wanted" >&2
fi
