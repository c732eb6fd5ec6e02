# Sourced by the scripts beside it: makes .venv and installs semdraw into it, once per change of the dependencies.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$root/.venv"

say() { printf '%s\n' "$*" >&2; }

find_python() {
  local name
  for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "semdraw needs Python 3.11 or newer and found none. Install one, or name it: PYTHON=/path/to/python $0"
  return 1
}

# What the installation depends on; a change of any of it installs again.
fingerprint() {
  { printf '%s\n' "$root"; cat "$root/pyproject.toml" "$root/constraints.txt"; } | git hash-object --stdin
}

install_step() {
  say "  $1"
  shift
  # What builds a package is held to the same versions; the second name is the one of newer pip.
  local -x PIP_CONSTRAINT="$root/constraints.txt" PIP_BUILD_CONSTRAINT="$root/constraints.txt"
  # With bars where someone watches, quiet otherwise.
  if [ -t 2 ]; then
    "$venv/bin/python" -m pip install --disable-pip-version-check "$@"
  else
    "$venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@"
  fi
}

# ensure_environment app|dev: returns at once where everything is installed already.
ensure_environment() {
  local kind="$1" target="$root" stamp
  stamp="$(fingerprint)"
  [ "$(cat "$venv/.stamp-dev" 2>/dev/null)" = "$stamp" ] && return
  [ "$kind" = app ] && [ "$(cat "$venv/.stamp-app" 2>/dev/null)" = "$stamp" ] && return
  [ "$kind" = dev ] && target="$root[dev]"
  say "Setting up semdraw in $venv. This happens once and takes a few minutes (about 1.3 GB with PyTorch)."
  # Where python3-venv was missing, a folder without pip is left behind: it is made once more.
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    local python
    python="$(find_python)" || return 1
    "$python" -m venv "$venv" || {
      say "Python could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv, then again"
      return 1
    }
  fi
  install_step "1 of 2: PyTorch, the largest part" "$(grep '^torch==' "$root/constraints.txt")" || return 1
  install_step "2 of 2: everything else" --editable "$target" || return 1
  printf '%s\n' "$stamp" >"$venv/.stamp-$kind"
  say "Ready."
}

# Two scripts started at once must not install into the same folder.
with_lock() {
  mkdir -p "$venv"
  if command -v flock >/dev/null; then
    exec 9>"$venv/.lock"
    flock 9
  fi
  "$@" || exit 1
  exec 9>&-
}
