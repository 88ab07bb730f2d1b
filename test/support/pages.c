/* SPDX-License-Identifier: MIT */
/* Where pages of tests go, reading one back, and whether its tags are balanced. */
#include "test/support/pages.h"

#include "io/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char *page_path(void) {
    const char *root = getenv("TMPDIR");
    char folder[512];
    snprintf(folder, sizeof folder, "%s/dn-page-XXXXXX", root ? root : "/tmp");
    assert_non_null(mkdtemp(folder));
    char *path = dni_path_join(folder, "page.html");
    assert_non_null(path);
    return path;
}

void page_remove(char *path) {
    unlink(path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
    free(path);
}

char *page_close_and_read(html *page, char *path) {
    dni_file_content file;
    assert_int_equal(html_close(page, NULL), DN_OK);
    assert_int_equal(dni_file_load(&file, path, NULL), DN_OK);
    char *text = strndup((const char *)file.data, file.size);
    assert_non_null(text);
    dni_file_unload(&file);
    page_remove(path);
    return text;
}

int page_count(const char *text, const char *what) {
    int count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what)) count++;
    return count;
}

static int is_void(const char *name, size_t length) {
    static const char *const names[] = {"!DOCTYPE", "meta"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) return 1;
    return 0;
}

void assert_tags_are_balanced(const char *text) {
    struct {
        const char *name;
        size_t length;
    } open[64];
    size_t depth = 0;
    for (const char *at = strchr(text, '<'); at; at = strchr(at, '<')) {
        const int is_end = at[1] == '/';
        const char *name = at + 1 + is_end, *end = strchr(at, '>');
        const size_t length = strcspn(name, " />\n");
        assert_non_null(end);
        if (is_end) {
            assert_true(depth > 0);
            depth--;
            assert_int_equal(open[depth].length, length);
            assert_memory_equal(open[depth].name, name, length);
        } else if (end[-1] != '/' && !is_void(name, length)) {
            assert_true(depth < 64);
            open[depth].name = name;
            open[depth++].length = length;
        }
        at = end;
    }
    assert_int_equal(depth, 0);
}
