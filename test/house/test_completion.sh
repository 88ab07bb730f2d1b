#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What bash, zsh and fish offer behind `ftrain`, each through its own completion: words of the program's tables of options.
#
#     BUILD=build test/house/test_completion.sh         from the repository root
set -u

build=$(realpath "${BUILD:-build}")
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$build/ftrain:$PATH HOME=$work LC_ALL=C.UTF-8 XDG_CONFIG_HOME=$work XDG_CACHE_HOME=$work XDG_DATA_HOME=$work
failures=0

# ---- each prints the candidates for the last word of "ftrain ..." ----

bash_offers() { # LINE
    bash --norc -c '
        source "$1/docs/completion/ftrain.bash"
        read -ra COMP_WORDS <<<"${2//=/ = }"
        if [[ $2 == *" " || $2 == *= ]]; then COMP_WORDS+=(""); fi
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _ftrain
        printf "%s\n" "${COMPREPLY[@]}"' bash "$here" "$1"
}

fish_offers() { # LINE; of --option=value the value
    local before=${1##* }
    fish --no-config -c 'source $argv[1]/docs/completion/ftrain.fish; complete -C $argv[2]' "$here" "$1" | cut -f 1 |
        case $before in *=*) sed "s/^${before%%=*}=//" ;; *) cat ;; esac
}

# One zsh for all lines, on a terminal of its own. Whatever is added to the candidates is written down, with what zsh has taken
# off before it left out.
zsh_offers_all() { # reads LINES; prints "LINE<TAB>CANDIDATES"
    zsh -f -c '
        zmodload zsh/zpty
        zpty shell "TERM=dumb zsh -f -i"
        zpty -w shell "PS1= PROMPT_EOL_MARK= fpath=($1/docs/completion \$fpath); autoload -U compinit; compinit -D -u"
        zpty -w shell "compadd() { local -a hits; if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return; fi
            builtin compadd -A hits \"\$@\"; print -l -- \$hits >>\$found }"
        zpty -w shell "note() { zle complete-word; print end >>\$found; BUFFER= }; zle -N note; zle -C complete-word complete-word _main_complete; bindkey \"^X\" note"
        zpty -w shell "found=$2/ready; print end >\$found"
        number=0
        while IFS= read -r line; do
            number=$((number + 1))
            zpty -w shell "found=$2/$number; :>\$found"
            while [[ ! -e $2/$number ]]; do sleep 0.05; done
            zpty -w -n shell "$line"$'"'\\x18'"'
            for ((tries = 0; tries < 1200; tries++)); do
                if [[ $(tail -n 1 $2/$number 2>/dev/null) == end ]]; then break; fi
                zpty -r -t shell ignored
                sleep 0.05
            done
            print -r -- "$line"$'"'\\t'"'"${(j: :)${(f)$(grep -vx end $2/$number)}}"
        done
        zpty -d shell' zsh "$here" "$work"
}

# ---- cases: "LINE|only or nothing|EXPECTED..." ----

mkdir "$work/folder"
cd "$work/folder" || exit 1
mkdir data
touch m.safetensors w.pth page.html a.jpg
cases=$(
    cat <<'LIST'
ftrain tr|only|train
ftrain weights --u|only|--url
ftrain wei|only|weights
ftrain ev|only|evaluate
ftrain --v|only|--version
ftrain help conv|only|convert
ftrain train --we|only|--weights --weight-decay
ftrain predict --model m.safetensors --to|only|--top
ftrain train --precision |only|fp32 bf16 int8
ftrain train --precision=b|only|bf16
ftrain predict --format |only|text csv json
ftrain train --optimizer |only|sgd adam
ftrain train --recipe |only|default capstone
ftrain train --schedule |only|constant step cosine plateau
ftrain evaluate --split |only|train valid test
ftrain train --arch densenet1|only|densenet121 densenet161 densenet169
ftrain train -w rand|only|random:
ftrain train --class-weights |only|none balanced
ftrain baseline --only du|only|dummy
ftrain weights 1|only|121 161 169
ftrain predict -m m|only|m.safetensors
ftrain info m|only|m.safetensors
ftrain train --report p|only|page.html
ftrain predict a|only|a.jpg
ftrain nonsense --|only|
ftrain train --seed |only|
LIST
)
check() { # SHELL LINE ONLY EXPECTED FOUND
    local word missing=
    for word in $4; do
        case " $5 " in *" $word "*) ;; *) missing+=" $word" ;; esac
    done
    if [ -z "$missing" ] && { [ -z "$3" ] || [ "$(wc -w <<<"$5")" -eq "$(wc -w <<<"$4")" ]; }; then
        echo "ok - $1, behind '$2': ${4:-nothing}"
    else
        echo "# offered: $5"
        echo "not ok - $1, behind '$2':${missing:- more than $4}"
        failures=1
    fi
}

each() { # SHELL: the candidates by SHELL_offers
    local line only expected
    while IFS='|' read -r line only expected; do
        check "$1" "$line" "$only" "$expected" "$("$1_offers" "$line" | sort -u | paste -sd' ' -)"
    done <<<"$cases"
}

each bash
# several of a list, one after the other; folders, and files by their kind
check bash 'a list goes on' only 'dummy,metadata' "$(bash_offers 'ftrain baseline --only dummy,me')"
check bash 'weights are files, too' '' 'm.safetensors w.pth data random:' "$(bash_offers 'ftrain train -w ' | paste -sd' ' -)"
check bash 'no pages among models' only 'm.safetensors data' "$(bash_offers 'ftrain predict -m ' | paste -sd' ' -)"
check bash 'a data set is a folder' only 'data' "$(bash_offers 'ftrain train ')"

if command -v fish >/dev/null; then
    each fish
    check fish 'a list goes on' '' 'dummy,metadata' "$(fish_offers 'ftrain baseline --only dummy,me')"
    check fish 'a data set is a folder' only 'data/' "$(fish_offers 'ftrain train ')"
else
    echo "ok - fish # SKIP it is not installed"
fi
if command -v zsh >/dev/null; then
    zsh_offers_all <<<"$(cut -d'|' -f 1 <<<"$cases")" >"$work/by_zsh"
    while IFS='|' read -r line only expected; do
        check zsh "$line" "$only" "$expected" "$(awk -F '\t' -v line="$line" '$1 == line { print $2 }' "$work/by_zsh" | tr ' ' '\n' | sort -u | paste -sd' ' -)"
    done <<<"$cases"
else
    echo "ok - zsh # SKIP it is not installed"
fi

# ---- the tables ----
unknown=$(ftrain help --completion | cut -f 1 | while read -r command; do
    ftrain help --completion "$command" | awk -F '\t' -v command="$command" '$3 == "unknown" || NF != 6 { print command ": " $0 }'
done)
if [ -z "$unknown" ]; then echo "ok - of every value it is known how it is completed"; else
    echo "$unknown"
    echo "not ok - a value's name is missing from ftrain/shell/completion.c"
    failures=1
fi
exit $failures
