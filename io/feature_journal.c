/* SPDX-License-Identifier: MIT */
/* A feature store's journal: its bytes, its lock, and what a killed process left in it. */
#include "io/feature_journal.h"

#include "core/bf16.h"
#include "core/error.h"
#include "io/entry.h"
#include "io/feature_file.h"
#include "io/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define JOURNAL_MAGIC "DNFSJRN2"

typedef struct journal_header {
    char magic[8]; /* the last one counts the form */
    uint32_t features;
    uint32_t type; /* F32_TYPE, which is what stood there before there was another, or BF16_TYPE */
    uint8_t provenance[16];
} journal_header;

enum { F32_TYPE = 0, BF16_TYPE = 1 };

/* ---- reading and writing ---- */

static size_t vector_size(const dni_feature_journal *journal) {
    return journal->features * dni_dtype_size(journal->dtype);
}

static size_t record_size(const dni_feature_journal *journal) {
    return sizeof(dni_key) + vector_size(journal) + sizeof(uint64_t);
}

static uint64_t record_checksum(const dni_feature_journal *journal, uint64_t number) {
    return XXH3_64bits_withSeed(journal->record, record_size(journal) - sizeof(uint64_t), number);
}

static journal_header header_of(const dni_feature_journal *journal) {
    journal_header header = {.features = (uint32_t)journal->features,
                             .type = journal->dtype == DNI_BF16 ? BF16_TYPE : F32_TYPE};
    memcpy(header.magic, JOURNAL_MAGIC, sizeof header.magic);
    const dni_key provenance = dni_key_of_bytes(journal->provenance, strlen(journal->provenance));
    memcpy(header.provenance, provenance.bytes, sizeof header.provenance);
    return header;
}

/* Reads exactly `size` bytes; 0 where the file ends before. */
static dn_status read_whole(const dni_feature_journal *journal, void *bytes, size_t size, off_t offset,
                            int *whole, dn_error *error) {
    size_t done = 0;
    while (done < size) {
        const ssize_t n = pread(journal->file, (char *)bytes + done, size - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return dni_fail_errno(error, errno, "%s: cannot read", journal->path);
        if (n == 0) break;
        done += (size_t)n;
    }
    *whole = done == size;
    return DN_OK;
}

static dn_status cut(dni_feature_journal *journal, off_t size, dn_error *error) {
    if (dni_cut(journal->file, (uint64_t)size) != 0)
        return dni_fail_errno(error, errno, "%s: cannot truncate", journal->path);
    journal->size = size;
    return DN_OK;
}

/* Appends, whole or not at all. */
static dn_status append_bytes(dni_feature_journal *journal, const void *bytes, size_t size, dn_error *error) {
    size_t done = 0;
    while (done < size) {
        const ssize_t n =
            pwrite(journal->file, (const char *)bytes + done, size - done, journal->size + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int number = n < 0 ? errno : EIO;
            (void)cut(journal, journal->size, NULL); /* a torn tail would be cut on opening, too */
            return dni_fail_errno(error, number, "%s: cannot write", journal->path);
        }
        done += (size_t)n;
    }
    journal->size += (off_t)size;
    return DN_OK;
}

/* Record `number`, as the journal has it, into journal->record; 0: there is no such record that is whole. */
static dn_status read_record(const dni_feature_journal *journal, uint64_t number, int *whole,
                             dn_error *error) {
    const size_t size = record_size(journal);
    const off_t offset = (off_t)(sizeof(journal_header) + number * size);
    const dn_status status = read_whole(journal, journal->record, size, offset, whole, error);
    if (status || !*whole) return status;
    uint64_t checksum;
    memcpy(&checksum, journal->record + size - sizeof checksum, sizeof checksum);
    *whole = checksum == record_checksum(journal, number);
    return DN_OK;
}

static dn_status replay_records(dni_feature_journal *journal, dni_take_record *take, void *context,
                                dn_error *error) {
    for (;;) {
        int whole = 0;
        dn_status status = read_record(journal, journal->records, &whole, error);
        if (status) return status;
        if (!whole) return cut(journal, journal->size, error);
        journal->size += (off_t)record_size(journal);
        dni_key key;
        memcpy(&key, journal->record, sizeof key);
        status = take(context, &key, journal->records++, error);
        if (status) return status;
    }
}

dn_status dni_feature_journal_read(const dni_feature_journal *journal, uint64_t number, void *vector,
                                   dn_error *error) {
    int whole = 0;
    const dn_status status = read_record(journal, number, &whole, error);
    if (status) return status;
    struct stat now;
    if (!whole && fstat(journal->file, &now) == 0 && now.st_size < journal->size)
        return dni_fail(error, DN_ERR_IO, "%s: record %llu cannot be read: it ends at byte %lld; it had %lld",
                        journal->path, (unsigned long long)number, (long long)now.st_size,
                        (long long)journal->size);
    if (!whole)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: record %llu is not as it was written", journal->path,
                        (unsigned long long)number);
    memcpy(vector, journal->record + sizeof(dni_key), vector_size(journal));
    return DN_OK;
}

/* Whether power failed before the header was on the disk: the file's size was, and behind some beginning of
 * the header (none, most likely) there are zeros. Such a journal has nothing that anybody was promised. */
static bool is_torn(const dni_feature_journal *journal, const journal_header *found) {
    journal_header expected = header_of(journal);
    const char *const have = (const char *)found, *const want = (const char *)&expected;
    for (expected.type = F32_TYPE; expected.type <= BF16_TYPE; expected.type++) {
        size_t same = 0, end = sizeof expected;
        while (same < sizeof expected && have[same] == want[same]) same++;
        while (end > same && !have[end - 1]) end--;
        if (same < sizeof expected && end == same) return true;
    }
    return false;
}

dn_status dni_feature_journal_choose(dni_feature_journal *journal, dni_dtype *dtype, dn_error *error) {
    journal_header found;
    int whole = 0;
    const dn_status status = read_whole(journal, &found, sizeof found, 0, &whole, error);
    if (status) return status;
    const bool is_ours =
        whole && memcmp(found.magic, JOURNAL_MAGIC, sizeof found.magic) == 0 && !is_torn(journal, &found);
    if (is_ours) *dtype = found.type == BF16_TYPE ? DNI_BF16 : DNI_F32;
    journal->dtype = *dtype;
    return DN_OK;
}

dn_status dni_feature_journal_replay(dni_feature_journal *journal, dni_take_record *take, void *context,
                                     dn_error *error) {
    const journal_header expected = header_of(journal);
    journal_header found;
    int whole = 0;
    const dn_status status = read_whole(journal, &found, sizeof found, 0, &whole, error);
    if (status) return status;
    if (!whole || is_torn(journal, &found)) return cut(journal, 0, error); /* ended before the first record */
    if (memcmp(found.magic, expected.magic, sizeof found.magic - 1) != 0)
        return dni_fail(error, DN_ERR_FORMAT, "%s: not a journal of a feature store", journal->path);
    if (memcmp(found.magic, expected.magic, sizeof found.magic) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "%s: holds unfinished features in another form than '%s': remove it", journal->path,
                        DNI_FEATURE_FORMAT);
    if (memcmp(&found, &expected, sizeof found) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "%s: holds unfinished features of other weights or preprocessing than '%s'",
                        journal->path, journal->provenance);
    journal->size = sizeof found;
    return replay_records(journal, take, context, error);
}

/* ---- opening and closing ---- */

static dn_status wait_for_lock(dni_feature_journal *journal, void (*on_wait)(void *context), void *context,
                               int *waited, dn_error *error) {
    if (flock(journal->file, LOCK_EX | LOCK_NB) == 0) return DN_OK;
    if (errno == EWOULDBLOCK) {
        if (on_wait && !*waited) on_wait(context);
        *waited = 1;
        if (flock(journal->file, LOCK_EX) == 0) return DN_OK;
    }
    if (errno == EINTR)
        return dni_fail(error, DN_ERR_CANCELLED, "%s: interrupted while another process has it open",
                        journal->store_path);
    return dni_fail_errno(error, errno, "%s: cannot lock", journal->path);
}

/* Anew where its last owner has removed the journal meanwhile. */
static dn_status open_locked(dni_feature_journal *journal, void (*on_wait)(void *context), void *context,
                             dn_error *error) {
    int waited = 0;
    for (;;) {
        journal->file = dni_open(journal->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (journal->file < 0) return dni_fail_errno(error, errno, "%s: cannot open", journal->path);
        const dn_status status = wait_for_lock(journal, on_wait, context, &waited, error);
        if (status) return status;
        const int named = dni_entry_is_open(journal->path, journal->file);
        if (named > 0) return DN_OK;
        if (named < 0) return dni_fail_errno(error, errno, "%s: cannot open", journal->path);
        close(journal->file);
        journal->file = -1;
    }
}

dn_status dni_feature_journal_open(dni_feature_journal *journal, const char *store_path,
                                   const char *provenance, size_t features, void (*on_wait)(void *context),
                                   void *context, dn_error *error) {
    *journal = (dni_feature_journal){.store_path = store_path,
                                     .provenance = provenance,
                                     .features = features,
                                     .dtype = DNI_F32,
                                     .file = -1};
    const size_t length = strlen(store_path);
    journal->path = malloc(length + sizeof ".journal");
    journal->record = malloc(record_size(journal));
    if (!journal->path || !journal->record) return dni_no_memory(error, "%s", store_path);
    memcpy(journal->path, store_path, length);
    memcpy(journal->path + length, ".journal", sizeof ".journal");
    return open_locked(journal, on_wait, context, error);
}

void dni_feature_journal_close(dni_feature_journal *journal) {
    if (journal->file >= 0) {
        struct stat found;
        if (fstat(journal->file, &found) == 0 && found.st_size == 0) unlink(journal->path);
        close(journal->file);
    }
    free(journal->path);
    free(journal->record);
}

/* Into journal->record, rounded to the journal's type. */
static void put_vector(const dni_feature_journal *journal, const float *values) {
    unsigned char *place = journal->record + sizeof(dni_key);
    if (journal->dtype == DNI_F32) {
        memcpy(place, values, vector_size(journal));
        return;
    }
    for (size_t i = 0; i < journal->features; i++) {
        const uint16_t rounded = dni_bf16_of(values[i]);
        memcpy(place + i * sizeof rounded, &rounded, sizeof rounded);
    }
}

dn_status dni_feature_journal_append(dni_feature_journal *journal, const dni_key *key, const float *values,
                                     dn_error *error) {
    if (journal->size == 0) {
        const journal_header header = header_of(journal);
        const dn_status status = append_bytes(journal, &header, sizeof header, error);
        if (status) return status;
    }
    const size_t size = record_size(journal);
    memcpy(journal->record, key, sizeof *key);
    put_vector(journal, values);
    const uint64_t checksum = record_checksum(journal, journal->records);
    memcpy(journal->record + size - sizeof checksum, &checksum, sizeof checksum);
    const dn_status status = append_bytes(journal, journal->record, size, error);
    if (!status) journal->records++;
    return status;
}

dn_status dni_feature_journal_empty(dni_feature_journal *journal, dn_error *error) {
    journal->records = 0;
    return cut(journal, 0, error);
}
