# SPDX-License-Identifier: MIT
# Completion of ftrain for fish. All words come from `ftrain help --completion`, which prints the tables of options
# (ftrain/shell/completion.h has its form), so there is no list here that could grow old.

# Candidates for a value: __ftrain_value KIND WORDS ENDINGS WORD
function __ftrain_value
    set -l -- words (string split -n ' ' -- $argv[2])
    set -l -- word $argv[4]
    switch $argv[1]
        case words
            string join \n -- $words
        case list
            set -l -- before (string match -r '.*,' -- $word)
            for each in $words
                echo "$before$each"
            end
        case file
            string join \n -- $words
            if test -z "$argv[3]"
                __fish_complete_path $word
            else
                set -l -- ends (string join '|' -- (string escape --style=regex -- (string split ' ' -- $argv[3])))
                __fish_complete_path $word | string match -r -- "^.*(?:$ends|/)(?:\t.*)?\$"
            end
        case folder
            __fish_complete_directories $word ''
    end
end

function __ftrain_complete
    set -l typed (commandline -opc)
    set -l -- word (commandline -ct)
    set -l -- program $typed[1]
    set -l -- before $typed[-1]
    if test (count $typed) -eq 1; or string match -qr -- '^help$' "$typed[2..]"
        $program help --completion 2>/dev/null
        if test (count $typed) -eq 1
            printf '%s\t%s\n' help 'explain a command' --version 'print the version'
        end
        return
    end
    set -l joined
    if string match -qr -- '^--[^=]+=' $word
        set -- before (string split -m 1 = -- $word)[1]
        set -- joined $before=
        set -- word (string split -m 1 = -- $word)[2]
    end
    set -l lines ($program help --completion $typed[2] 2>/dev/null)
    for line in $lines
        set -l field (string split \t -- $line)
        if test "$field[1]" != -; and test "$field[3]" != flag; and contains -- "$before" $field[1..2]
            for each in (__ftrain_value "$field[3]" "$field[4]" "$field[5]" "$word")
                echo "$joined$each"
            end
            return
        end
    end
    for line in $lines
        set -l field (string split \t -- $line)
        if string match -q -- '-*' $word
            if test "$field[1]" != -
                printf '%s\t%s\n' $field[1] $field[6]
            end
        else if test "$field[1]" = -
            __ftrain_value "$field[3]" "$field[4]" "$field[5]" "$word"
        end
    end
end

complete -c ftrain -f -a '(__ftrain_complete)'
