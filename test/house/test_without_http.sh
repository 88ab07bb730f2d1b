#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that was built without libmicrohttpd (make HTTP=) works, says what is missing, and needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_http.sh         from the repository root
source test/support/support.sh
source test/support/without.sh

need_parts "a program without libmicrohttpd"
holds "the program is linked without libmicrohttpd" link_without "libmicrohttpd" ftrain/server/server_absent.c
holds "make HTTP= compiles the absent server in place of the real one" compiles_absent HTTP ftrain/server/server "$build/ftrain/parts.a"
check "info says so" 0 '^server not available: built without libmicrohttpd$' '' "$work/ftrain" info
check "serve says what to do" 2 '' 'built without libmicrohttpd and cannot serve; with .*libmicrohttpd-dev' \
    "$work/ftrain" serve -m none
check "and is still explained" 0 '^Usage: ftrain serve' '' "$work/ftrain" help serve

[ "$failures" -eq 0 ]
