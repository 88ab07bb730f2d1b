#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain convert on the checkpoints that people have: what it keeps, what it leaves out, and that it says so.
#
#     test/cli/test_convert.sh        from the repository root; BUILD names the folder of the build
command -v python3 >/dev/null || { echo "ok - checkpoints are converted # SKIP python3 is missing"; exit 0; }
source test/support/support.sh

root=$PWD
cd "$work" || exit 1
python3 "$root/test/support/zero_weights.py" plain.st || exit 1
python3 "$root/test/support/zero_weights.py" bare.st without || exit 1

# edit IN OUT [OLD=NEW | NAME:SHAPE]...: names that begin with OLD begin with NEW instead; tensors of zeros are added
cat >edit.py <<'EOT'
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    length = struct.unpack("<Q", file.read(8))[0]
    header = json.loads(file.read(length))
    data = file.read()
for edit in sys.argv[3:]:
    if "=" in edit:
        old, new = edit.split("=")
        header = {new + name[len(old):] if name.startswith(old) else name: value for name, value in header.items()}
    else:
        name, shape = edit.split(":")
        shape = [int(side) for side in shape.split(",")]
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += bytes(size)
text = json.dumps(header).encode()
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
EOT
edit() { python3 edit.py "$@" || exit 1; }
listed() { "$ftrain" convert --list "$1" | grep "$2" | tr '\t' ' '; }

# ---- nothing to tell ----
check "a network alone is converted without a word" 0 '^out.st: densenet121, hash [0-9a-f]{32}$' "" \
    "$ftrain" convert plain.st out.st
hash=$(sed 's/.*hash //' "$stdout")
equal "with ImageNet's classifier" "$(listed out.st ^classifier.weight)" "classifier.weight F32 (1000, 1024)"

# ---- a classifier of its own ----
edit bare.st tuned.st classifier.weight:10,1024 classifier.bias:10
check "the classifier of a fine-tuned network is left out, and it is said" 0 "^out.st: densenet121, hash $hash$" \
    '^ftrain: tuned.st: left out 2 tensors of a classifier of its own: classifier.weight \(10, 1024\), classifier.bias \(10\)$' \
    "$ftrain" convert tuned.st out.st
equal "and is not there" "$(listed out.st classifier)" ""
check "info says so, too" 0 '^left out 2 tensors of a classifier of its own: classifier.weight \(10, 1024\)' "" \
    "$ftrain" info tuned.st
dataset data 1 0 150
check "and so does a command that takes its features" 0 "" "^ftrain: tuned.st: left out 2 tensors of a classifier of its own" \
    "$ftrain" extract data -w tuned.st -q --resize 32 --crop 32 --no-flip -o features.st
check "--keep-classifier keeps it" 0 "^kept.st: densenet121, hash $hash, with 2 tensors of a classifier of its own$" "" \
    "$ftrain" convert --keep-classifier tuned.st kept.st
equal "whole" "$(listed kept.st ^classifier)" "classifier.bias F32 (10)
classifier.weight F32 (10, 1024)"
check "it is kept again" 0 "with 2 tensors" "" "$ftrain" convert --keep-classifier kept.st again.st
same "in the same bytes" again.st kept.st
edit bare.st sequential.st classifier.0.weight:16,1024 classifier.0.bias:16 classifier.3.weight:2,16 classifier.3.bias:2
check "a Sequential one as well" 0 "with 4 tensors of a classifier of its own$" "" \
    "$ftrain" convert --keep-classifier sequential.st kept.st
check "one of another network's features is refused" 4 "" \
    "^ftrain: other.st: its classifier cannot be kept: tensor 'classifier.weight' is \(10, 2208\), and there is no matrix for the 1024 features of densenet121$" \
    bash -c "python3 edit.py bare.st other.st classifier.weight:10,2208 && exec '$ftrain' convert --keep-classifier other.st no.st"
holds "and nothing is written" test ! -e no.st
check "without a classifier there is none to keep" 0 "hash $hash$" "" "$ftrain" convert --keep-classifier bare.st kept.st
check "ImageNet's is no classifier of its own" 0 "hash $hash$" "" "$ftrain" convert --keep-classifier plain.st kept.st

# ---- tensors outside the network ----
edit plain.st model.st features.=model.features. classifier.=model.classifier. criterion.weight:1000 model.aux.bias:3
check "what is not the network's is left out, and it is said" 0 "hash $hash$" \
    '^ftrain: model.st: left out 2 tensors outside the network: criterion.weight \(1000\), model.aux.bias \(3\)$' \
    "$ftrain" convert model.st out.st
equal "--list shows it" "$(listed model.st outside)" "criterion.weight F32 (1000) outside the network
model.aux.bias F32 (3) outside the network"
edit bare.st fastai.st features.=0.0. 1.2.weight:2048 1.4.weight:512,2048
check "fastai's names are read" 0 "hash $hash$" "left out 2 tensors outside the network: 1.2.weight \(2048\)" \
    "$ftrain" convert fastai.st out.st
edit bare.st features.st features.=
check "so are features alone" 0 "hash $hash$" "" "$ftrain" convert features.st out.st
edit plain.st odd.st $'a\tb:1'
check "odd names are escaped" 0 "hash $hash$" 'left out 1 tensor outside the network: a\\tb \(1\)$' \
    "$ftrain" convert odd.st out.st

# ---- two networks ----
edit plain.st two.st features.=student.features. classifier.=student.classifier. teacher.features.conv0.weight:64,3,7,7
check "of two networks none is chosen" 4 "" \
    "^ftrain: two.st: holds two networks: tensors '(student|teacher).features.conv0.weight' and .*; the prefix of one says which is meant$" \
    "$ftrain" convert two.st out.st
check "but by --prefix" 0 "hash $hash$" "left out 1 tensor outside the network: teacher.features.conv0.weight" \
    "$ftrain" convert --prefix student two.st out.st
check "which must be one's" 4 "" "two.st: there is no DenseNet with the prefix 'pupil'$" \
    "$ftrain" convert --prefix pupil two.st out.st
check "--list takes it, too" 0 "^teacher.features.conv0.weight	F32	\(64, 3, 7, 7\)	outside the network$" "" \
    "$ftrain" convert --list --prefix student two.st
check "--list has no classifier to keep" 2 "" "--keep-classifier goes with OUT only" \
    "$ftrain" convert --list --keep-classifier plain.st

# ---- what torch writes ----
if ! /usr/bin/python3 -c 'import torch, torchvision' 2>/dev/null; then
    echo "ok - what training scripts save is converted # SKIP torch and torchvision are not installed for /usr/bin/python3"
else
    /usr/bin/python3 - <<'EOT' || exit 1
import argparse, torch, torchvision
torch.manual_seed(3)
network = torchvision.models.densenet121(weights=None)
network.classifier = torch.nn.Linear(1024, 10)
network.half().float()  # values that half precision holds, so that both files have the same ones
state = network.state_dict()
torch.save(state, "whole.pth")
half = {"model." + name: value.half() if value.is_floating_point() else value for name, value in state.items()}
half["criterion.weight"] = torch.ones(10)
torch.save({"epoch": 3, "state_dict": half, "state_dict_ema": dict(half), "args": argparse.Namespace(lr=0.1),
            "optimizer": torch.optim.Adam(network.parameters()).state_dict()}, "trained.pth.tar")
EOT
    hash=$("$ftrain" convert whole.pth out.st 2>/dev/null | sed 's/.*hash //')
    check "what a training script saves, in half precision, is the same network" 0 "hash $hash, with 2 tensors" \
        '^ftrain: trained.pth.tar: left out 1 tensor outside the network: criterion.weight \(10\); left out further state dicts: state_dict_ema$' \
        "$ftrain" convert --keep-classifier trained.pth.tar kept.st
    equal "with its classifier" "$(listed kept.st ^classifier)" "classifier.bias F32 (10)
classifier.weight F32 (10, 1024)"
fi

[ "$failures" -eq 0 ]
