#!/usr/bin/env bash
# The whole course in one command.
#
#   bash run.sh          the course: data, SFT, RL, evaluation (46 minutes on two CPU cores)
#   bash run.sh quick    a smaller world, learnt in minutes; there repairs fail
#   bash run.sh test     the tests; more arguments go to pytest: bash run.sh test -k sandbox
#   bash run.sh lab      a copy of the project for EXERCISES.md: out/lab, or a folder you name
#   bash run.sh time     minutes by stage of the run in out, or in a folder you name, as a table
#   bash run.sh setup    only .venv with the pinned requirements, which the others make, too
#   bash run.sh help     this text
#
# Flags go to each stage that has them: --seed 1 --out out/seed1 --preset cpu --steps 50 (SFT, RL).
# A GPU is used where there is one. Finished stages are skipped; killed? type the same again.
# Linux, or WSL on Windows (macOS: untested); Python 3.11 or newer (PYTHON=/path/to/it bash run.sh).
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
export PIP_DISABLE_PIP_VERSION_CHECK=1 python=.venv/bin/python
fail() { echo "run.sh: $*" >&2; exit 1; }
recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_gpu() { command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q 'GPU 0:'; }
make_venv() {
  local name; for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    recent "$name" || continue
    echo "set-up: making .venv with $("$name" --version)"
    "$name" -m venv .venv || fail "could not make .venv (Debian, Ubuntu: apt install python3-venv)"
    return
  done
  fail "needs Python 3.11 or newer, found $(python3 --version 2>/dev/null || echo none);" \
    "install one, or name it: PYTHON=/path/to/python3.12 bash run.sh"
}
install_torch() {  # on Linux the usual build brings gigabytes of CUDA: take another without a GPU
  local small=https://download.pytorch.org/whl/cpu pin
  pin=$(grep '^torch==' requirements.txt)
  case "$("$python" -m pip freeze 2>/dev/null)" in *"$pin"*) return ;; esac
  echo "set-up: installing $pin"
  if [ "$(uname -s)" = Linux ] && ! has_gpu && timeout 8 "$python" -c "import urllib.request as u
u.urlopen('$small/torch/', timeout=5)" 2>/dev/null &&
    "$python" -m pip install --timeout 30 --retries 2 --index-url $small "$pin"; then return; fi
  "$python" -m pip install "$pin" || fail "could not install $pin; the same command tries again"
}
install_extra() {  # the packages of one extra of pyproject.toml
  grep "^$1 = " pyproject.toml | grep -o '"[^"]*"' | tr -d '"' > ".venv/$1.txt"
  if cmp -s ".venv/$1.txt" ".venv/$1.done"; then return; fi
  "$python" -m pip install -q -r ".venv/$1.txt" && cp ".venv/$1.txt" ".venv/$1.done"
}
setup() {  # a .venv that was cut off half-made, or whose Python has gone, is made again
  case "$(uname -s)" in MINGW* | MSYS* | CYGWIN*) fail "on Windows, run this inside WSL" ;; esac
  if ! "$python" -m pip --version >/dev/null 2>&1; then rm -f .venv/*.done; make_venv; fi
  recent "$python" || fail "Python in .venv is too old: delete the folder .venv, run this again"
  if cmp -s requirements.txt .venv/requirements.done; then return; fi
  install_torch
  "$python" -m pip install -q -r requirements.txt || fail "pip failed; the same command tries again"
  cp requirements.txt .venv/requirements.done
}
torchrun='import logging, sys, torch.distributed.run as run; logging.disable()  # no long report
said = {"ChildFailedError": 1, "SignalException": "stopped; the same command goes on"}
try: run.main()
except Exception as e: sys.exit(said.get(type(e).__name__, repr(e)))'
stage() {  # stage PROCESSES script.py flags...
  local began=$SECONDS start=("$python"); [ "$1" = 1 ] ||
    start=(env OMP_NUM_THREADS=1 "$python" -c "$torchrun" --standalone "--nproc_per_node=$1")
  echo "== ${*:2}"
  "${start[@]}" "${@:2}" || fail "$2 stopped; if it was killed, the same command goes on"
  echo "== took $((SECONDS - began)) s"
}
course() {  # two CPU processes sample faster than one with two threads
  local several=1 out; trap 'exit 130' INT; export COURSE=1  # stages take the flags of others, too
  setup; install_extra plots || echo "set-up: no matplotlib, so no plots"
  has_gpu || [ "$(nproc 2>&- || sysctl -n hw.ncpu)" = 1 ] || several=2
  out=$("$python" -c 'import argparse as a; p = a.ArgumentParser(allow_abbrev=False)
p.add_argument("--out", default="out"); print(p.parse_known_args()[0].out)' "$@")
  stage 1 tasks.py "$@"; stage 1 sft.py "$@"
  stage $several rl.py "$@"; stage $several eval.py "$@"
  if "$python" -c 'import matplotlib' 2>/dev/null; then (stage 1 -m lab.plots "$out") || :; fi
  echo "minutes:"; "$python" -m lab.minutes "$out"
  echo "table: $out/report.md   numbers: $out/metrics.json"
}

command=course; if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then command=$1; shift; fi
case "$command ${1:-}" in test*) ;; *\ -h | *\ --help) command=help ;; esac
case "$command" in course) course "$@" ;;
  quick) course --preset quick --out out/quick "$@"
    echo "preset quick: a smaller world: RL and picking show, repairs fail" ;;
  test) setup; install_extra dev; status=0
    "$python" -m ruff check --output-format concise . || status=$?
    "$python" -m pytest -q "$@" || status=$?; exit $status ;;
  lab) setup; install_extra dev; "$python" -m lab.stubs "$@" ;; time) setup; "$python" -m lab.minutes "$@" ;;
  setup) setup ;; help) sed -n '2,/^set/s/^# \{0,1\}//p' run.sh ;;
  *) fail "no such command: $command (quick, test, lab, time, setup, help; none: the course)" ;;
esac
