#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The house's order: an #include goes down the list of rooms, never up or sideways.
#
#     test/house/check_includes.sh                  from the repository root
set -u

# What each room's files may include, besides system headers and the shelf's. One line a room; the first line that fits
# is the file's. A folder stands for all that is in it; with a slash at its end, without the folders in it.
library="core layers io weights densenet head"
shared="ftrain/shell ftrain/ranks ftrain/net ftrain/backbone ftrain/features ftrain/cues ftrain/page ftrain/server ftrain/onnx ftrain/sandbox" # what ftrain's commands share
allowed() {
    case $1 in
    core/*) echo core ;;
    layers/*) echo core layers ;;
    io/*) echo core io ;;
    weights/*) echo core io weights ;;
    densenet/*) echo core layers io weights densenet ;;
    head/classifier/*) echo core layers io densenet head ;; # a backbone and a head, joined
    head/*) echo core layers io head/ ;;
    ftrain/shell/*) echo $library ftrain/shell ;;
    ftrain/ranks/*) echo $library ftrain/shell ftrain/ranks ;;
    ftrain/net/*) echo $library ftrain/shell ftrain/net ;;
    ftrain/backbone/*) echo $library ftrain/shell ftrain/backbone ;;
    ftrain/features/*) echo $library ftrain/shell ftrain/ranks ftrain/backbone ftrain/features ;;
    ftrain/cues/*) echo $library ftrain/shell ftrain/backbone ftrain/cues ;;
    ftrain/page/*) echo $library ftrain/shell ftrain/page ;;
    ftrain/server/*) echo $library ftrain/shell ftrain/page ftrain/server ;;
    ftrain/sandbox/*) echo $library ftrain/shell ftrain/sandbox ;;
    ftrain/onnx/*) echo $library ftrain/shell ftrain/onnx ;;
    ftrain/*/*) echo $library $shared "${1%/*}" ;; # a command's room: no other command's
    ftrain/*) echo $library $shared ftrain/ ;;     # main.c and info.c name commands by shell/commands.h
    *) echo $library ftrain bench test docs ;;
    esac
}

may_include() { # may_include FILE PATH
    local room
    for room in $(allowed "$1"); do
        if [[ $room == */ && ${2%/*}/ == "$room" || $2 == "$room"/* ]]; then return 0; fi
    done
    return 1
}

# Prints every wrong #include below the current directory as "file:line: include: why".
wrong_includes() {
    local file line text path
    grep -rnE --include='*.[ch]' --include='*.inc' '^[[:space:]]*#[[:space:]]*include' core layers io weights \
        densenet head ftrain bench test docs 2>/dev/null |
        while IFS=: read -r file line text; do
            if [[ $text =~ include[[:space:]]*\"([^\"]*)\" ]]; then
                path=${BASH_REMATCH[1]}
                # tests, bench and docs may name a neighbour by its bare name
                if [[ $path != */* && $file =~ ^(test|bench|docs)/ && -f ${file%/*}/$path ]]; then continue; fi
                if [[ $path != */* || $path == *..* ]]; then
                    echo "$file:$line: \"$path\": name it from the repository's root"
                elif [ ! -f "$path" ]; then
                    echo "$file:$line: \"$path\": no such file"
                elif ! may_include "$file" "$path"; then
                    echo "$file:$line: \"$path\": ${file%/*} may include only: $(allowed "$file")"
                fi
            elif [[ $text =~ include[[:space:]]*\<densenet/ ]]; then
                echo "$file:$line: the installed headers are not for use inside the house"
            elif [[ ! $text =~ include[[:space:]]*\<[^\>]*\> ]]; then
                echo "$file:$line: an include must name its file"
            fi
        done
}

failures=0
report() { # report WHAT FINDINGS: ok when there are none
    if [ -z "$2" ]; then
        echo "ok - $1"
    else
        printf '%s\n' "$2"
        echo "not ok - $1"
        failures=1
    fi
}

report "every include goes down the list of rooms" "$(wrong_includes)"

# The same eyes on a house that is known to be wrong: each of these lines must be found.
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT
(
    cd "$house" || exit 1
    mkdir -p core layers io head/classifier densenet ftrain/{shell,ranks,net,backbone,features,cues,page,server,collect,train,audit}
    touch core/a.h io/a.h layers/a.h densenet/a.h head/a.h head/classifier/a.h
    touch ftrain/{shell,ranks,net,backbone,features,cues,page,server,collect,train,audit}/a.h
    echo '#include "io/a.h"' >core/up.c
    echo '#include "layers/a.h"' >io/sideways.c
    echo '  #  include "io/a.h"' >layers/sideways.c
    echo '#include "io/a.h"' >layers/body.inc
    echo '#include "densenet/a.h"' >head/up.c
    echo '#include "core/absent.h"' >io/absent.c
    echo '#include "a.h"' >core/rootless.c
    echo '#include "../io/a.h"' >core/dots.c
    echo '#include <densenet/a.h>' >head/installed.c
    echo '#include HEADER' >core/macro.c
    echo '#include "ftrain/backbone/a.h"' >ftrain/shell/up.c
    echo '#include "ftrain/collect/a.h"' >ftrain/net/up.c
    echo '#include "ftrain/features/a.h"' >ftrain/ranks/up.c
    echo '#include "ftrain/features/a.h"' >ftrain/backbone/up.c
    echo '#include "ftrain/cues/a.h"' >ftrain/features/sideways.c
    echo '#include "ftrain/train/a.h"' >ftrain/page/up.c
    echo '#include "ftrain/server/a.h"' >ftrain/page/server.c
    echo '#include "ftrain/features/a.h"' >ftrain/server/sideways.c
    echo '#include "ftrain/train/a.h"' >ftrain/audit/sideways.c
    echo '#include "ftrain/audit/a.h"' >ftrain/main.c
    printf '#include "ftrain/page/a.h"\n#include "ftrain/train/a.h"\n' >ftrain/train/right.c
    printf '#include <stdio.h>\n#include "core/a.h"\n' >layers/right.c
    echo '#include "head/classifier/a.h"' >head/joined.c
    printf '#include "densenet/a.h"\n#include "head/a.h"\n' >head/classifier/right.c
)
missed=
found=$(cd "$house" && wrong_includes)
for file in core/up.c io/sideways.c layers/sideways.c layers/body.inc head/up.c io/absent.c core/rootless.c \
    core/dots.c head/installed.c core/macro.c head/joined.c ftrain/shell/up.c ftrain/ranks/up.c ftrain/backbone/up.c \
    ftrain/features/sideways.c ftrain/page/up.c ftrain/page/server.c ftrain/server/sideways.c ftrain/audit/sideways.c ftrain/main.c; do
    grep -q "^$file:1:" <<<"$found" || missed+="$file: not found wrong"$'\n'
done
report "wrong includes are found" "$missed"
report "right includes are left alone" "$(grep -E '^[^:]*right\.c:' <<<"$found")"
exit $failures
