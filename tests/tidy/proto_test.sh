#!/usr/bin/env bash
# Proves that tests/tidy/proto finds what it is for, by planting one error at a time in a copy of proto/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

copy() {
  rm -rf "$work/proto"
  cp -r proto "$work/proto"
}

passes() { # NAME COMMAND...
  local name=$1 status=0
  shift
  "$@" >"$work/said" 2>&1 || status=$?
  if ((status == 77)); then
    cat "$work/said"
    exit 77
  fi
  ((status == 0)) || { echo "FAILED $name: $(cat "$work/said")"; exit 1; }
  echo "ok $name"
}

refuses() { # NAME PATTERN
  local name=$1 pattern=$2
  if tests/tidy/proto "$work/proto" >"$work/said" 2>&1; then
    echo "FAILED $name: nothing was found"
    exit 1
  fi
  grep -q -- "$pattern" "$work/said" || { echo "FAILED $name: $(cat "$work/said")"; exit 1; }
  echo "ok $name"
}

event=$work/proto/stockbus/v1/event.proto

copy
passes the_tree_itself_is_clean tests/tidy/proto "$work/proto"

sed -i 's/ string order_id = 1;/ string orderId = 1;/' "$event"
refuses a_field_in_camel_case_fails_lint 'orderId'

copy
sed -i 's/ sint64 ordered = 4;/ sint64 ordered = 14;/' "$event"
refuses a_renumbered_field_is_breaking 'field "4" with name "ordered"'

copy
sed -i 's/ sint64 ordered = 4;/ string ordered = 4;/' "$event"
refuses a_retyped_field_is_breaking 'changed type from "sint64" to "string"'

copy
sed -i 's/ string status = 8;/ optional string status = 8;/' "$event"
refuses an_optional_field_is_refused 'optional is not used here'

copy
sed -i 's/ string status = 8;/&\n  string note = 99;/' "$event"
refuses an_addition_must_enter_the_baseline 'the baseline lacks the latest additions'
passes an_addition_can_be_accepted tests/tidy/proto --accept "$work/proto"
passes an_accepted_addition_is_clean tests/tidy/proto "$work/proto"
