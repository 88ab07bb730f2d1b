#!/usr/bin/env bash
# The pages of test/transcripts/: ftrain's commands, what they print and how they end, word for word. After a
# change that is meant, `test/transcript.sh --update test/transcripts/PAGE.md` writes them anew.
exec test/transcript.sh test/transcripts/*.md
