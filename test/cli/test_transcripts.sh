#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The pages of test/cli/transcripts/: ftrain's commands, what they print and how they end, word for word. After a
# change that is meant, `test/support/transcript.sh --update test/cli/transcripts/PAGE.md` writes them anew.
exec test/support/transcript.sh test/cli/transcripts/*.md
