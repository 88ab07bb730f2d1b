/* SPDX-License-Identifier: MIT */
/* The manifest of a folder that `ftrain collect` goes on with. Whatever it holds, it is kept as it is but for
 * a last line that is not whole; the last page is one that it names; and a picture that is added comes
 * last. */
#include "test/fuzz/fuzz.h"

#include "ftrain/collect/folder.h"
#include "ftrain/shell/message.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void ignore_message(const char *text) {
    (void)text;
}

static const char url[] = "https://example.org/{n}.jpg";
static const unsigned char picture[] = "\xFF\xD8\xFF";

/* The size of the bytes without the last lines that have no end or have zero bytes. */
static size_t size_of_whole(const uint8_t *bytes, size_t size) {
    while (size) {
        size_t last = size - 1;
        while (last && bytes[last - 1] != '\n') last--;
        if (bytes[size - 1] == '\n' && !memchr(bytes + last, 0, size - last)) return size;
        size = last;
    }
    return 0;
}

/* The file begins with what it had and was whole, and ends in a line's end. */
static void check_kept(const char *path, const uint8_t *bytes, size_t size) {
    size = size_of_whole(bytes, size);
    dni_file_content after;
    dn_error error = {.message = ""};
    fuzz_require(!dni_file_load(&after, path, &error), "%s", error.message);
    fuzz_require(after.size >= size && (!size || memcmp(after.data, bytes, size) == 0), "it was changed");
    fuzz_require(after.size && after.data[after.size - 1] == '\n', "its last line has no end");
    dni_file_unload(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    message_divert(ignore_message);
    char *const folder = strdup(fuzz_path("pictures"));
    fuzz_require(folder, "no memory for a path");
    mkdir(folder, 0777);
    const char *const manifest = fuzz_file("pictures/manifest.tsv", bytes, size);
    collect_folder opened;
    fuzz_require(!collect_folder_open(&opened, folder, url), "it is refused");
    if (opened.last_page >= 0) fuzz_take();
    fuzz_require(opened.last_page >= -1, "page %lld", opened.last_page);
    fuzz_require(opened.last_page < 0 || memchr(bytes, '\t', size), "page %lld", opened.last_page);
    check_kept(manifest, bytes, size);
    const dni_key key = dni_key_of_bytes(picture, sizeof picture);
    fuzz_require(!collect_folder_has(&opened, &key), "a picture that is not there");
    fuzz_require(!collect_folder_add(&opened, picture, sizeof picture, &key, "https://example.org/7.jpg"),
                 "a picture is not added");
    fuzz_require(collect_folder_has(&opened, &key), "a picture is forgotten");
    const long long page = opened.last_page;
    char *const added = dni_path_join(folder, opened.last);
    collect_folder_close(&opened);
    fuzz_require(!collect_folder_open(&opened, folder, url), "it is refused the second time");
    fuzz_require(opened.last_page == (page > 7 ? page : 7), "page %lld after %lld", opened.last_page, page);
    collect_folder_close(&opened);
    fuzz_require(added && unlink(added) == 0, "the picture is not there");
    free(added);
    free(folder);
    return 0;
}
