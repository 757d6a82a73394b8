#!/bin/sh
# Install the Debian packages that the tests use, where that is allowed; elsewhere tests that lack a part are skipped
# and counted at the end of the run.
set -eu
wanted=""
present() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
present dovecot || wanted="$wanted dovecot-imapd"
present bwrap || wanted="$wanted bubblewrap"
present unar || wanted="$wanted unar"
present sqlite3 || wanted="$wanted sqlite3"
present chromium || wanted="$wanted chromium"
# the workbook is opened by the program that offices open it with
[ -e /usr/lib/libreoffice/program/libsclo.so ] || wanted="$wanted libreoffice-calc-nogui"
# the reading benchmark saves forms by it; tests only read what it made
[ "${1:-}" != reading ] || [ -e /usr/lib/libreoffice/program/libswlo.so ] || wanted="$wanted libreoffice-writer-nogui"
[ -n "$(find /usr/share/fonts -iname '*NotoSansCJK*' 2>/dev/null | head -n 1)" ] || wanted="$wanted fonts-noto-cjk"
[ -z "$wanted" ] && exit 0
lacking() { echo "!!! Not installed ($1):$wanted. Tests that need them are skipped and counted." >&2; }
if [ "$(id -u)" != 0 ]; then
    lacking "only root may"
elif ! command -v apt-get >/dev/null 2>&1; then
    lacking "no apt-get here"
else
    # shellcheck disable=SC2086
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted; } ||
        lacking "apt-get failed"
fi
