#!/bin/sh
# Bring a Debian or Ubuntu machine to where `make test` runs: compilers, headers, pkg-config.
# As root it installs what is missing, by name; otherwise it says what to install.
set -eu
: "${PYTHON:=python3}"
missing=

need() { # need PACKAGE COMMAND...: PACKAGE is missing when the command fails
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

install_missing() {
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "missing:$missing" >&2
        echo "install them (Debian, Ubuntu: apt-get install$missing) or run this script as root" >&2
        exit 1
    fi
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
    missing=
}

need gcc command -v gcc
need libc6-dev test -e /usr/include/stdio.h
need make command -v make
need git command -v git
need pkg-config command -v pkg-config
need python3 command -v "$PYTHON"
need python3-venv "$PYTHON" -c 'import ensurepip, venv'
need python3-dev "$PYTHON" -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")'
need clang command -v clang
install_missing

# clang's sanitizers and libFuzzer are a package of their own, named after its version.
runtime=$(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a")
need "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" test -e "$runtime"
install_missing
