#!/usr/bin/env bash
# What the shell offers behind `ftrain`: words of the program's own help.
#
#     BUILD=build test/house/test_completion.sh         from the repository root
set -u

ftrain=${BUILD:-build}/ftrain/ftrain
source docs/completion/ftrain.bash
failures=0

# offers 'WORDS TYPED SO FAR|' EXPECTED...: each of EXPECTED is among what is offered for the last word, or, with
# the first EXPECTED being "only", they are all of it.
offers() {
    local typed=$1 only="" missing=""
    shift
    if [ "$1" = only ]; then only=1; shift; fi
    IFS='|' read -ra COMP_WORDS <<<"$typed|"
    COMP_WORDS[0]=$ftrain
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _ftrain
    for word in "$@"; do
        case " ${COMPREPLY[*]} " in *" $word "*) ;; *) missing="$missing $word" ;; esac
    done
    if [ -z "$missing" ] && { [ -z "$only" ] || [ ${#COMPREPLY[@]} -eq $# ]; }; then
        echo "ok - behind '${typed//|/ }': $*"
    else
        echo "# offered: ${COMPREPLY[*]}"
        echo "not ok - behind '${typed//|/ }':${missing:- more than $*}"
        failures=1
    fi
}

offers 'ftrain|t' only train
offers 'ftrain|weights|--u' only --url
offers 'ftrain|w' only weights
offers 'ftrain|e' evaluate extract
offers 'ftrain|--v' only --version
offers 'ftrain|help|conv' only convert
offers 'ftrain|train|--we' only --weights --weight-decay
offers 'ftrain|predict|--model|m.safetensors|--to' only --top
offers 'ftrain|train|--precision|' only fp32 bf16
offers 'ftrain|predict|--format|' only text csv json
offers 'ftrain|train|--optimizer|' only sgd adam
offers 'ftrain|train|--recipe|' only default capstone
offers 'ftrain|train|--schedule|' only constant step cosine plateau
offers 'ftrain|nonsense|--' only
offers 'ftrain|predict|picture' only
exit $failures
