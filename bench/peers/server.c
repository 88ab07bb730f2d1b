/* SPDX-License-Identifier: MIT */
/* The engines' side of the protocol. */
#include "bench/peers/server.h"
#include "core/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void server_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("engine: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

float *server_floats(size_t count) {
    const size_t size = (count * sizeof(float) + 63) / 64 * 64;
    float *memory = aligned_alloc(64, size);
    if (!memory) server_fail("out of memory for %zu bytes", size);
    memset(memory, 0, size);
    return memory;
}

server_job server_job_read(int argc, char **argv) {
    if (argc != 6 && argc != 7)
        server_fail("usage: %s WEIGHTS INPUTS BATCH THREADS OUTPUTS [VARIANT]", argv[0]);
    server_job job = {.weights = argv[1],
                      .outputs = argv[5],
                      .variant = argc == 7 ? argv[6] : "",
                      .batch = atoi(argv[3]),
                      .threads = atoi(argv[4])};
    if (job.batch < 1 || job.threads < 1) server_fail("batch %s, threads %s", argv[3], argv[4]);
    const size_t count = (size_t)job.batch * SERVER_SIZE * SERVER_SIZE * 3;
    job.inputs = server_floats(count);
    FILE *file = fopen(argv[2], "rb");
    if (!file || fread(job.inputs, sizeof(float), count, file) != count)
        server_fail("%s: it does not hold %d pictures", argv[2], job.batch);
    fclose(file);
    return job;
}

static void write_results(const char *path, const server_result *results, int count) {
    FILE *file = fopen(path, "wb");
    if (!file) server_fail("%s: cannot be written", path);
    int complete = 1;
    for (int i = 0; i < count; i++)
        complete &= fwrite(results[i].values, sizeof(float), results[i].count, file) == results[i].count;
    if (fclose(file) != 0 || !complete) server_fail("%s: cannot be written", path);
}

int server_run(const char *outputs, void (*run)(void *context), void *context, const server_result *results,
               int result_count) {
    run(context);
    write_results(outputs, results, result_count);
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin) && strncmp(line, "quit", 4) != 0) {
        const double start = dni_clock_seconds();
        run(context);
        printf("%.4f\n", 1e3 * (dni_clock_seconds() - start));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
