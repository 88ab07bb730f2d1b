/* Listing the pictures of a data set, and its classes. */
#include "io/dataset.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders inside a class folder are walked to this depth: a link that leads back up would never end. */
enum { DEEPEST = 16 };

const char *dni_split_name(dni_split split) {
    static const char *const names[DNI_SPLITS] = {"train", "valid", "test"};
    return split >= 0 && split < DNI_SPLITS ? names[split] : "?";
}

typedef enum kind { REGULAR_FILE, FOLDER, SOMETHING_ELSE } kind;

/* What a path is, links followed. */
static dn_status kind_of(kind *out, const char *path, dn_error *error) {
    struct stat info;
    if (stat(path, &info) != 0) return dni_fail_errno(error, errno, "%s", path);
    *out = S_ISREG(info.st_mode) ? REGULAR_FILE : S_ISDIR(info.st_mode) ? FOLDER : SOMETHING_ELSE;
    return DN_OK;
}

/* The names of the folders in a folder: its classes. */
static dn_status list_classes(dni_listing *out, const char *folder, dn_error *error) {
    dn_status status = dni_list_folder(out, folder, error);
    if (status) return status;
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        kind is = SOMETHING_ELSE;
        char *const path = dni_path_join(folder, out->names[i]);
        status = path ? kind_of(&is, path, error) : dni_no_memory(error, "%s", folder);
        free(path);
        if (status) {
            while (i < out->count) out->names[kept++] = out->names[i++];
            break;
        }
        if (is == FOLDER)
            out->names[kept++] = out->names[i];
        else
            free(out->names[i]);
    }
    out->count = kept;
    if (status) {
        dni_listing_free(out);
        *out = (dni_listing){0};
    }
    return status;
}

/* Takes over `path`, also when it fails. */
static int append_sample(dni_samples *samples, size_t *room, char *path, int label) {
    if (samples->count == *room) {
        const size_t larger = *room ? 2 * *room : 64;
        size_t bytes;
        dni_sample *items = NULL;
        if (dni_size_mul(larger, sizeof *items, &bytes)) items = realloc(samples->items, bytes);
        if (!items) {
            free(path);
            return 0;
        }
        samples->items = items;
        *room = larger;
    }
    samples->items[samples->count++] = (dni_sample){.path = path, .label = label};
    return 1;
}

/* Appends every file below a class folder: a folder's own files by name, then those of the folders in it. */
static dn_status walk(dni_samples *samples, size_t *room, const char *folder, int label, int depth,
                      dn_error *error) {
    if (depth > DEEPEST)
        return dni_fail(error, DN_ERR_IO, "%s: more than %d folders inside one another", folder, DEEPEST);
    dni_listing listing;
    dn_status status = dni_list_folder(&listing, folder, error);
    if (status) return status;

    for (int want = REGULAR_FILE; !status && want <= FOLDER; want++)
        for (size_t i = 0; !status && i < listing.count; i++) {
            kind is = SOMETHING_ELSE;
            char *path = dni_path_join(folder, listing.names[i]);
            status = path ? kind_of(&is, path, error) : dni_no_memory(error, "%s", folder);
            if (!status && (int)is == want) {
                if (is == FOLDER) {
                    status = walk(samples, room, path, label, depth + 1, error);
                } else {
                    if (!append_sample(samples, room, path, label))
                        status = dni_no_memory(error, "%s", folder);
                    path = NULL;
                }
            }
            free(path);
        }
    dni_listing_free(&listing);
    return status;
}

/* Appends the files of one class; a class without any is an error. */
static dn_status scan_class(dni_samples *samples, size_t *room, const char *folder, const char *class_name,
                            int label, dn_error *error) {
    char *const path = dni_path_join(folder, class_name);
    if (!path) return dni_no_memory(error, "%s", folder);
    const size_t before = samples->count;
    dn_status status = walk(samples, room, path, label, 0, error);
    if (!status && samples->count == before)
        status = dni_fail(error, DN_ERR_DATA_EMPTY, "%s: a class without files", path);
    free(path);
    return status;
}

void dni_samples_free(dni_samples *samples) {
    if (!samples) return;
    for (size_t i = 0; i < samples->count; i++) free(samples->items[i].path);
    free(samples->items);
    *samples = (dni_samples){0};
}

void dni_dataset_free(dni_dataset *dataset) {
    if (!dataset) return;
    for (int i = 0; i < dataset->class_count; i++) free(dataset->classes[i]);
    free(dataset->classes);
    for (int split = 0; split < DNI_SPLITS; split++) dni_samples_free(&dataset->splits[split]);
    *dataset = (dni_dataset){0};
}

/* --- class names ---------------------------------------------------------------------------------------- */

/* A text that grows in a fixed room; what does not fit ends in "...". */
typedef struct text {
    char content[600];
    size_t used;
} text;

static void add(text *t, const char *before, const char *word, const char *after) {
    const size_t room = sizeof t->content - t->used;
    const int length = snprintf(t->content + t->used, room, "%s%s%s", before, word, after);
    if (length < 0) return;
    if ((size_t)length < room) {
        t->used += (size_t)length;
    } else {
        memcpy(t->content + sizeof t->content - 4, "...", 4);
        t->used = sizeof t->content - 1;
    }
}

static int index_of(const char *name, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

/* Adds "'a', 'b' is missing" for the names of one list that the other lacks. */
static void add_difference(text *t, const char *const *names, int count, const char *const *others,
                           int other_count, const char *what) {
    int found = 0;
    for (int i = 0; i < count; i++)
        if (index_of(names[i], others, other_count) < 0) add(t, found++ ? ", '" : "; '", names[i], "'");
    if (found) add(t, found == 1 ? " is " : " are ", what, "");
}

/* Refuses class folders that differ from those expected, naming both sides. */
static dn_status compare_classes(const char *folder, const char *const *expected, int expected_count,
                                 const char *source, const dni_listing *listing, int missing_is_fine,
                                 dn_error *error) {
    const char *const *const names = (const char *const *)listing->names;
    const int count = (int)listing->count;
    text difference = {0};
    if (!missing_is_fine) add_difference(&difference, expected, expected_count, names, count, "missing");
    add_difference(&difference, names, count, expected, expected_count, "extra");
    if (!difference.used) return DN_OK;

    text list = {0};
    for (int i = 0; i < expected_count && i < 10; i++) add(&list, i ? ", " : "", expected[i], "");
    if (expected_count > 10) add(&list, ", ", "...", "");
    return dni_fail(error, DN_ERR_DATA_CLASSES, "%s: classes %s expected as in %s%s", folder, list.content,
                    source, difference.content);
}

/* --- scanning ------------------------------------------------------------------------------------------- */

/* Takes the classes from the training split's listing, which is left empty. */
static dn_status take_classes(dni_dataset *dataset, const char *folder, dni_listing *listing,
                              dn_error *error) {
    if (listing->count < 2)
        return dni_fail(error, DN_ERR_DATA_CLASSES, "%s: %zu class folders; at least two are needed", folder,
                        listing->count);
    if (listing->count > 100000)
        return dni_fail(error, DN_ERR_DATA_CLASSES, "%s: %zu class folders; at most 100000 are taken", folder,
                        listing->count);
    dataset->classes = listing->names;
    dataset->class_count = (int)listing->count;
    *listing = (dni_listing){0};
    return DN_OK;
}

static dn_status scan_split(dni_dataset *dataset, const char *folder, dni_split split, dn_error *error) {
    dni_listing listing;
    dn_status status = list_classes(&listing, folder, error);
    if (status) return status;
    if (split == DNI_TRAIN)
        status = take_classes(dataset, folder, &listing, error);
    else
        status = compare_classes(folder, (const char *const *)dataset->classes, dataset->class_count, "train",
                                 &listing, 0, error);
    dni_listing_free(&listing);

    size_t room = 0;
    for (int label = 0; !status && label < dataset->class_count; label++)
        status = scan_class(&dataset->splits[split], &room, folder, dataset->classes[label], label, error);
    return status;
}

dn_status dni_dataset_scan(dni_dataset *out, const char *folder, dn_error *error) {
    dn_status status = DN_OK;
    *out = (dni_dataset){0};
    for (int split = 0; !status && split < DNI_SPLITS; split++) {
        char *const path = dni_path_join(folder, dni_split_name((dni_split)split));
        status = path ? scan_split(out, path, (dni_split)split, error) : dni_no_memory(error, "%s", folder);
        free(path);
    }
    if (status) dni_dataset_free(out);
    return status;
}

dn_status dni_samples_scan(dni_samples *out, const char *folder, const char *const *classes, int class_count,
                           dn_error *error) {
    *out = (dni_samples){0};
    dni_listing listing;
    dn_status status = list_classes(&listing, folder, error);
    if (status) return status;
    status = compare_classes(folder, classes, class_count, "the model", &listing, 1, error);
    if (!status && listing.count == 0)
        status = dni_fail(error, DN_ERR_DATA_EMPTY, "%s: no class folders", folder);

    size_t room = 0;
    for (size_t i = 0; !status && i < listing.count; i++)
        status = scan_class(out, &room, folder, listing.names[i],
                            index_of(listing.names[i], classes, class_count), error);
    dni_listing_free(&listing);
    if (status) dni_samples_free(out);
    return status;
}
