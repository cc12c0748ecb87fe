#!/bin/sh
# Installs moby for the user who runs this, or brings it up to date. Nothing needs root.
#
#   sh install.sh               install, or update
#   sh install.sh --uninstall   sign out everywhere, and remove all that was installed
#
# Each release gets an environment of its own in ~/.local/share/moby, made with uv where that is
# installed, else with python3. The site's requirements.txt names every file by its SHA-256; a file
# that differs stops the installation. The link ~/.local/bin/moby is switched in the last step, so
# a moby from before works until then, and goes on working if anything fails.
set -eu

site=${MOBY_SITE:-https://mobayilo.com}
data=${XDG_DATA_HOME:-$HOME/.local/share}
folder=$data/moby
link=$HOME/.local/bin/moby

main() {
  case ${1-} in
    '') install ;;
    --uninstall) uninstall ;;
    *) refuse "Usage: sh install.sh [--uninstall]" ;;
  esac
}

install() {
  [ ! -e "$link" ] || is_ours ||
    refuse "$link is another moby. Remove it the way it was installed, then try again."
  former=$(dirname "$(dirname "$(readlink "$link")")")
  mkdir -p "$folder" "$(dirname "$link")"
  new=$(mktemp -d "$folder/release.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM
  echo "Installing moby from $site …"
  # A site on this machine is asked directly, whatever proxy leads elsewhere.
  no_proxy=localhost,127.0.0.1,${no_proxy:-${NO_PROXY:-}}
  export no_proxy NO_PROXY="$no_proxy"
  if command -v uv >/dev/null; then with_uv; else with_python; fi
  "$new/bin/moby" completions --install --quiet
  echo "$site" >"$folder/host"
  ln -sf "$new/bin/moby" "$link.new"
  mv -f "$link.new" "$link"
  trap - EXIT
  remove_all_but "$new" "$former" # a moby that still runs, in a call for example, needs the former
  echo "$("$link" --version) is installed as $link."
  case :$PATH: in *:"$HOME/.local/bin":*) ;; *) echo "Add ~/.local/bin to your PATH to find it." ;; esac
}

with_uv() {
  uv venv --quiet --clear --python '>=3.11' "$new"
  uv pip install --quiet --python "$new" --no-deps --require-hashes -r "$site/client/requirements.txt"
}

with_python() {
  python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    refuse "moby needs Python 3.11 or newer with its module venv (Debian: apt install python3-venv)," \
      "or uv, which brings a Python: https://docs.astral.sh/uv/"
  python3 -m venv "$new"
  "$new/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-deps --require-hashes -r "$site/client/requirements.txt"
}

is_ours() {
  case $(readlink "$link") in "$folder"/*) true ;; *) false ;; esac
}

remove_all_but() {
  for each in "$folder"/release.*; do
    [ "$each" = "$1" ] || [ "$each" = "$2" ] || rm -rf "$each"
  done
}

uninstall() {
  is_ours || refuse "$link was not installed by this script; nothing was removed."
  "$link" auth logout --all || echo "Revoke what is left on $site/settings/devices."
  rm -rf "$folder" "${XDG_CONFIG_HOME:-$HOME/.config}/moby"
  rm -f "$link" "$data/man/man1/moby.1" "$data/bash-completion/completions/moby" \
    "$data/zsh/site-functions/_moby" "$data/fish/vendor_completions.d/moby.fish"
  echo "moby is removed."
}

refuse() {
  printf '%s\n' "$@" >&2
  exit 1
}

main "$@" # the last line, so that half of a download does nothing
