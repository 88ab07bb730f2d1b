/* SPDX-License-Identifier: MIT */
/* Load for ftrain serve: how many pictures a second, and how long each takes.
 *
 *     load bare MODEL BATCH SECONDS                   the network alone, no server: inputs that are ready
 *     load clients PORT CLIENTS SECONDS PICTURE...    CLIENTS threads, each with one connection, that post
 *                                                     picture after picture, without a pause between
 *
 * Prints one line of numbers: pictures a second, and for clients the median and the 99th percentile of a
 * request, milliseconds; requests that were not answered by 200. The first second is not counted. */
#include "core/clock.h"
#include "head/classifier/backbone.h"
#include "io/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 256, HEAD = 4096 };

static const double WARM_SECONDS = 1;

_Noreturn static void give_up(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static void *allocated(void *memory) {
    if (!memory) give_up("out of memory");
    return memory;
}

/* ---- the bare network ---- */

static void run_bare(const char *model, int batch, double seconds) {
    dn_classifier *classifier;
    dn_error error;
    dn_session_options options = dn_session_options_default();
    options.batch = batch;
    if (dn_classifier_load(&classifier, model, &error) ||
        dn_classifier_attach(classifier, NULL, NULL, &options, &error))
        give_up(error.message);
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    const size_t crop = (size_t)info->preprocessing.crop, floats = (size_t)batch * crop * crop * 3;
    float *inputs = allocated(malloc(floats * sizeof *inputs));
    float *probabilities =
        allocated(malloc((size_t)batch * (size_t)info->class_count * sizeof *probabilities));
    for (size_t i = 0; i < floats; i++) inputs[i] = (float)(i * 2654435761u % 1000) / 500 - 1;
    const double begin = dni_clock_seconds() + WARM_SECONDS;
    double now = begin, first = 0;
    long pictures = 0;
    while (now < begin + seconds) {
        if (dni_classifier_predict_inputs(classifier, inputs, batch, probabilities, &error))
            give_up(error.message);
        now = dni_clock_seconds();
        if (now < begin) continue;
        if (first > 0)
            pictures += batch;
        else
            first = now; /* the end of the last batch that is not counted */
    }
    printf("%.2f\n", (double)pictures / (now - first));
    free(probabilities);
    free(inputs);
    dn_classifier_free(classifier);
}

/* ---- clients ---- */

typedef struct client {
    pthread_t thread;
    int port, number;
    double begin, end; /* requests that end in between are counted */
    const dni_file_content *pictures;
    int picture_count;
    double *seconds; /* of each counted request */
    size_t count, capacity;
    long refused;
} client;

static int connect_to(int port) {
    const int one = 1;
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr any;
    memcpy(&any, &address, sizeof any);
    const int opened = socket(AF_INET, SOCK_STREAM, 0);
    if (opened < 0 || connect(opened, &any, sizeof any) != 0) give_up("cannot connect");
    setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return opened;
}

static void send_all(int to, const void *bytes, size_t size) {
    for (const char *at = bytes; size;) {
        const ssize_t sent = send(to, at, size, MSG_NOSIGNAL);
        if (sent <= 0) give_up("the server has closed the connection");
        at += sent;
        size -= (size_t)sent;
    }
}

/* The status of an answer that is read to its end. */
static int read_answer(int from) {
    char head[HEAD + 1];
    size_t got = 0;
    char *end = NULL;
    while (!end) {
        const ssize_t count = got < HEAD ? recv(from, head + got, HEAD - got, 0) : 0;
        if (count <= 0) give_up("no whole answer");
        got += (size_t)count;
        head[got] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    const char *length = strstr(head, "Content-Length: ");
    if (!length) give_up("an answer without length");
    size_t left = strtoul(length + 16, NULL, 10) - (got - (size_t)(end + 4 - head));
    while (left) {
        const ssize_t count = recv(from, head, left < HEAD ? left : HEAD, 0);
        if (count <= 0) give_up("no whole answer");
        left -= (size_t)count;
    }
    return atoi(head + 9);
}

static void keep(client *self, double seconds) {
    if (self->count == self->capacity) {
        self->capacity = 2 * self->capacity + 64;
        self->seconds = allocated(realloc(self->seconds, self->capacity * sizeof *self->seconds));
    }
    self->seconds[self->count++] = seconds;
}

static void *run_client(void *context) {
    client *self = context;
    const int server = connect_to(self->port);
    for (int i = self->number; dni_clock_seconds() < self->end; i++) {
        const dni_file_content *picture = &self->pictures[i % self->picture_count];
        char head[200];
        const int size = snprintf(head, sizeof head,
                                  "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/x\r\n"
                                  "Content-Length: %zu\r\n\r\n",
                                  picture->size);
        const double asked = dni_clock_seconds();
        send_all(server, head, (size_t)size);
        send_all(server, picture->data, picture->size);
        const int status = read_answer(server);
        const double now = dni_clock_seconds();
        if (now < self->begin || now > self->end) continue;
        if (status == 200)
            keep(self, now - asked);
        else
            self->refused++;
    }
    close(server);
    return NULL;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_all(client *clients, int count, double seconds) {
    client all = {.seconds = NULL};
    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < clients[i].count; k++) keep(&all, clients[i].seconds[k]);
        all.refused += clients[i].refused;
        free(clients[i].seconds);
    }
    if (!all.count) give_up("no request was answered in this time");
    qsort(all.seconds, all.count, sizeof *all.seconds, by_value);
    printf("%.2f %.1f %.1f %ld\n", (double)all.count / seconds, 1e3 * all.seconds[all.count / 2],
           1e3 * all.seconds[(size_t)(0.99 * (double)(all.count - 1))], all.refused);
    free(all.seconds);
}

static void run_clients(int port, int count, double seconds, char *const *paths, int path_count) {
    static client clients[MAX_CLIENTS];
    if (count < 1 || count > MAX_CLIENTS) give_up("1 to 256 clients");
    dni_file_content *pictures = allocated(calloc((size_t)path_count, sizeof *pictures));
    dn_error error;
    for (int i = 0; i < path_count; i++)
        if (dni_file_load(&pictures[i], paths[i], &error)) give_up(error.message);
    const double begin = dni_clock_seconds() + WARM_SECONDS;
    for (int i = 0; i < count; i++) {
        clients[i] = (client){.port = port,
                              .number = i,
                              .begin = begin,
                              .end = begin + seconds,
                              .pictures = pictures,
                              .picture_count = path_count};
        if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i])) give_up("no thread");
    }
    for (int i = 0; i < count; i++) pthread_join(clients[i].thread, NULL);
    print_all(clients, count, seconds);
    for (int i = 0; i < path_count; i++) dni_file_unload(&pictures[i]);
    free(pictures);
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "bare") == 0)
        run_bare(argv[2], atoi(argv[3]), atof(argv[4]));
    else if (argc > 5 && strcmp(argv[1], "clients") == 0)
        run_clients(atoi(argv[2]), atoi(argv[3]), atof(argv[4]), argv + 5, argc - 5);
    else
        give_up("load bare MODEL BATCH SECONDS | load clients PORT CLIENTS SECONDS PICTURE...");
    return 0;
}
