/* SPDX-License-Identifier: MIT */
/* What the engines written in C share: the job on the command line, and the protocol.
 *
 *     ENGINE WEIGHTS INPUTS BATCH THREADS OUTPUTS [VARIANT]
 *
 * WEIGHTS is a safetensors checkpoint, INPUTS raw float32 (images, 224, 224, 3), of which the first BATCH
 * are used. The engine makes ready, runs once, writes float32 features (BATCH, n) and logits (BATCH, 1000)
 * one after the other to OUTPUTS, and prints "ready". Then it runs once for each line on stdin and answers
 * with the milliseconds that took, until "quit" or the end of input. What variants there are is the
 * engine's affair. */
#ifndef BENCH_PEERS_SERVER_H
#define BENCH_PEERS_SERVER_H

#include <stddef.h>

enum { SERVER_SIZE = 224, SERVER_LOGITS = 1000 };

typedef struct server_job {
    const char *weights, *outputs;
    const char *variant; /* "" where none was given */
    float *inputs;       /* (batch, 224, 224, 3); freed with free() */
    int batch, threads;
} server_job;

/* Reads the command line and the inputs; a mistake in either ends the process with a message. */
server_job server_job_read(int argc, char **argv);

/* Floats to be written to the outputs. */
typedef struct server_result {
    const float *values;
    size_t count;
} server_result;

/* The first pass, its results to `outputs`, and then passes on request. */
int server_run(const char *outputs, void (*run)(void *context), void *context, const server_result *results,
               int result_count);

/* Prints "engine: message" to stderr and ends the process. */
_Noreturn void server_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory for `count` floats, zeroed, on a cache line; ends the process when there is none. */
float *server_floats(size_t count);

#endif
