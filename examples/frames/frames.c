/* SPDX-License-Identifier: MIT */
/* frames [-a] [-s STRIDE] [-w WEIGHTS] MODEL WIDTH HEIGHT FORMAT <FRAMES: a line for each frame of a
 * stream.
 *
 * Frames are raw pixels on standard input, as a camera or ffmpeg delivers them:
 *
 *     ffmpeg -loglevel error -i video.mp4 -f rawvideo -pix_fmt bgra - | frames MODEL 1280 720 bgra
 *
 * FORMAT is rgb, bgr, rgba, bgra or grey; STRIDE the bytes from a row to the one below it, where rows are
 * padded, negative where they lie bottom to top. A thread reads; the newest frame alone waits until the
 * network is free, and those before it are passed over: so however slow the network is, an answer is never
 * older than the time of two frames' judging. -a judges every frame and lets the source wait instead, as
 * for a file. At the end the rate and the longest latency are told. */
#define _POSIX_C_SOURCE 200809L
#include <densenet.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct options {
    const char *model, *weights; /* weights: NULL: the model needs none */
    dn_pixels pixels;            /* without data */
    size_t frame_bytes;
    int all;
} options;

/* Three frames that change hands: one is being read, one waits, one is being judged. */
typedef struct stream {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned char *reading, *waiting, *judged;
    int is_fresh; /* a frame waits that nobody has taken */
    int ended;
    int all;
    long arrived, passed_over;
    double arrival; /* of the frame that waits, seconds */
    size_t frame_bytes, rest;
} stream;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void swap(unsigned char **a, unsigned char **b) {
    unsigned char *kept = *a;
    *a = *b;
    *b = kept;
}

/* ---- the reading thread ---- */

static void *read_frames(void *context) {
    stream *s = context;
    while ((s->rest = fread(s->reading, 1, s->frame_bytes, stdin)) == s->frame_bytes) {
        const double arrival = now();
        pthread_mutex_lock(&s->lock);
        while (s->all && s->is_fresh) pthread_cond_wait(&s->changed, &s->lock);
        swap(&s->reading, &s->waiting);
        s->passed_over += s->is_fresh;
        s->is_fresh = 1;
        s->arrival = arrival;
        s->arrived++;
        pthread_cond_signal(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_lock(&s->lock);
    s->ended = 1;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Waits for the newest frame, which is then s->judged; its number from 1 on, or 0 at the stream's end. */
static long take_frame(stream *s, double *arrival) {
    long number = 0;
    pthread_mutex_lock(&s->lock);
    while (!s->is_fresh && !s->ended) pthread_cond_wait(&s->changed, &s->lock);
    if (s->is_fresh) {
        swap(&s->waiting, &s->judged);
        s->is_fresh = 0;
        number = s->arrived;
        *arrival = s->arrival;
        pthread_cond_signal(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return number;
}

/* ---- the judging thread, which is main's ---- */

static dn_status judge_frame(dn_classifier *classifier, dn_pixels pixels, const unsigned char *frame,
                             float *probabilities, dn_error *error) {
    dn_image image;
    /* The topmost row is the last one in memory where rows lie bottom to top. */
    pixels.data = pixels.stride < 0 ? frame + (size_t)(pixels.height - 1) * (size_t)-pixels.stride : frame;
    dn_status status = dn_image_from_pixels(&image, &pixels, error);
    if (!status) status = dn_classifier_predict(classifier, &image, 1, probabilities, error);
    dn_image_free(&image);
    return status;
}

static dn_status judge_stream(dn_classifier *classifier, const options *o, stream *s, float *probabilities,
                              dn_error *error) {
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    const double begin = now();
    double arrival = 0, latency, worst = 0;
    long number, judged = 0;
    while ((number = take_frame(s, &arrival)) != 0) {
        const dn_status status = judge_frame(classifier, o->pixels, s->judged, probabilities, error);
        if (status) return status;
        int best = 0;
        for (int i = 1; i < info->class_count; i++)
            if (probabilities[i] > probabilities[best]) best = i;
        latency = now() - arrival;
        if (latency > worst) worst = latency;
        judged++;
        printf("%ld %s %.4f\n", number, info->classes[best], (double)probabilities[best]);
        fflush(stdout); /* whoever reads it wants it now */
    }
    fprintf(stderr,
            "frames: %ld arrived, %ld judged, %ld passed over; %.1f a second, latency at most %.0f ms\n",
            s->arrived, judged, s->passed_over, (double)judged / (now() - begin), 1e3 * worst);
    return DN_OK;
}

/* ---- from the command line to the end ---- */

static int format_of(const char *name, dn_pixels *pixels) { /* its bytes a pixel; 0: there is none such */
    static const struct {
        const char *name;
        dn_pixel_format format;
        int bytes;
    } formats[] = {{"rgb", DN_PIXELS_RGB, 3},
                   {"bgr", DN_PIXELS_BGR, 3},
                   {"rgba", DN_PIXELS_RGBA, 4},
                   {"bgra", DN_PIXELS_BGRA, 4},
                   {"grey", DN_PIXELS_GREY, 1}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(name, formats[i].name) == 0) {
            pixels->format = formats[i].format;
            return formats[i].bytes;
        }
    return 0;
}

static int is_number(const char *text, long low, long high, long *out) {
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return end != text && !*end && !errno && *out >= low && *out <= high;
}

static int parse(options *o, int argc, char **argv) {
    long stride = 0, width, height;
    int c;
    *o = (options){0};
    while ((c = getopt(argc, argv, "as:w:")) != -1) {
        if (c == 'a')
            o->all = 1;
        else if (c == 'w')
            o->weights = optarg;
        else if (c != 's' || !is_number(optarg, -1000000, 1000000, &stride))
            return 0;
    }
    if (argc - optind != 4) return 0;
    o->model = argv[optind];
    const int bytes = format_of(argv[optind + 3], &o->pixels);
    if (!bytes || !is_number(argv[optind + 1], 1, 100000, &width) ||
        !is_number(argv[optind + 2], 1, 100000, &height))
        return 0;
    if (!stride) stride = width * bytes;
    o->pixels.width = (int)width;
    o->pixels.height = (int)height;
    o->pixels.stride = stride;
    o->frame_bytes = (size_t)labs(stride) * (size_t)height;
    return labs(stride) >= width * bytes;
}

static dn_status open_classifier(dn_classifier **out, const options *o, dn_error *error) {
    dn_weights *weights = NULL;
    dn_status status = dn_classifier_load(out, o->model, error);
    if (!status && o->weights) status = dn_weights_load(&weights, o->weights, error);
    if (!status) status = dn_classifier_attach(*out, weights, NULL, NULL, error);
    dn_weights_free(weights);
    return status;
}

/* Reads on one thread, judges on this one. */
static int run(dn_classifier *classifier, const options *o, stream *s, float *probabilities) {
    dn_error error;
    pthread_t reader;
    if (pthread_create(&reader, NULL, read_frames, s) != 0) {
        fputs("frames: a thread cannot be started\n", stderr);
        return 2;
    }
    if (judge_stream(classifier, o, s, probabilities, &error)) {
        fprintf(stderr, "frames: %s\n", error.message);
        exit(2); /* the reader may wait for input for ever: the process ends it */
    }
    pthread_join(reader, NULL);
    if (s->rest)
        fprintf(stderr, "frames: the last frame is cut short: %zu of %zu bytes\n", s->rest, s->frame_bytes);
    return s->rest ? 1 : 0;
}

int main(int argc, char **argv) {
    options o;
    dn_error error;
    dn_classifier *classifier = NULL;
    float *probabilities = NULL;
    int code = 2;

    if (!parse(&o, argc, argv)) {
        fputs("usage: frames [-a] [-s STRIDE] [-w WEIGHTS] MODEL WIDTH HEIGHT rgb|bgr|rgba|bgra|grey\n",
              stderr);
        return 2;
    }
    stream s = {.lock = PTHREAD_MUTEX_INITIALIZER,
                .changed = PTHREAD_COND_INITIALIZER,
                .reading = malloc(o.frame_bytes),
                .waiting = malloc(o.frame_bytes),
                .judged = malloc(o.frame_bytes),
                .all = o.all,
                .frame_bytes = o.frame_bytes};
    if (open_classifier(&classifier, &o, &error)) {
        fprintf(stderr, "frames: %s\n", error.message);
        goto done;
    }
    probabilities = malloc(sizeof *probabilities * (size_t)dn_classifier_get_info(classifier)->class_count);
    if (!probabilities || !s.reading || !s.waiting || !s.judged)
        fputs("frames: out of memory\n", stderr);
    else
        code = run(classifier, &o, &s, probabilities);
done:
    free(probabilities);
    free(s.judged);
    free(s.waiting);
    free(s.reading);
    dn_classifier_free(classifier);
    return code;
}
