#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain export from the outside: the choice of a format, what is refused, what is written. Whether other programs read
# it is asked in test/interop/.
#
#     test/cli/test_export.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="--arch densenet121 --resize 36 --crop 32 --hidden 16 -q"
cd "$work" || exit 1
dataset data 4 30 160
"$ftrain" train data -w random:7 $small -o m.safetensors >/dev/null 2>err || not_ok "training"

export="$ftrain export m.safetensors"

# ---- the command line ----
check "a name that tells no format is refused" 2 '' "^ftrain: out.txt: its ending tells no format; give --format" $export out.txt
check "an unknown format is refused" 2 '' "^ftrain: --format: 'tiff' is not one of" $export out.txt --format tiff
check "a missing IN is named" 4 '' '^ftrain: none.safetensors: cannot be opened' "$ftrain" export none.safetensors out.safetensors
check "IN that is no model is refused" 4 '' '^ftrain: data/test/dark/1.ppm: ' "$ftrain" export data/test/dark/1.ppm out.safetensors
check "one file cannot be IN and OUT" 2 '' "^ftrain: OUT: './m.safetensors' is the file of IN, too" $export ./m.safetensors
check "a folder that is missing is named" 5 '' '^ftrain: none/out.safetensors: cannot be written' $export none/out.safetensors
check "other weights than the model's own are refused" 2 '' '^ftrain: -w random:8: ' $export out.safetensors -w random:8
holds "and nothing is written" test ! -e out.safetensors

# ---- safetensors ----
check "safetensors by its ending" 0 '^wrote out.safetensors$' '' $export out.safetensors
printf 'something else' >out.safetensors
check "what has its name is replaced, and --json tells of it" 0 '^\{"path": "out.safetensors", "format": "safetensors", "backbone": "densenet121", "weights_source": "random:7", .*"classes": \["bright", "dark"\], ' '' \
    $export out.safetensors --json
$export --format safetensors again.bin >/dev/null
same "equal content gives equal bytes, whatever the name" out.safetensors again.bin
hash() { "$ftrain" info "$1" | grep -o 'hash [0-9a-f]*'; }
equal "the backbone's weights are the model's" "$(hash out.safetensors)" "$(hash m.safetensors)"
"$ftrain" convert --list out.safetensors >list
equal "every tensor of the network, its counters and the head" "$(wc -l <list)" $((120 + 5 * 121 + 4))
check "with the names of torch" 0 '^classifier.3.weight	F32	\(2, 16\)$' '' cat list
check "with the counters of batches" 0 '^features.denseblock4.denselayer16.norm2.num_batches_tracked	I64	\(\)$' '' cat list

# ---- .pth ----
check ".pth by its ending" 0 '^wrote out.pth$' '' $export out.pth
"$ftrain" convert --list out.pth | sort >list-pth
sort list >list-safetensors
same "it holds the same tensors as safetensors" list-pth list-safetensors
equal "and the same weights" "$(hash out.pth)" "$(hash m.safetensors)"

# ---- ONNX ----
check "--pixels is ONNX's alone" 2 '' '^ftrain: export: --pixels goes with onnx, not with pth' $export p.pth --pixels
if "$ftrain" info | grep -q '^onnx not available'; then
    ok "ONNX # SKIP ftrain was built without protobuf-c"
else
    check ".onnx by its ending" 0 '^wrote out.onnx$' '' $export out.onnx
    $export --format onnx again.bin >/dev/null
    same "equal content gives equal bytes, in ONNX, too" out.onnx again.bin
    check "with pixels, too" 0 '^wrote pixels.onnx$' '' $export pixels.onnx --pixels
fi

[ "$failures" -eq 0 ]
