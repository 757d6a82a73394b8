#!/bin/sh
# Build the virtual environment: setup.sh PYTHON VENV. Needs no root and no Debian package; says plainly what is lacking.
set -eu
python=${1:-}
venv=${2:?usage: setup.sh PYTHON VENV}

stop() {
    printf '\n无法安装：%s\n%s\n' "$1" "$2" >&2
    exit 1
}

[ -n "$python" ] || stop "需要 Python 3.11 或更高版本。" \
    "Python 3.11 or newer is needed. Debian: apt-get install python3 python3-venv; elsewhere: make setup PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || stop "$python 不能用，或版本低于 3.11。" \
    "$python does not run, or is older than Python 3.11. Name another one: make setup PYTHON=/path/to/python3"

# a half-built or outdated environment (another Python, a folder that was moved) is built anew
fits() {
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
        [ "$("$venv/bin/python" -c "import sys; print(*sys.version_info[:2])")" = \
          "$("$python" -c "import sys; print(*sys.version_info[:2])")" ] &&
        grep -qsF "$(pwd -P)/$venv" "$venv/bin/pip"
}
fits || {
    rm -rf "$venv"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$venv"
    elif "$python" -c 'import virtualenv' 2>/dev/null; then
        "$python" -m virtualenv --quiet "$venv"
    else
        stop "$python 缺少 venv 模块。" \
            "Python's venv module is needed. As root: apt-get install python3-venv. Without root: put a copy of virtualenv where
$python finds it (https://virtualenv.pypa.io, virtualenv.pyz needs no installation), or name another Python with PYTHON=."
    fi
}

# the pinned versions are those that the tests ran with
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]' ||
    stop "有软件包没有装上，原因见上面 pip 的输出。" \
        "pip could not install everything; its own words stand above. Wheels exist for Linux with glibc on x86-64 and arm64.
Behind a proxy: HTTPS_PROXY=…; in China a mirror helps: PIP_INDEX_URL=https://pypi.tuna.tsinghua.edu.cn/simple make setup"
