# shellcheck shell=bash
# Shared by the scripts beside it, to be sourced by bash. The caller sets `tag`, which opens every line that it prints.
# Lines for people go to standard error: standard output carries answers only (an address, a URL, a folder).

: "${tag:=local}"

say() { printf '[%s] %s\n' "$tag" "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

now_ms() {
  # Locales differ in the decimal mark.
  local now=${EPOCHREALTIME/[.,]/}
  echo $((now / 1000))
}

# Seconds since START_MS with one decimal.
since() {
  local ms=$(($(now_ms) - $1))
  echo "$((ms / 1000)).$((ms % 1000 / 100))"
}

# Poll COMMAND until it succeeds; fails after SECONDS.
wait_for() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@"; do
    (($(now_ms) < deadline)) || return 1
    sleep 0.1
  done
}

need_command() { # NAME...
  local name
  for name; do
    command -v "$name" >/dev/null || die "$name is not installed: run deploy/local/setup first"
  done
}

short_hash() { printf '%s' "$1" | sha256sum | cut -c1-12; }

cache_folder() { echo "${STOCKBUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stockbus}"; }

# An absolute folder without symbolic links, made when missing: one folder, one name.
real_folder() {
  mkdir -p -- "$1"
  (cd -- "$1" && pwd -P)
}

# ---- ports

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below 32768, where the kernel takes the ports of outgoing connections from: a port seen free stays free. A port that
# another start chose and does not listen on yet is found in a shared folder: one empty file a port, old ones are nobody's.
free_port() {
  local port tries chosen=${TMPDIR:-/tmp}/stockbus-ports
  (umask 0 && mkdir -p "$chosen") 2>/dev/null || true
  find "$chosen" -maxdepth 1 -type f -mmin +10 -delete 2>/dev/null || true
  for ((tries = 0; tries < 100; tries++)); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    port_open "$port" && continue
    if (set -o noclobber && : >"$chosen/$port") 2>/dev/null || [[ ! -w $chosen ]]; then
      echo "$port"
      return
    fi
  done
  die "no free port found between 20000 and 31999"
}

# ---- processes

# A pid alone proves nothing after a crash or a reboot: the process must also have ARGUMENT on its command line.
# A zombie has none, and so counts as gone.
process_is() { # PID ARGUMENT
  [[ ${1:-} =~ ^[0-9]+$ ]] && grep -qszxF -e "$2" "/proc/$1/cmdline"
}

process_gone() { ! process_is "$@"; }

# For the bash that becomes a server: with the caller's open files it would hold locks and pipes for ever.
# shellcheck disable=SC2016
close_files='for fd in /proc/self/fd/*; do fd=${fd##*/}; ((fd <= 2)) || eval "exec $fd>&-"; done; '

# Start COMMAND in a session of its own, so that it survives the caller. The process writes its own pid before it
# becomes COMMAND: killing the caller at any moment leaves no server without a pid file.
detach() { # LOG PIDFILE COMMAND...
  local log=$1 pidfile=$2
  shift 2
  # shellcheck disable=SC2016
  setsid bash -c "$close_files"'echo $$ >"$0" && exec "$@"' "$pidfile" "$@" </dev/null >>"$log" 2>&1 &
}

# One start at a time for one folder. The lock goes with the process.
take_lock() { # FILE
  exec 9>"$1"
  flock -w 300 9 || die "another start has been at work for 300 s (lock $1)"
}

show_log() { # FILE... the last lines of each, indented
  local file
  for file; do
    [[ -s $file ]] || continue
    say "last lines of $file:"
    tail -n 15 -- "$file" | sed 's/^/    /' >&2
  done
}
