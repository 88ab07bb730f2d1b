/* SPDX-License-Identifier: MIT */
/* Every library has its own way to tell its version. */
#include "ftrain/libraries.h"

#include "ftrain/onnx/graph.h"
#include "ftrain/ranks/mail.h"
#include "ftrain/sandbox/sandbox.h"
#include "ftrain/server/server.h"

#include <cblas.h>
#include <curl/curl.h>
#include <jansson.h>
#include <libsvm/svm.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>
#include <zip.h>

#include <jpeglib.h> /* needs stdio.h before it */

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)

static void add(used_library *list, size_t *count, const char *name, const char *version) {
    used_library *const to = &list[(*count)++];
    to->name = name;
    snprintf(to->version, sizeof to->version, "%.*s", (int)strcspn(version, " "), version);
}

/* The word behind the name in "OpenBLAS 0.3.21 DYNAMIC_ARCH ...". */
static const char *second_word(const char *text) {
    const char *const space = text ? strchr(text, ' ') : NULL;
    return space ? space + 1 : "";
}

/* Of "Open MPI v4.1.4". */
static const char *first_number(const char *text) {
    return text + strcspn(text, "0123456789");
}

size_t libraries_list(used_library out[USED_LIBRARIES]) {
    size_t count = 0;
    char text[24];
    const unsigned xxhash = XXH_versionNumber();
    add(out, &count, "OpenBLAS", second_word(openblas_get_config()));
#ifdef LIBJPEG_TURBO_VERSION
    add(out, &count, "libjpeg-turbo", TEXT(LIBJPEG_TURBO_VERSION));
#endif
    add(out, &count, "jansson", jansson_version_str());
    add(out, &count, "libzip", zip_libzip_version());
    snprintf(text, sizeof text, "%u.%u.%u", xxhash / 10000, xxhash / 100 % 100, xxhash % 100);
    add(out, &count, "xxHash", text);
    add(out, &count, "libcurl", curl_version_info(CURLVERSION_NOW)->version);
    snprintf(text, sizeof text, "%d.%d", nettle_version_major(), nettle_version_minor());
    add(out, &count, "nettle", text);
    snprintf(text, sizeof text, "%d.%02d", libsvm_version / 100, libsvm_version % 100);
    add(out, &count, "libsvm", text);
    if (server_library()) add(out, &count, "libmicrohttpd", second_word(server_library()));
    if (onnx_library()) add(out, &count, "protobuf-c", second_word(onnx_library()));
    if (mail_library()) add(out, &count, "MPI", first_number(mail_library()));
    if (sandbox_library()) add(out, &count, "libseccomp", second_word(sandbox_library()));
    return count;
}
