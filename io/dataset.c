/* SPDX-License-Identifier: MIT */
/* Listing the pictures of a data set, and its classes. */
#include "io/dataset.h"

#include "core/error.h"
#include "core/name_index.h"
#include "core/memory.h"
#include "io/entry.h"
#include "io/name_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folders inside a class folder are walked to this depth. */
enum { DEEPEST = 16 };

/* ---- lists that grow ---- */

/* Room for one more element behind `count`; false: out of memory. Rooms are powers of two. */
static bool has_room(void **items, size_t count, size_t size) {
    if (count && (count < 64 || (count & (count - 1)))) return true;
    size_t bytes;
    void *larger = NULL;
    if (dni_size_mul(count ? 2 * count : 64, size, &bytes)) larger = realloc(*items, bytes);
    if (larger) *items = larger;
    return larger != NULL;
}

static dn_status append_sample(dni_samples *samples, const char *path, int label, dn_error *error) {
    void *items = samples->items;
    const bool has_place = has_room(&items, samples->count, sizeof *samples->items);
    samples->items = items;
    const char *copy = has_place ? dni_texts_add(&samples->paths, path) : NULL;
    if (!copy) return dni_no_memory(error, "%s: its list", path);
    samples->items[samples->count++] = (dni_sample){.path = copy, .label = label};
    return DN_OK;
}

/* What cannot be used is kept beside the samples; only where the machine failed the scan ends. */
static dn_status leave_out(dni_samples *samples, const char *folder, const dn_error *reason,
                           dn_error *error) {
    void *items = samples->left_out;
    if (!has_room(&items, samples->left_out_count, sizeof *samples->left_out))
        return dni_no_memory(error, "%s: its list", folder);
    samples->left_out = items;
    samples->left_out[samples->left_out_count++] = *reason;
    return DN_OK;
}

/* ---- the walk ---- */

/* A folder that is being walked, and those that it lies in. */
typedef struct place {
    dni_entry entry;
    int depth;
    const struct place *above;
} place;

/* By which of dni_entry_find() and dni_entry_look() an entry is examined. */
typedef dn_status examiner(dni_entry *out, const char *path, dn_error *error);

/* What a name in a folder leads to; *path is from malloc. *is_usable: false where it was left out. */
static dn_status look_at(dni_entry *out, char **path, bool *is_usable, examiner *examine,
                         dni_samples *samples, const char *folder, const char *name, dn_error *error) {
    *is_usable = false;
    *path = dni_path_join(folder, name);
    if (!*path) return dni_no_memory(error, "%s: its list", folder);
    dn_error reason;
    const dn_status status = examine(out, *path, &reason);
    *is_usable = !status;
    if (dni_status_is_machine(status)) return dni_fail(error, status, "%s", reason.message);
    return status ? leave_out(samples, folder, &reason, error) : DN_OK;
}

static dn_status check_place(const place *at, const char *folder, dn_error *error) {
    if (at->depth > DEEPEST)
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: more than %d folders inside one another", folder,
                        DEEPEST);
    for (const place *above = at->above; above; above = above->above)
        if (dni_entry_is_same(&above->entry, &at->entry))
            return dni_fail(error, DN_ERR_FILE_KIND, "%s: is a link to a folder that it lies in", folder);
    return DN_OK;
}

static dn_status walk(dni_samples *samples, const char *folder, int label, const place *at, dn_error *error);

/* Appends the files of a listed folder, by name, then walks the folders in it, by name. */
static dn_status walk_names(dni_samples *samples, const char *folder, const dni_listing *listing, int label,
                            const place *at, dn_error *error) {
    dni_entry *const entries = malloc((listing->count + 1) * sizeof *entries);
    char **const folders = calloc(listing->count + 1, sizeof *folders); /* NULL: it is none */
    dn_status status = entries && folders ? DN_OK : dni_no_memory(error, "%s: its list", folder);
    for (size_t i = 0; !status && i < listing->count; i++) {
        char *path;
        bool is_usable;
        status = look_at(&entries[i], &path, &is_usable, dni_entry_find, samples, folder, listing->names[i],
                         error);
        const bool is_folder = is_usable && entries[i].kind == DNI_ENTRY_FOLDER;
        if (is_folder) folders[i] = path;
        if (is_usable && !is_folder) status = append_sample(samples, path, label, error);
        if (!is_folder) free(path);
    }
    for (size_t i = 0; folders && i < listing->count; i++) {
        if (!status && folders[i])
            status = walk(samples, folders[i], label,
                          &(place){.entry = entries[i], .depth = at->depth + 1, .above = at}, error);
        free(folders[i]);
    }
    free(entries);
    free(folders);
    return status;
}

/* Appends every file below a class folder. */
static dn_status walk(dni_samples *samples, const char *folder, int label, const place *at, dn_error *error) {
    dni_listing listing = {0};
    dn_error reason;
    dn_status status = check_place(at, folder, &reason);
    if (!status) status = dni_list_folder(&listing, folder, &reason);
    if (status && dni_status_is_machine(status)) return dni_fail(error, status, "%s", reason.message);
    if (status) return leave_out(samples, folder, &reason, error);
    status = walk_names(samples, folder, &listing, label, at, error);
    dni_listing_free(&listing);
    return status;
}

/* The names of the folders in a folder: its classes, of which none is left out because the system refuses to
 * look. */
static dn_status list_classes(dni_listing *out, dni_samples *samples, const char *folder, dn_error *error) {
    dn_status status = dni_list_folder(out, folder, error);
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        dni_entry entry;
        char *path = NULL;
        bool is_usable = false;
        if (!status)
            status =
                look_at(&entry, &path, &is_usable, dni_entry_look, samples, folder, out->names[i], error);
        free(path);
        if (is_usable && entry.kind == DNI_ENTRY_FOLDER)
            out->names[kept++] = out->names[i];
        else
            free(out->names[i]);
    }
    out->count = kept;
    if (status) dni_listing_free(out);
    return status;
}

dn_status dni_classes_list(dni_listing *out, const char *folder, dn_error *error) {
    dni_samples ignored = {0};
    const dn_status status = list_classes(out, &ignored, folder, error);
    dni_samples_free(&ignored);
    return status;
}

/* The folder as a place, where it can be found; else those that it lies in. */
static const place *place_of(place *out, const char *folder, const place *above) {
    *out = (place){.above = above};
    return dni_entry_find(&out->entry, folder, NULL) ? above : out;
}

/* Appends the files of one class; a class without any is an error. */
static dn_status scan_class(dni_samples *samples, const char *folder, const char *class_name, int label,
                            const place *above, dn_error *error) {
    char *const path = dni_path_join(folder, class_name);
    if (!path) return dni_no_memory(error, "%s: its list", folder);
    const size_t before = samples->count;
    place at = {.above = above};
    dn_status status = dni_entry_look(&at.entry, path, error);
    if (!status) status = walk(samples, path, label, &at, error);
    if (!status && samples->count == before)
        status = dni_fail(error, DN_ERR_DATA_EMPTY, "%s: a class without files", path);
    free(path);
    return status;
}

void dni_samples_free(dni_samples *samples) {
    if (!samples) return;
    dni_texts_free(&samples->paths);
    free(samples->items);
    free(samples->left_out);
    *samples = (dni_samples){0};
}

/* Room for `more` elements behind `count`, by has_room()'s rule. */
static bool grow(void **items, size_t count, size_t more, size_t size) {
    size_t room = 64, bytes;
    void *larger = NULL;
    while (room < count + more) room *= 2;
    if (dni_size_mul(room, size, &bytes)) larger = realloc(*items, bytes);
    if (larger) *items = larger;
    return larger != NULL;
}

dn_status dni_samples_append(dni_samples *to, dni_samples *from, dn_error *error) {
    void *items = to->items, *left_out = to->left_out;
    const bool has_items = grow(&items, to->count, from->count, sizeof *to->items);
    const bool has_left_out = grow(&left_out, to->left_out_count, from->left_out_count, sizeof *to->left_out);
    to->items = items;
    to->left_out = left_out;
    if (!has_items || !has_left_out) return dni_no_memory(error, "%zu samples", to->count + from->count);
    if (from->count) memcpy(to->items + to->count, from->items, from->count * sizeof *from->items);
    if (from->left_out_count)
        memcpy(to->left_out + to->left_out_count, from->left_out,
               from->left_out_count * sizeof *from->left_out);
    to->count += from->count;
    to->left_out_count += from->left_out_count;
    dni_texts_move(&to->paths, &from->paths);
    dni_samples_free(from);
    return DN_OK;
}

void dni_dataset_free(dni_dataset *dataset) {
    if (!dataset) return;
    for (int i = 0; i < dataset->class_count; i++) free(dataset->classes[i]);
    free(dataset->classes);
    for (int split = 0; split < DNI_SPLITS; split++) dni_samples_free(&dataset->splits[split]);
    *dataset = (dni_dataset){0};
}

/* --- class names ---------------------------------------------------------------------------------------- */

/* Adds "'a', 'b' is missing" for the names of one list that the other lacks. */
static void add_difference(dni_name_text *t, const char *const *names, int count,
                           const dni_name_index *others, const char *what) {
    int found = 0;
    for (int i = 0; i < count; i++)
        if (dni_name_index_find(others, names[i]) < 0)
            dni_name_text_add(t, found++ ? ", '" : "; '", names[i], "'");
    if (found) dni_name_text_add(t, found == 1 ? " is " : " are ", what, "");
}

/* The classes that a folder is compared with. */
typedef struct expected_classes {
    const char *const *names;
    int count;
    const char *source; /* for messages */
    bool may_be_missing;
} expected_classes;

/* Refuses class folders that differ from those expected, naming both sides. `index`: of those expected. */
static dn_status compare_classes(const char *folder, const expected_classes *expected,
                                 const dni_name_index *index, const dni_listing *listing, dn_error *error) {
    const char *const *const names = (const char *const *)listing->names;
    dni_name_index of_names;
    const dn_status status = dni_name_index_make(&of_names, names, (int)listing->count, folder, error);
    if (status) return status;
    dni_name_text difference = {0};
    if (!expected->may_be_missing)
        add_difference(&difference, expected->names, expected->count, &of_names, "missing");
    add_difference(&difference, names, (int)listing->count, index, "extra");
    dni_name_index_free(&of_names);
    if (!difference.used) return DN_OK;

    dni_name_text list = {0};
    for (int i = 0; i < expected->count && i < 10; i++)
        dni_name_text_add(&list, i ? ", " : "", expected->names[i], "");
    if (expected->count > 10) dni_name_text_add(&list, ", ", "...", "");
    return dni_fail(error, DN_ERR_DATA_CLASSES, "%s: classes %s expected as in %s%s", folder, list.content,
                    expected->source, difference.content);
}

/* What was left out may be why a set is refused: the last of it is told, too. */
static dn_status add_reason(const dni_samples *samples, dn_status status, dn_error *error) {
    if (!status || dni_status_is_machine(status) || !error || !samples->left_out_count) return status;
    const dn_error refusal = *error;
    return dni_fail(error, status, "%.500s; left out: %.500s", refusal.message,
                    samples->left_out[samples->left_out_count - 1].message);
}

/* --- scanning ------------------------------------------------------------------------------------------- */

/* Takes the classes from the training split's listing, which is left empty. */
static dn_status take_classes(dni_dataset *dataset, const char *folder, dni_listing *listing,
                              dn_error *error) {
    if (listing->count < 2)
        return dni_fail(error, DN_ERR_DATA_CLASSES, "%s: has %zu class folder%s; at least two are needed",
                        folder, listing->count, listing->count == 1 ? "" : "s");
    if (listing->count > DNI_CLASS_LIMIT)
        return dni_fail(error, DN_ERR_DATA_CLASSES, "%s: has %zu class folders; at most %d are taken", folder,
                        listing->count, DNI_CLASS_LIMIT);
    dataset->classes = listing->names;
    dataset->class_count = (int)listing->count;
    *listing = (dni_listing){0};
    return DN_OK;
}

static dn_status compare_with_train(const dni_dataset *dataset, const char *folder,
                                    const dni_listing *listing, dn_error *error) {
    const expected_classes train = {
        .names = (const char *const *)dataset->classes, .count = dataset->class_count, .source = "train"};
    dni_name_index index;
    dn_status status = dni_name_index_make(&index, train.names, train.count, folder, error);
    if (!status) status = compare_classes(folder, &train, &index, listing, error);
    dni_name_index_free(&index);
    return status;
}

static dn_status scan_split(dni_dataset *dataset, const char *folder, dni_split split, const place *above,
                            dn_error *error) {
    place own;
    const place *at = place_of(&own, folder, above);
    dni_listing listing;
    dn_status status = list_classes(&listing, &dataset->splits[split], folder, error);
    if (status) return status;
    status = split == DNI_TRAIN ? take_classes(dataset, folder, &listing, error)
                                : compare_with_train(dataset, folder, &listing, error);
    dni_listing_free(&listing);

    for (int label = 0; !status && label < dataset->class_count; label++)
        status = scan_class(&dataset->splits[split], folder, dataset->classes[label], label, at, error);
    return status;
}

dn_status dni_dataset_scan(dni_dataset *out, const char *folder, dn_error *error) {
    dn_status status = DN_OK;
    *out = (dni_dataset){0};
    place own;
    const place *at = place_of(&own, folder, NULL);
    for (int split = 0; !status && split < DNI_SPLITS; split++) {
        char *path;
        status = dni_split_find(&path, folder, dni_split_name((dni_split)split), error);
        if (!status) status = scan_split(out, path, (dni_split)split, at, error);
        status = add_reason(&out->splits[split], status, error);
        free(path);
    }
    if (status) dni_dataset_free(out);
    return status;
}

dn_status dni_samples_scan(dni_samples *out, const char *folder, const char *const *classes, int class_count,
                           dn_error *error) {
    *out = (dni_samples){0};
    place own;
    const place *at = place_of(&own, folder, NULL);
    dni_listing listing;
    dn_status status = list_classes(&listing, out, folder, error);
    if (status) {
        dni_samples_free(out);
        return status;
    }
    const expected_classes model = {
        .names = classes, .count = class_count, .source = "the model", .may_be_missing = true};
    dni_name_index index;
    status = dni_name_index_make(&index, classes, class_count, folder, error);
    if (!status) status = compare_classes(folder, &model, &index, &listing, error);
    if (!status && listing.count == 0)
        status = dni_fail(error, DN_ERR_DATA_EMPTY, "%s: no class folders", folder);

    for (size_t i = 0; !status && i < listing.count; i++)
        status = scan_class(out, folder, listing.names[i], dni_name_index_find(&index, listing.names[i]), at,
                            error);
    dni_name_index_free(&index);
    dni_listing_free(&listing);
    status = add_reason(out, status, error);
    if (status) dni_samples_free(out);
    return status;
}
