#!/bin/sh
# Makes .venv and installs a set of locked packages and moby into it. Resolves nothing: the lock is
# the whole answer.
#   dev/setup.sh demo   the product, the sandbox and moby: requirements-demo.txt
#   dev/setup.sh dev    everything: requirements-dev.txt
# It has to run, and to say what is missing, on a machine that has next to nothing.
set -eu

set=$1
python=${PYTHON:-python3}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'kill "$job" 2>/dev/null; printf "\n"; exit 130' INT TERM

refuse() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a silent command: a dot a second, and its last lines only if it fails.
patiently() {
  printf '%s ' "$1"
  shift
  "$@" >"$log" 2>&1 &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    printf .
    sleep 1
  done
  if ! wait "$job"; then
    printf '\n'
    tail -n 25 "$log" >&2
    refuse "" "The installation failed; the lines above say why. Type make again to go on."
  fi
  printf ' done\n'
}

command -v "$python" >/dev/null ||
  refuse "Mobayilo needs Python 3.11 or newer, and $python is not installed." \
    "On Debian: apt install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  refuse "Mobayilo needs Python 3.11 or newer, and $python is $("$python" -c 'import platform; print(platform.python_version())')." \
    "Name another one, as in: make PYTHON=python3.13 demo"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
  refuse "$python cannot make virtual environments: its module venv is missing." \
    "On Debian: apt install python3-venv"

# A set-up for development has everything, so that a demo after it takes nothing away.
[ ! -e .venv/dev ] || set=dev

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  patiently "Making .venv" "$python" -m venv --clear .venv
fi
patiently "Fetching uv, which installs" \
  .venv/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r dev/uv.txt

# uv does not read pip's settings; where pip has a mirror of its own, uv is given its address.
index=$(.venv/bin/python -m pip config list 2>/dev/null | sed -n "s/^[a-z:]*\.index.url='\(.*\)'$/\1/p" | tail -n 1)
[ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
export UV_SYSTEM_CERTS=1

patiently "Installing the packages of requirements-$set.txt" \
  .venv/bin/uv pip sync --python .venv/bin/python --require-hashes "requirements-$set.txt"
patiently "Installing moby from cli_client" \
  .venv/bin/uv pip install --python .venv/bin/python --offline --no-deps --no-build-isolation -e ./cli_client

if [ "$set" = dev ] && command -v npm >/dev/null; then
  patiently "Installing two clients from npm" \
    npm ci --silent --no-audit --no-fund --prefix tests/accounts/clients
elif [ "$set" = dev ]; then
  echo "npm is not installed: the tests of two clients from npm are skipped"
fi

mkdir -p var
touch .venv/demo
if [ "$set" = dev ]; then
  touch .venv/dev
fi
