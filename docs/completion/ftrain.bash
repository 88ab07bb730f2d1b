# SPDX-License-Identifier: MIT
# Completion of ftrain for bash. All words come from `ftrain help --completion`, which prints the tables of options
# (ftrain/shell/completion.h has its form), so there is no list here that could grow old.

# Candidates for a value; sets COMPREPLY. _ftrain_value KIND WORDS ENDINGS WORD
_ftrain_value() {
    local kind=$1 words=$2 endings=$3 word=$4 before ending
    case $kind in
    words) COMPREPLY+=($(compgen -W "$words" -- "$word")) ;;
    list)
        before=
        if [[ $word == *,* ]]; then before=${word%,*},; fi
        COMPREPLY+=($(compgen -P "$before" -W "$words" -- "${word##*,}"))
        ;;
    file)
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen -W "$words" -- "$word"))
        local IFS=$'\n'
        if [ -z "$endings" ]; then COMPREPLY+=($(compgen -f -- "$word")); return; fi
        COMPREPLY+=($(compgen -d -- "$word"))
        for ending in ${endings// /$'\n'}; do COMPREPLY+=($(compgen -f -X "!*$ending" -- "$word")); done
        ;;
    folder)
        compopt -o filenames 2>/dev/null
        local IFS=$'\n'
        COMPREPLY+=($(compgen -d -- "$word"))
        ;;
    esac
    # with a single candidate that wants more behind it, no space follows
    case "${#COMPREPLY[@]} ${COMPREPLY[0]}" in "1 "*:) compopt -o nospace 2>/dev/null ;; esac
}

_ftrain() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
    local line name letter kind words endings rest options=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$option" = help ]; }; then
        words=$("$program" help --completion 2>/dev/null | cut -f 1)
        if [ "$COMP_CWORD" -eq 1 ]; then words="$words help --help --version -V"; fi
        COMPREPLY=($(compgen -W "$words" -- "$word"))
        return
    fi
    # bash takes --option=value apart: three words
    if [ "$word" = = ]; then word=; elif [ "$option" = = ]; then option=${COMP_WORDS[COMP_CWORD - 2]}; fi
    while IFS= read -r line; do
        # a tab is white space to read, which would swallow empty fields
        IFS=$'\x1f' read -r name letter kind words endings rest <<<"${line//$'\t'/$'\x1f'}"
        if [ "$kind" != flag ] && { [ "$option" = "$name" ] || [ "$option" = "$letter" ]; } && [ "$name" != - ]; then
            COMPREPLY=()
            _ftrain_value "$kind" "$words" "$endings" "$word"
            return
        fi
        if [ "$name" != - ]; then
            options+=" $name"
        elif [[ $word != -* ]]; then
            _ftrain_value "$kind" "$words" "$endings" "$word"
        fi
    done < <("$program" help --completion "${COMP_WORDS[1]}" 2>/dev/null)
    if [[ $word == -* ]]; then COMPREPLY+=($(compgen -W "$options" -- "$word")); fi
}

complete -F _ftrain ftrain
