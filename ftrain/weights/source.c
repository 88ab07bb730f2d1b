/* SPDX-License-Identifier: MIT */
/* Where weights are, by the names of torchvision's files: NETWORK-HASH.pth, whose HASH is the first eight
 * digits of the file's SHA-256 (torch.hub.load_state_dict_from_url's check_hash). */
#include "ftrain/weights/source.h"

#include "ftrain/net/url.h"
#include "ftrain/shell/message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TORCH_FOLDER "https://download.pytorch.org/models/"

enum { SHORT_HASH = 8 };

static const char *const torch_files[] = {"densenet121-a639ec97.pth", "densenet161-8d451a50.pth",
                                          "densenet169-b2777c0a.pth", "densenet201-c1103571.pth"};

static const char *torch_file(const char *network) {
    for (size_t i = 0; i < sizeof torch_files / sizeof *torch_files; i++)
        if (strncmp(torch_files[i], network, strlen(network)) == 0) return torch_files[i];
    return NULL;
}

/* By its number or its name. */
static outcome find_network(const dn_config **out, const char *text) {
    char name[32];
    snprintf(name, sizeof name, "densenet%s", text);
    *out = dn_config_find(text);
    if (!*out) *out = dn_config_find(name);
    if (*out) return OUTCOME_OK;
    message("weights: '%s' is none of 121, 161, 169 and 201", text);
    return OUTCOME_USAGE;
}

static size_t hex_digits(const char *text) {
    size_t count = 0;
    while (isxdigit((unsigned char)text[count])) count++;
    return count;
}

static void copy_lower(char *out, const char *text, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = (char)tolower((unsigned char)text[i]);
    out[count] = '\0';
}

/* The digits in "NAME-HASH.EXTENSION", at least eight, at the end of the address's path; "": none. */
static void read_hash(char out[SHA256_HEX], const char *url) {
    const char *const path_end = url + strcspn(url, "?#");
    for (const char *at = path_end; at > url && at[-1] != '/'; at--) {
        if (at[-1] != '-') continue;
        const size_t count = hex_digits(at);
        if (count < SHORT_HASH || count >= SHA256_HEX || at[count] != '.') continue;
        copy_lower(out, at, count);
        return;
    }
}

static outcome take_sha256(weights_address *address, const char *sha256) {
    if (!sha256) {
        read_hash(address->expected, address->url);
        return OUTCOME_OK;
    }
    if (strlen(sha256) != SHA256_HEX - 1 || hex_digits(sha256) != SHA256_HEX - 1) {
        message("--sha256: '%s' is not a SHA-256: 64 hexadecimal digits", sha256);
        return OUTCOME_USAGE;
    }
    copy_lower(address->expected, sha256, SHA256_HEX - 1);
    return OUTCOME_OK;
}

static outcome take_url(weights_address *address, const char *url, const char *file) {
    const size_t capacity = strlen(url ? url : TORCH_FOLDER) + strlen(file) + 1;
    address->url = malloc(capacity);
    if (!address->url) return report_no_memory();
    snprintf(address->url, capacity, "%s%s", url ? url : TORCH_FOLDER, url ? "" : file);
    address->shown = url_public(address->url);
    if (!address->shown) return report_no_memory();
    if (strncasecmp(address->url, "http://", 7) == 0 || strncasecmp(address->url, "https://", 8) == 0)
        return OUTCOME_OK;
    message("--url: '%s' is not an address that begins with http:// or https://", address->shown);
    return OUTCOME_USAGE;
}

/* torch hub keeps a file by the last part of its address; the hash in it says that it is what is expected. */
static void take_torch_name(weights_address *address) {
    char hash[SHA256_HEX] = "";
    const char *const end = address->url + strcspn(address->url, "?#");
    const char *name = end;
    while (name > address->url && name[-1] != '/') name--;
    const size_t length = (size_t)(end - name);
    read_hash(hash, address->url);
    if (!*hash || strncmp(hash, address->expected, strlen(hash)) != 0) return;
    if (length < sizeof address->torch_name && strncmp(end - 4, ".pth", 4) == 0 && address->network &&
        strncmp(name, address->network->name, strlen(address->network->name)) == 0)
        snprintf(address->torch_name, sizeof address->torch_name, "%.*s", (int)length, name);
}

outcome weights_address_find(weights_address *out, const char *network, const char *url, const char *sha256) {
    *out = (weights_address){.network = NULL};
    if (!network && !url) network = "161";
    outcome code = network ? find_network(&out->network, network) : OUTCOME_OK;
    if (!code) code = take_url(out, url, out->network ? torch_file(out->network->name) : "");
    if (!code) code = take_sha256(out, sha256);
    if (!code) take_torch_name(out);
    return code;
}

void weights_address_free(weights_address *address) {
    free(address->url);
    free(address->shown);
}
