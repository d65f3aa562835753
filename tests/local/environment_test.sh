#!/usr/bin/env bash
# The private broker and database keep what they were given, whatever ends them, and leave nothing running.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
setup=$root/deploy/local/setup
broker=$root/deploy/local/broker
database=$root/deploy/local/database
fetch=$root/deploy/local/jars
kafka=$root/deploy/local/kafka

# Open to the user postgres, unlike what mktemp makes.
work=$(mktemp -d)
chmod 755 "$work"
run=$work/run
log=$work/log
passed=0
failed=0

clean() {
  local folder
  for folder in "$work"/*/ "$work"/closed/below; do
    [[ ! -d $folder/kafka ]] || "$broker" kill "$folder" || true
    [[ ! -e $folder/postgres ]] || "$database" remove "$folder" || true
  done >/dev/null 2>&1
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

# A case is a function. Its commands run under set -e in a shell of its own, so that one failure ends it alone.
check() { # NAME FUNCTION
  local status=0
  set +e
  (set -e; "$2") >"$log" 2>&1
  status=$?
  set -e
  if ((status == 0)); then
    passed=$((passed + 1))
    echo "ok $1"
  else
    failed=$((failed + 1))
    echo "not ok $1"
    sed 's/^/    /' "$log"
  fi
}

refused() { ! "$@"; }
prints() { # TEXT COMMAND...
  local text=$1 output
  shift
  output=$("$@" 2>&1) || true
  echo "$output"
  [[ $output == *"$text"* ]]
}

# ---- packages and jars

setup_is_quick() {
  "$setup"
  local before=${EPOCHREALTIME/[.,]/}
  prints 'packages are there' "$setup"
  ((${EPOCHREALTIME/[.,]/} - before < 1000000))
}

# A list that disagrees with the jars in all three ways.
fetch_checks_jars() {
  local home copy=$work/copy
  home=$("$fetch" "$kafka")
  mkdir -p "$copy/kafka" "$work/cache"
  cp "$root"/deploy/local/{lib.sh,jars} "$copy/"
  cp "$root"/deploy/local/kafka/{pom.xml,SHA256SUMS} "$copy/kafka/"
  sed -i '1s/^....../000000/; 2d' "$copy/kafka/SHA256SUMS"
  printf '%064d  missing.jar\n' 0 >>"$copy/kafka/SHA256SUMS"
  refused env STOCKBUS_CACHE="$work/cache" "$copy/jars" "$copy/kafka" 2>"$work/said"
  cat "$work/said"
  grep -q 'HdrHistogram.*differs, missing.jar is missing, activation.*is not in the list' "$work/said"
  # Nothing half-made stays behind.
  [[ -z $(find "$work/cache" -name '*.jar' -o -name '.fetch*') ]]
  [[ $("$fetch" "$kafka") == "$home" ]]
}

# ---- broker

produce() { kcat -q -b "$("$broker" address "$run")" -P -t kept -X acks=all <<<"$1"; }
consume() { kcat -q -b "$("$broker" address "$run")" -C -t kept -o beginning -e; }

# Only the broker may make topics, and no tool for that is as quick as its own.
make_topic() {
  java -cp "$("$fetch" "$kafka")/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$("$broker" address "$run")" \
    --create --topic kept --partitions 1 --replication-factor 1
}

broker_starts() {
  "$broker" start "$run"
  "$broker" status "$run"
  make_topic
  produce first
  [[ $(consume) == first ]]
}

broker_starts_twice() {
  local pid
  pid=$(cat "$run/kafka/pid")
  "$broker" start "$run"
  [[ $(cat "$run/kafka/pid") == "$pid" ]]
}

broker_survives_kill() {
  local address
  address=$("$broker" address "$run")
  produce second
  "$broker" kill "$run"
  refused "$broker" status "$run"
  "$broker" restart "$run"
  [[ $("$broker" address "$run") == "$address" ]]
  [[ $(consume) == first$'\n'second ]]
}

broker_restarts() {
  local pid
  pid=$(cat "$run/kafka/pid")
  "$broker" restart "$run"
  [[ $(cat "$run/kafka/pid") != "$pid" ]]
  [[ $(consume) == first$'\n'second ]]
}

broker_stops() {
  "$broker" stop "$run"
  refused "$broker" status "$run"
  "$broker" stop "$run"
  refused "$broker" kill "$run"
}

# The pid of a stranger, which must be neither taken for the broker nor killed.
broker_ignores_stale_pid() {
  sleep 60 &
  local stranger=$!
  echo "$stranger" >"$run/kafka/pid"
  refused "$broker" status "$run"
  "$broker" stop "$run"
  kill -0 "$stranger"
  echo "$stranger" >"$run/kafka/pid"
  "$broker" start "$run"
  kill "$stranger"
  [[ $(consume) == first$'\n'second ]]
  "$broker" stop "$run"
}

broker_says_port_taken() {
  python3 -m http.server --bind 127.0.0.1 "$("$broker" address "$run" | cut -d: -f2)" >/dev/null 2>&1 &
  local thief=$!
  sleep 1
  prints 'is taken by another program' "$broker" start "$run"
  kill "$thief"
}

broker_formats_again_after_interruption() {
  mkdir -p "$work/half/kafka/data"
  touch "$work/half/kafka/data/bootstrap.checkpoint"
  "$broker" start "$work/half"
  "$broker" remove "$work/half"
  [[ ! -e $work/half/kafka ]]
}

# Whatever the start was doing when it was killed, the next one makes a whole broker of it.
broker_survives_kill_of_its_start() {
  local after start
  for after in 0.3 0.8 1.6; do
    "$broker" start "$work/cut" &
    start=$!
    sleep "$after"
    kill -KILL "$start"
    wait "$start" || true
    "$broker" start "$work/cut"
    "$broker" remove "$work/cut"
  done
}

broker_says_why_it_ends() {
  "$broker" start "$work/broken"
  "$broker" stop "$work/broken"
  sed -i 's/^node.id=1/node.id=7/' "$work/broken/kafka/data/meta.properties"
  prints 'ended while starting' "$broker" start "$work/broken"
  "$broker" remove "$work/broken"
}

# ---- database

sql() { # FOLDER STATEMENT
  psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$("$database" url "$1")" -c "$2"
}

postmaster() { head -n 1 "$run/postgres/data/postmaster.pid"; }

database_starts() {
  "$database" start "$run"
  "$database" status "$run"
  sql "$run" 'CREATE TABLE kept (n int)'
  sql "$run" 'INSERT INTO kept VALUES (1)'
  [[ $(sql "$run" 'SHOW max_pred_locks_per_transaction') == 2048 ]]
  [[ $(sql "$run" 'SHOW max_pred_locks_per_page') == 1000 ]]
  [[ $(sql "$run" 'SHOW fsync') == on && $(sql "$run" 'SHOW listen_addresses') == 127.0.0.1 ]]
}

database_starts_twice() {
  local pid
  pid=$(postmaster)
  "$database" start "$run"
  [[ $(postmaster) == "$pid" ]]
}

database_survives_kill() {
  local url
  url=$("$database" url "$run")
  sql "$run" 'INSERT INTO kept VALUES (10)'
  "$database" kill "$run"
  refused "$database" status "$run"
  "$database" restart "$run"
  [[ $("$database" url "$run") == "$url" ]]
  [[ $(sql "$run" 'SELECT sum(n) FROM kept') == 11 ]]
}

# A session at work outlives the server's first process for a moment, and must not spoil the next start.
database_survives_kill_of_one_process() {
  sql "$run" 'SELECT pg_sleep(30)' &
  local session=$!
  sleep 0.5
  kill -KILL "$(postmaster)"
  "$database" start "$run"
  wait "$session" || true
  [[ $(sql "$run" 'SELECT sum(n) FROM kept') == 11 ]]
}

database_restarts() {
  local pid
  pid=$(postmaster)
  "$database" restart "$run"
  [[ $(postmaster) != "$pid" ]]
  [[ $(sql "$run" 'SELECT sum(n) FROM kept') == 11 ]]
}

database_stops() {
  "$database" stop "$run"
  refused "$database" status "$run"
  "$database" stop "$run"
  refused "$database" kill "$run"
}

database_ignores_stale_pid() {
  sleep 60 &
  local stranger=$!
  echo "$stranger" >"$run/postgres/data/postmaster.pid"
  refused "$database" status "$run"
  "$database" stop "$run"
  kill -0 "$stranger"
  "$database" start "$run"
  kill "$stranger"
  [[ $(sql "$run" 'SELECT sum(n) FROM kept') == 11 ]]
  "$database" stop "$run"
}

database_starts_after_interrupted_initdb() {
  mkdir -p "$work/half/postgres"
  ((EUID != 0)) || chown postgres: "$work/half/postgres"
  mkdir "$work/half/postgres/data.new"
  touch "$work/half/postgres/data.new/PG_VERSION"
  "$database" start "$work/half"
  [[ $(sql "$work/half" 'SELECT 7') == 7 ]]
  "$database" remove "$work/half"
}

database_survives_kill_of_its_start() {
  local after start
  for after in 0.1 0.3 0.6; do
    "$database" start "$work/cut" &
    start=$!
    sleep "$after"
    kill -KILL "$start"
    wait "$start" || true
    "$database" start "$work/cut"
    [[ $(sql "$work/cut" 'SELECT 7') == 7 ]]
    "$database" remove "$work/cut"
  done
}

# Root's database belongs to a user who cannot enter root's folders.
database_works_below_closed_folder() {
  local folder=$work/closed/below real
  mkdir -p "$folder"
  chmod 700 "$work/closed"
  "$database" start "$folder"
  [[ $(sql "$folder" 'SELECT 7') == 7 ]]
  real=$(readlink -f "$folder/postgres")
  # DIR deleted by hand while the server runs: the next start begins anew and leaves no orphan.
  sql "$folder" 'CREATE TABLE old ()'
  ((EUID != 0)) || {
    rm "$folder/postgres"
    "$database" start "$folder"
    [[ $(sql "$folder" "SELECT count(*) FROM pg_class WHERE relname = 'old'") == 0 ]]
  }
  "$database" remove "$folder"
  [[ ! -e $real && ! -e $folder/postgres ]]
}

database_works_at_long_path() {
  local folder
  folder=$work/$(printf 'long-%.0s' {1..30})
  "$database" start "$folder"
  [[ $(sql "$folder" 'SELECT 7') == 7 ]]
  "$database" remove "$folder"
}

database_migrates_twice() {
  "$database" start "$run"
  "$database" migrate "$run"
  "$database" migrate "$run"
  psql -X -q -d "$("$database" url "$run" postgres stockbus)" -c 'SELECT count(*) FROM sqitch.changes'
  "$database" stop "$run"
}

nothing_runs() {
  local process left=''
  for process in /proc/[0-9]*/cmdline; do
    ! grep -qsF "$work" "$process" || left+=" ${process//[^0-9]/}"
  done
  [[ -z $left ]] || ps -o pid,args -p "${left// /,}" || true
  # This script's own command line does not name the folder.
  [[ -z $left ]]
}

check 'setup has nothing to do the second time' setup_is_quick
check 'fetch refuses changed, missing and unknown jars' fetch_checks_jars
check 'broker starts and keeps a record' broker_starts
check 'broker starts twice as one' broker_starts_twice
check 'broker keeps records and address over a kill' broker_survives_kill
check 'broker keeps records over a restart' broker_restarts
check 'broker stops, and stops twice' broker_stops
check 'broker is not fooled by a stale pid file' broker_ignores_stale_pid
check 'broker says when its port is taken' broker_says_port_taken
check 'broker formats again after an interrupted format' broker_formats_again_after_interruption
check 'broker starts after its start was killed' broker_survives_kill_of_its_start
check 'broker says that it ended while starting' broker_says_why_it_ends
check 'database starts and keeps a row' database_starts
check 'database starts twice as one' database_starts_twice
check 'database keeps rows and URL over a kill' database_survives_kill
check 'database keeps rows when one process alone is killed' database_survives_kill_of_one_process
check 'database keeps rows over a restart' database_restarts
check 'database stops, and stops twice' database_stops
check 'database is not fooled by a stale pid file' database_ignores_stale_pid
check 'database starts after an interrupted initdb' database_starts_after_interrupted_initdb
check 'database starts after its start was killed' database_survives_kill_of_its_start
check 'database works below a closed folder' database_works_below_closed_folder
check 'database works at a long path' database_works_at_long_path
[[ ! -e $root/db/sqitch.plan ]] || check 'database migrates, and migrates twice' database_migrates_twice
check 'nothing is left running' nothing_runs

echo "$passed passed, $failed failed"
((failed == 0))
