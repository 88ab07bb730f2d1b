/* The engines' side of the protocol. */
#include "bench/peers/server.h"

#include "bench/clock.h"

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
    if (argc != 6) server_fail("usage: %s WEIGHTS INPUTS BATCH THREADS OUTPUTS", argv[0]);
    server_job job = {
        .weights = argv[1], .outputs = argv[5], .batch = atoi(argv[3]), .threads = atoi(argv[4])};
    if (job.batch < 1 || job.threads < 1) server_fail("batch %s, threads %s", argv[3], argv[4]);
    const size_t count = (size_t)job.batch * SERVER_SIZE * SERVER_SIZE * 3;
    job.inputs = server_floats(count);
    FILE *file = fopen(argv[2], "rb");
    if (!file || fread(job.inputs, sizeof(float), count, file) != count)
        server_fail("%s: it does not hold %d pictures", argv[2], job.batch);
    fclose(file);
    return job;
}

static void write_outputs(const server_job *job, const float *features, size_t feature_count,
                          const float *logits) {
    FILE *file = fopen(job->outputs, "wb");
    if (!file) server_fail("%s: cannot be written", job->outputs);
    const size_t batch = (size_t)job->batch, logit_count = batch * SERVER_LOGITS;
    const size_t written = fwrite(features, sizeof(float), batch * feature_count, file) +
                           fwrite(logits, sizeof(float), logit_count, file);
    if (fclose(file) != 0 || written != batch * feature_count + logit_count)
        server_fail("%s: cannot be written", job->outputs);
}

int server_run(const server_job *job, void (*forward)(void *context), void *context, const float *features,
               size_t feature_count, const float *logits) {
    forward(context);
    write_outputs(job, features, feature_count, logits);
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin) && strncmp(line, "quit", 4) != 0) {
        const double start = bench_now();
        forward(context);
        printf("%.4f\n", 1e3 * (bench_now() - start));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
