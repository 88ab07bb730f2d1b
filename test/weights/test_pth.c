/* SPDX-License-Identifier: MIT */
/* weights/: every .pth that torch writes gives the tensors that torch saved; nothing else gives anything.
 * Goldens: test/golden/weights/oracle_weights.py. */
#include "io/file.h"
#include "io/safetensors.h"
#include "weights/checkpoint.h"
#include "weights/pickle.h"
#include "weights/pth.h"
#include "weights/state_dict.h"
#include "test/support/files.h"
#include "test/support/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "test/golden/weights/"

static dni_checkpoint must_read(const char *path) {
    dni_checkpoint checkpoint;
    dn_error error;
    if (dni_checkpoint_load(&checkpoint, path, NULL, &error) != DN_OK) fail_msg("%s", error.message);
    return checkpoint;
}

static void assert_reads_as(const char *path, const char *expected_path) {
    dni_checkpoint found = must_read(path), expected = must_read(expected_path);
    weights_assert_same(found.network, expected.network);
    dni_checkpoint_free(&found);
    dni_checkpoint_free(&expected);
}

static void assert_refused(const char *path, dn_status status, const char *word) {
    dni_checkpoint checkpoint;
    dn_error error = {0};
    assert_int_equal(dni_checkpoint_load(&checkpoint, path, NULL, &error), status);
    assert_null(checkpoint.network);
    assert_int_equal(error.status, status);
    assert_int_equal(strncmp(error.message, path, strlen(path)), 0);
    if (!strstr(error.message, word)) fail_msg("'%s' does not say '%s'", error.message, word);
}

static void test_every_dtype_view_and_shape_loads_as_saved(void **state) {
    (void)state;
    assert_reads_as(GOLDEN "variety.pth", GOLDEN "variety.safetensors");
    assert_reads_as(GOLDEN "variety.legacy.pth", GOLDEN "variety.safetensors");
}

static void test_shared_storages_are_shared(void **state) {
    (void)state;
    const char *const paths[] = {GOLDEN "variety.pth", GOLDEN "variety.legacy.pth"};
    for (size_t i = 0; i < 2; i++) {
        dni_checkpoint checkpoint = must_read(paths[i]);
        const dni_tensor_dict *dict = checkpoint.network;
        const float *first = dni_tensor_dict_find(dict, "shared.first")->data;
        const float *second = dni_tensor_dict_find(dict, "shared.second")->data;
        assert_ptr_equal(first + 12, second);
        assert_ptr_equal(first, dni_tensor_dict_find(dict, "transposed.weight")->data);
        dni_checkpoint_free(&checkpoint);
    }
}

static void test_all_data_is_aligned_to_its_type(void **state) {
    (void)state;
    dni_checkpoint checkpoint = must_read(GOLDEN "variety.legacy.pth");
    const dni_tensor_dict *dict = checkpoint.network;
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_tensor *tensor = &dni_tensor_dict_at(dict, i)->tensor;
        if (dni_tensor_count(tensor))
            assert_int_equal((uintptr_t)tensor->data % dni_dtype_size(tensor->dtype), 0);
    }
    dni_checkpoint_free(&checkpoint);
}

/* In both of PyTorch's formats. */
static void assert_all_read_as_small(const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s.pth", names[i]);
        assert_reads_as(path, GOLDEN "small.safetensors");
        snprintf(path, sizeof path, GOLDEN "%s.legacy.pth", names[i]);
        assert_reads_as(path, GOLDEN "small.safetensors");
    }
}

static void test_names_prefixes_and_wrappers_make_no_difference(void **state) {
    (void)state;
    const char *const names[] = {"small", "old_names", "prefixed", "wrapped", "model_state_dict", "with_ema"};
    assert_all_read_as_small(names, sizeof names / sizeof *names);
}

/* Scripts' arguments, configurations, numpy's numbers, optimizers, averages: what stands beside a network
 * does not matter. */
static void test_what_training_leaves_beside_a_network_is_passed_over(void **state) {
    (void)state;
    const char *const names[] = {"namespace", "numpy",      "timm",       "lightning", "fastai",
                                 "features",  "ema_inside", "ema_beside", "ema_alone", "projector"};
    assert_all_read_as_small(names, sizeof names / sizeof *names);
}

/* An object without content is no dictionary of tensors, whatever is put into it. */
static void test_objects_without_content_stay_empty(void **state) {
    static const struct {
        const char *pickle;
        dn_status status;
        const char *word;
    } cases[] = {
        {"\x80\2cargparse\nNamespace\n)\x81}b.", DN_ERR_TENSOR_MISSING, "no state dict"},
        {"\x80\2cargparse\nNamespace\n)\x81(K\1K\2u.", DN_ERR_TENSOR_MISSING, "no state dict"},
        {"\x80\2c__builtin__\nset\n]\x85R.", DN_ERR_TENSOR_MISSING, "no state dict"},
        {"\x80\2ccollections\nOrderedDict\n)\x81.", DN_ERR_CORRUPT, "no class"},
        {"\x80\2ctorch\nFloatStorage\n)R.", DN_ERR_CORRUPT, "calls a storage type"},
        {"\x80\2)\x81.", DN_ERR_CORRUPT, "empty stack"},
        {"\x80\2N)\x81.", DN_ERR_CORRUPT, "no function"},
        {"\x80\2Nb.", DN_ERR_CORRUPT, "empty stack"},
        {"\x80\2NNb.", DN_ERR_CORRUPT, "neither dictionary nor object"},
        {"\x80\2c__builtin__\neval\n)R.", DN_ERR_UNSAFE, "'__builtin__.eval'"},
        {"\x80\2c__builtin__\nset list\n)R.", DN_ERR_UNSAFE, "'__builtin__.set list'"},
        {"\x80\2c__builtin__\n\n)R.", DN_ERR_UNSAFE, "'__builtin__.'"},
        {"\x80\2c\n\n)R.", DN_ERR_UNSAFE, "'.'"},
        {"\x80\2cargparse\nNamespac\n)\x81.", DN_ERR_UNSAFE, "'argparse.Namespac'"},
        {"\x80\2ctorch.nn.modules.linear\nLinear\n)\x81.", DN_ERR_UNSAFE, "Linear"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char file[400];
        size_t size = 0;
        /* the magic number, the version, the system; the case; no storages */
        static const unsigned char before[] =
            "\x80\2\x8a\nl\xfc\x9c"
            "F\xf9 j\xa8P\x19.\x80\2M\xe9\3.\x80\2}.";
        memcpy(file, before, sizeof before - 1);
        size = sizeof before - 1;
        for (const char *c = cases[i].pickle;; c++) {
            file[size++] = (unsigned char)*c;
            if (*c == '.' && !c[1]) break;
        }
        memcpy(file + size, "\x80\2].", 4);
        const char *path = folder_path(state, "object.pth");
        write_whole(path, file, size + 4);
        assert_refused(path, cases[i].status, cases[i].word);
    }
}

static void assert_further(const char *path, const char *names) {
    dni_checkpoint checkpoint = must_read(path);
    const char *found = dni_tensor_dict_meta(checkpoint.file, DNI_FURTHER_STATE_DICTS);
    if (!names)
        assert_null(found);
    else
        assert_string_equal(found, names);
    dni_checkpoint_free(&checkpoint);
}

static void test_further_state_dicts_are_named(void **state) {
    (void)state;
    assert_further(GOLDEN "timm.pth", "state_dict_ema");
    assert_further(GOLDEN "with_ema.pth", "model_ema");
    assert_further(GOLDEN "projector.legacy.pth", "projector");
    assert_further(GOLDEN "lightning.pth", NULL);
    assert_further(GOLDEN "small.pth", NULL);
}

static void test_python2_and_protocol_4_writers_are_understood(void **state) {
    (void)state;
    assert_reads_as(GOLDEN "python2.pth", GOLDEN "small.safetensors");
    assert_reads_as(GOLDEN "protocol4.pth", GOLDEN "small.safetensors");
}

static void test_two_state_dicts_are_named_not_chosen_between(void **state) {
    (void)state;
    assert_refused(GOLDEN "ambiguous.pth", DN_ERR_UNSUPPORTED, "'student', 'teacher'");
    assert_refused(GOLDEN "ambiguous.legacy.pth", DN_ERR_UNSUPPORTED, "'student', 'teacher'");
    assert_refused(GOLDEN "two_networks.pth", DN_ERR_CORRUPT, "teacher.features.conv0.weight");
}

static void test_a_checkpoint_without_tensors_says_so(void **state) {
    (void)state;
    assert_refused(GOLDEN "no_tensors.pth", DN_ERR_TENSOR_MISSING, "no state dict");
    assert_refused(GOLDEN "no_tensors.legacy.pth", DN_ERR_TENSOR_MISSING, "no state dict");
}

static void test_foreign_globals_are_refused_by_name(void **state) {
    (void)state;
    assert_refused(GOLDEN "evil.pth", DN_ERR_UNSAFE, "'posix.system'");
    assert_refused(GOLDEN "evil.legacy.pth", DN_ERR_UNSAFE, "'posix.system'");
    assert_refused(GOLDEN "module.pth", DN_ERR_UNSAFE, "'torch.nn.modules.linear.Linear'");
    assert_refused(GOLDEN "module.legacy.pth", DN_ERR_UNSAFE, "state_dict()");
}

static void test_unknown_opcodes_are_named_with_their_place(void **state) {
    (void)state;
    assert_refused(GOLDEN "unknown_opcode.pth", DN_ERR_UNSAFE, "opcode 0x82");
}

static void test_a_storage_of_the_wrong_size_is_refused(void **state) {
    (void)state;
    assert_refused(GOLDEN "wrong_count.pth", DN_ERR_CORRUPT, "storage '11' has 5 elements, not 6");
}

static void test_zip_archives_of_other_tools_are_read(void **state) {
    (void)state;
    assert_reads_as(GOLDEN "deflated.pth", GOLDEN "small.safetensors");
    assert_reads_as(GOLDEN "little_endian.pth", GOLDEN "small.safetensors");
}

static void test_zip_archives_that_are_no_state_dict_are_refused(void **state) {
    (void)state;
    assert_refused(GOLDEN "bomb.pth", DN_ERR_CORRUPT, "20000000 bytes, a zip bomb");
    assert_refused(GOLDEN "wrong_size.pth", DN_ERR_CORRUPT, "28 bytes, not those of 6 elements of F32");
    assert_refused(GOLDEN "big_endian.pth", DN_ERR_UNSUPPORTED, "byte order 'big'");
    assert_refused(GOLDEN "script.pth", DN_ERR_UNSAFE, "TorchScript");
    assert_refused(GOLDEN "plain.zip", DN_ERR_FORMAT, "no data.pkl");
}

static void test_views_beyond_their_storage_are_refused(void **state) {
    const file_bytes file = read_whole(GOLDEN "protocol4.pth");
    unsigned char *bytes = file.data;
    const size_t size = file.size;
    for (size_t i = 0; i + 6 < size; i++) /* shape (2, 3) becomes (9, 3) */
        if (memcmp(bytes + i, "(K\x02K\x03t", 6) == 0) bytes[i + 2] = 9;
    const char *path = folder_path(state, "beyond.pth");
    write_whole(path, bytes, size);
    free(bytes);
    assert_refused(path, DN_ERR_CORRUPT, "tensor 'features.conv0.weight' (9, 3)");
}

static void test_what_is_commonly_saved_as_pth_is_recognised(void **state) {
    const struct {
        const char *text, *word;
    } cases[] = {
        {"\n<!doctype html><html>", "web page"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git-lfs"},
        {"\x1f\x8b\x08 some more", "gzip"},
        {"PK\5\6", "empty zip"},
        {"no idea what this is", "begins with 6e 6f"},
        {"x", "begins with 78"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = folder_path(state, "file.pth");
        write_whole(path, cases[i].text, strlen(cases[i].text));
        assert_refused(path, DN_ERR_FORMAT, cases[i].word);
    }
    char tar[512] = "sys_info";
    memcpy(tar + 257, "ustar", 5);
    write_whole(folder_path(state, "tar.pth"), tar, sizeof tar);
    assert_refused(folder_path(state, "tar.pth"), DN_ERR_FORMAT, "tar archive");
    write_whole(folder_path(state, "empty.pth"), "", 0);
    assert_refused(folder_path(state, "empty.pth"), DN_ERR_TRUNCATED, "is empty");
    assert_refused(GOLDEN "plain.pickle", DN_ERR_FORMAT, "plain Python pickle");
    assert_refused(folder_path(state, "absent.pth"), DN_ERR_NOT_FOUND, "absent.pth");
}

static const char *const damaged[] = {"small.pth",     "small.legacy.pth",    "python2.pth",
                                      "protocol4.pth", "wrapped.pth",         "wrapped.legacy.pth",
                                      "variety.pth",   "variety.legacy.pth",  "small.safetensors",
                                      "numpy.pth",     "lightning.legacy.pth"};

static void test_a_file_cut_short_anywhere_is_refused(void **state) {
    const char *path = folder_path(state, "cut");
    char *const kept = strdup(path);
    for (size_t f = 0; f < sizeof damaged / sizeof *damaged; f++) {
        char source[200];
        snprintf(source, sizeof source, GOLDEN "%s", damaged[f]);
        const file_bytes file = read_whole(source);
        unsigned char *bytes = file.data;
        const size_t size = file.size;
        for (size_t length = 0; length < size; length++) {
            write_whole(kept, bytes, length);
            dni_checkpoint checkpoint;
            dn_error error = {0};
            if (dni_checkpoint_load(&checkpoint, kept, NULL, &error) == DN_OK)
                fail_msg("%s is taken for whole after %zu bytes", damaged[f], length);
            assert_null(checkpoint.file);
            assert_non_null(strstr(error.message, kept));
        }
        free(bytes);
    }
    free(kept);
}

/* A changed value cannot be seen; what must hold is that reading ends in a dict whose elements can all be
 * read, or in an error. AddressSanitizer is the judge of "can". */
static void try_damaged(const char *path) {
    dni_checkpoint checkpoint;
    dn_error error = {0};
    if (dni_checkpoint_load(&checkpoint, path, NULL, &error) != DN_OK) {
        assert_null(checkpoint.file);
        assert_int_not_equal(error.status, DN_OK);
        assert_true(strlen(error.message) > 0);
        return;
    }
    const dni_tensor_dict *dict = checkpoint.file;
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_tensor *tensor = &dni_tensor_dict_at(dict, i)->tensor;
        const int64_t count = dni_tensor_count(tensor);
        if (count > 100000) continue; /* an expanded view may be of any size */
        float *values = malloc((size_t)count * sizeof *values + 1);
        assert_non_null(values);
        dni_tensor_to_f32(tensor, values);
        free(values);
    }
    dni_checkpoint_free(&checkpoint);
}

static void test_a_flipped_byte_anywhere_does_no_harm(void **state) {
    char *path = strdup(folder_path(state, "flipped"));
    static const unsigned char masks[] = {0x01, 0x80, 0xff, 0x20};
    for (size_t f = 0; f < sizeof damaged / sizeof *damaged; f++) {
        char source[200];
        snprintf(source, sizeof source, GOLDEN "%s", damaged[f]);
        const file_bytes file = read_whole(source);
        unsigned char *bytes = file.data;
        const size_t size = file.size;
        for (size_t i = 0; i < size; i++) {
            bytes[i] ^= masks[i % 4];
            write_whole(path, bytes, size);
            try_damaged(path);
            bytes[i] ^= masks[i % 4];
        }
        free(bytes);
    }
    free(path);
}

static void test_random_pickles_do_no_harm(void **state) {
    (void)state;
    static const unsigned char opcodes[] = ")(t}]NKKqhRbQaesu\x81\x85\x86\x87\x88\x94.";
    uint64_t random = 1;
    for (int round = 0; round < 20000; round++) {
        unsigned char bytes[64] = {0x80, 2};
        for (size_t i = 2; i < sizeof bytes; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = opcodes[(random >> 33) % (sizeof opcodes - 1)];
        }
        dni_pickle *pickle;
        size_t position = 0;
        dni_allowance allowance = dni_allowance_of(sizeof bytes, "random");
        const dn_status status = dni_pickle_read(&pickle, bytes, sizeof bytes, &position, &allowance, NULL);
        assert_int_equal(pickle != NULL, status == DN_OK);
        dni_pickle_free(pickle);
    }
}

static void test_a_whole_densenet161_is_the_same_in_every_format(void **state) {
    if (system("/usr/bin/python3 -c 'import torch, torchvision' 2>/dev/null") != 0) {
        print_message("skipped: torch and torchvision are not installed for /usr/bin/python3\n");
        skip();
    }
    char command[1200];
    snprintf(command, sizeof command,
             "/usr/bin/python3 test/golden/weights/oracle_weights.py densenet161 '%s'", (const char *)*state);
    assert_int_equal(system(command), 0);
    dni_checkpoint expected = must_read(folder_path(state, "expected.safetensors"));
    assert_int_equal(dni_tensor_dict_count(expected.network), 967);
    const char *const names[] = {"new.pth", "legacy.pth", "old.pth"};
    for (size_t i = 0; i < 3; i++) {
        dni_checkpoint found = must_read(folder_path(state, names[i]));
        weights_assert_same(found.network, expected.network);
        dni_checkpoint_free(&found);
    }
    dni_checkpoint_free(&expected);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_dtype_view_and_shape_loads_as_saved),
        cmocka_unit_test(test_shared_storages_are_shared),
        cmocka_unit_test(test_all_data_is_aligned_to_its_type),
        cmocka_unit_test(test_names_prefixes_and_wrappers_make_no_difference),
        cmocka_unit_test(test_what_training_leaves_beside_a_network_is_passed_over),
        cmocka_unit_test(test_further_state_dicts_are_named),
        IN_FOLDER(test_objects_without_content_stay_empty),
        cmocka_unit_test(test_python2_and_protocol_4_writers_are_understood),
        cmocka_unit_test(test_two_state_dicts_are_named_not_chosen_between),
        cmocka_unit_test(test_a_checkpoint_without_tensors_says_so),
        cmocka_unit_test(test_foreign_globals_are_refused_by_name),
        cmocka_unit_test(test_unknown_opcodes_are_named_with_their_place),
        cmocka_unit_test(test_a_storage_of_the_wrong_size_is_refused),
        cmocka_unit_test(test_zip_archives_of_other_tools_are_read),
        cmocka_unit_test(test_zip_archives_that_are_no_state_dict_are_refused),
        IN_FOLDER(test_views_beyond_their_storage_are_refused),
        IN_FOLDER(test_what_is_commonly_saved_as_pth_is_recognised),
        IN_FOLDER(test_a_file_cut_short_anywhere_is_refused),
        IN_FOLDER(test_a_flipped_byte_anywhere_does_no_harm),
        cmocka_unit_test(test_random_pickles_do_no_harm),
        IN_FOLDER(test_a_whole_densenet161_is_the_same_in_every_format),
    };
    return cmocka_run_group_tests_name("pth", tests, NULL, NULL);
}
