#!/usr/bin/env bash
# The whole course in one command.
#
#   bash run.sh                the course: data -> SFT -> RL -> report (under 30 minutes on 2 CPU cores)
#   bash run.sh quick          the same stages at toy size (under 4 minutes); its numbers mean nothing
#   bash run.sh controls       the course, then RL beside what it is held against (about 40 minutes more)
#   bash run.sh full           all that, then every table and ablation (hours on a CPU)
#   bash run.sh test           the tests; further arguments go to pytest, as in: bash run.sh test -k sandbox
#   bash run.sh setup          only .venv and the requirements
#   bash run.sh help           this text
#
# Each but help makes .venv and installs the pinned requirements first, once. Flags are handed to every stage:
#   bash run.sh --seed 1 --out out/seed1          (also --preset cpu | gpu; without it the device decides, but controls and full take cpu)
# Paths are relative to the project's folder. What is finished is skipped, what was killed goes on: type the same command again.
# Needs Linux, macOS, or WSL on Windows, and Python 3.11 or newer (PYTHON=/path/to/python bash run.sh picks one).

set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
export PIP_DISABLE_PIP_VERSION_CHECK=1
python=.venv/bin/python
torch_without_cuda=https://download.pytorch.org/whl/cpu

fail() { echo "run.sh: $*" >&2; exit 1; }

# ---------------------------------------------------------------------------------------------------------------------------
# Set-up: a virtual environment with the pinned requirements.

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

make_venv() {
  local name found=""
  for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if recent_enough "$name"; then found=$name; break; fi
  done
  [ -n "$found" ] || fail "needs Python 3.11 or newer, found $(python3 --version 2>/dev/null || echo none);" \
    "install one, or name it: PYTHON=/path/to/python3.12 bash run.sh"
  echo "set-up: making .venv with $("$found" --version)"
  "$found" -m venv .venv || fail "could not make .venv (on Debian and Ubuntu: apt install python3-venv)"
}

has_nvidia_gpu() { command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU; }

installed() {  # is this pin, like torch==2.13.0, there already? A local suffix (+cpu) counts as the same version.
  "$python" - "$1" <<'PYTHON' 2>/dev/null
import sys
from importlib.metadata import version
name, wanted = sys.argv[1].split("==")
sys.exit(version(name).split("+")[0] != wanted)
PYTHON
}

install_torch() {
  local pin
  pin=$(grep '^torch==' requirements.txt)
  if installed "$pin"; then return; fi
  # On Linux the default build brings gigabytes of CUDA. Without a GPU, take the small one, if its index answers within seconds.
  if [ "$(uname -s)" = Linux ] && ! has_nvidia_gpu &&
    timeout 8 "$python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=5)' $torch_without_cuda/torch/ 2>/dev/null; then
    echo "set-up: installing $pin (no NVIDIA GPU seen: the build without CUDA)"
    if "$python" -m pip install --timeout 30 --retries 2 --index-url $torch_without_cuda "$pin"; then return; fi
  fi
  echo "set-up: installing $pin"
  "$python" -m pip install "$pin"
}

install_extra() {  # the packages of one extra of pyproject.toml
  "$python" -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$1'], sep='\n')" \
    > ".venv/extra-$1.txt"
  if cmp -s ".venv/extra-$1.txt" ".venv/extra-$1.done"; then return; fi
  echo "set-up: installing the extra $1"
  "$python" -m pip install --quiet -r ".venv/extra-$1.txt" && cp ".venv/extra-$1.txt" ".venv/extra-$1.done"
}

setup() {
  case "$(uname -s)" in MINGW* | MSYS* | CYGWIN*) fail "on Windows, run this inside WSL (https://learn.microsoft.com/windows/wsl/install)" ;; esac
  # a .venv that was cut off half-made, or whose Python has gone, is made again
  if ! "$python" -m pip --version >/dev/null 2>&1; then rm -f .venv/*.done; make_venv; fi
  recent_enough "$python" || fail "$("$python" --version) in .venv is too old: delete the folder .venv and run this again"
  if cmp -s requirements.txt .venv/requirements.done; then return; fi
  install_torch
  echo "set-up: installing the other requirements"
  "$python" -m pip install --quiet -r requirements.txt
  cp requirements.txt .venv/requirements.done
}

# ---------------------------------------------------------------------------------------------------------------------------
# Stages.

stage() {  # stage NAME command...: runs it and prints its wall seconds, in this call
  local name=$1 began=$SECONDS status=0
  shift
  echo "== $name: $*"
  "$python" "${@:2}" || status=$?
  if [ $status -ne 0 ]; then
    echo "== $name stopped with status $status after $((SECONDS - began)) s; the same command goes on from there" >&2
    exit $status
  fi
  echo "== $name: $((SECONDS - began)) s"
}

course() {  # the flags go to every stage
  stage data python tasks.py "$@"
  stage sft python sft.py "$@"
  stage short python sft.py --predict-only "$@"
  stage short python sft.py --predict-only --format none "$@"
  stage rl python rl.py "$@"
}

controls() {  # RL beside what it is held against; the same flags, the same folder, other names
  # SFT continued for as long as RL trained.
  stage control python sft.py --control rl "$@"
  # Explanations scarce: SFT learns a twentieth of its data by heart, then RL goes on where no explanation is imitated.
  stage few python sft.py --data-share 0.05 --steps 4000 --name few "$@"
  stage few-rl python rl.py --start few --steps 150 --name few-rl "$@"
  stage few-control python sft.py --control few-rl "$@"
}

ablations() {
  # Prediction alone, a dedicated verifier: as many tokens of prediction as the joint model, in RL the programs that that one wrote.
  stage predict python sft.py --predict-only --tokens 16000000 --name sft-predict "$@"
  stage predict-rl python rl.py --start sft-predict --own-from rl --name predict-rl --solve-prompts 0 --fix-prompts 0 "$@"
  # Beside it the other answer formats, at the same budget of tokens, each with its own complete schedule.
  stage none python sft.py --predict-only --format none --tokens 16000000 --name sft-none "$@"
  stage raw python sft.py --predict-only --format raw --tokens 16000000 --name sft-raw "$@"
  # Other rewards: the outcome alone; imitation of own right answers. And the ceiling: explanations of RL's prompts in SFT.
  stage outcome python rl.py --reward outcome --name rl-outcome "$@"
  stage rejection python rl.py --reward rejection --name rl-rejection "$@"
  stage ceiling python sft.py --control rl --ceiling "$@"
  stage few-outcome python rl.py --start few --steps 150 --reward outcome --name few-rl-outcome "$@"
  stage few-rejection python rl.py --start few --steps 150 --reward rejection --name few-rl-rejection "$@"
  stage few-ceiling python sft.py --control few-rl --ceiling "$@"
  # All three texts with the other answer formats, before and after RL.
  local format
  for format in raw none; do
    stage joint-$format python sft.py --format $format --name joint-$format "$@"
    stage joint-$format-rl python rl.py --start joint-$format --name joint-$format-rl "$@"
  done
  # SFT that never saw a fix turn; SFT with some solve prompts without tests, and some fix prompts with the failing run's explanation.
  stage no-fix python sft.py --fix-share 0 --name no-fix "$@"
  stage extra python sft.py --without-tests 0.1 --fix-traces 0.5 --name extra "$@"
}

out_folder() {  # the last --out among the flags
  local out=out
  while [ $# -gt 0 ]; do
    case "$1" in
      --out) out=${2:-out} ;;
      --out=*) out=${1#--out=} ;;
    esac
    shift
  done
  echo "$out"
}

minutes() {  # minutes FOLDER: what each stage took, over all calls, beside what it may take (CPU preset, 2 cores)
  "$python" - "$1" <<'PYTHON'
import json, pathlib, sys
path = pathlib.Path(sys.argv[1], "seconds.json")
used = json.loads(path.read_text()) if path.exists() else {}
budget = {"data": 2, "sft": 17, "short": 2, "rl": 4, "eval": 4}
stages = list(budget) + [k for k, v in used.items() if k not in budget and not k.startswith("peak") and k != "total"]
print(f"\n{'stage':14s}{'budget':>8s}{'used':>8s}   minutes (budget: preset cpu on 2 cores)")
for name in stages:
    print(f"{name:14s}{budget.get(name, '-'):>8}{used.get(name, 0) / 60:8.1f}")
print(f"{'total':14s}{sum(budget.values()):>8}{sum(used.get(name, 0) for name in stages) / 60:8.1f}")
if "peak_memory_mb" in used:
    print(f"peak memory of one process: {used['peak_memory_mb']:,} MB")
PYTHON
}

finish() {  # finish FOLDER
  minutes "$1"
  echo "report: $1/report.md   numbers: $1/metrics.json"
}

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' run.sh; }

# ---------------------------------------------------------------------------------------------------------------------------

command=course
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then command=$1; shift; fi
case "${1:-}" in -h | --help) [ "$command" = test ] || command=help ;; esac

case "$command" in
  course)
    echo "The course: set-up, data, SFT, RL, report. Under 30 minutes on 2 CPU cores after set-up; restart it any time by the same command."
    setup
    install_extra plots || echo "set-up: no matplotlib, so no plots"
    course "$@"
    stage eval python eval.py "$@"
    finish "$(out_folder "$@")"
    ;;
  quick)
    echo "The stages at toy size, under 4 minutes on 2 CPU cores after set-up, to see the machinery move: ITS NUMBERS MEAN NOTHING."
    setup
    install_extra plots || echo "set-up: no matplotlib, so no plots"
    set -- --preset quick --out out/quick "$@"
    course "$@"
    stage eval python eval.py "$@"
    finish "$(out_folder "$@")"
    echo "This was the toy size: these numbers mean nothing. The course is: bash run.sh"
    ;;
  controls | full)
    echo "The course (under 30 minutes on 2 CPU cores), then more (hours, if it is full); restart it any time by the same command."
    setup
    install_extra plots || echo "set-up: no matplotlib, so no plots"
    set -- --preset cpu "$@"  # their sizes are that preset's
    course "$@"
    controls "$@"
    if [ "$command" = full ]; then
      ablations "$@"
      stage eval python eval.py --full --samples 20 --predictions 5 "$@"  # the paper's sizes
    else
      stage eval python eval.py --full --predictions 5 "$@"
    fi
    finish "$(out_folder "$@")"
    ;;
  test)
    echo "The tests: set-up, then ruff and pytest. About 4 minutes on 2 CPU cores after set-up."
    setup
    install_extra dev
    status=0
    "$python" -m ruff check --output-format concise . || status=$?
    "$python" -m pytest -q "$@" || status=$?
    exit $status
    ;;
  setup) setup ;;
  help) usage ;;
  *) fail "no such command: $command (there are: quick, controls, full, test, setup, help, or none for the course)" ;;
esac
