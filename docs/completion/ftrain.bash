# Completion of ftrain's commands, options and their values for bash; in zsh after `autoload -U bashcompinit; bashcompinit`.
#
# All words come from ftrain's own help, so there is no list here that could grow old: commands from `ftrain help`,
# options from `ftrain COMMAND --help`, and the values of an option whose argument reads a|b|c from there too.
# Everything else is completed as a path.

_ftrain() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} help choices
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$before" = help ]; }; then
        choices=$("$program" help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p')
        if [ "$COMP_CWORD" -eq 1 ]; then choices="$choices help --help --version -V"; fi
        COMPREPLY=($(compgen -W "$choices" -- "$word"))
        return
    fi
    help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null)
    choices=$(sed -n "s/^ \+\(-., \)\?$before \([a-z0-9|]*|[a-z0-9|]*\) .*/\2/p" <<<"$help" | tr '|' ' ')
    if [ -z "$choices" ] && [[ $word == -* ]]; then
        choices=$(sed -n 's/^ \+\(-., \)\?\(--[a-z0-9-]*\).*/\2/p' <<<"$help")
    fi
    if [ -n "$choices" ]; then COMPREPLY=($(compgen -W "$choices" -- "$word")); fi
}

complete -o default -F _ftrain ftrain
