/* SPDX-License-Identifier: MIT */
/* The demo's pictures: photograph-like ones, and ones that look as if a generator network had made them.
 *
 *     samples OUT [--seed N] [--count TRAIN,VALID,TEST] [--size N] [--framing X]
 *
 * writes OUT/{train,valid,test}/{generated,photo}/NNN.jpg, COUNT pictures of each class into each split.
 *
 * Both classes show the same family of scenes: "dead leaves" (Lee, Mumford & Huang 2001), opaque shaded
 * ellipses of power-law sizes that hide each other, with 1/f texture on them. That gives the statistics of
 * natural pictures: edges at every scale and a spectrum that falls with frequency. The classes differ in how
 * the scene becomes a picture, and in nothing else:
 *
 *   photo      rendered finely, blurred by a lens, darkened towards the corners, overlaid with the noise of a
 *              sensor (variance rising with light), gamma encoded;
 *   generated  rendered coarsely and gamma encoded, as a generator's inner layers hold it, then doubled twice
 *              by transposed convolutions whose kernel the stride does not divide, or by repeating pixels.
 *              This leaves the lattice known from such networks (Odena, Dumoulin & Olah 2016); no noise.
 *
 * Mean brightness, contrast, size, encoder and quality are drawn from one and the same distribution, so that
 * none of them tells the classes apart. --framing above 1 spoils that on purpose: photos are then taken from
 * further away and show what lies around the scene, which is how a data set deceives. Every picture
 * has a random stream of its own, named by its place: the same seed gives the same bytes, and more pictures
 * never change those that were there. */
#include "core/rng.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>

enum {
    LEAVES = 320,
    OCTAVES = 6,     /* of texture */
    SUPERSAMPLE = 2, /* samples along each axis of a pixel */
    DOUBLINGS = 2,   /* of a generated picture: its scene is rendered at a quarter of the size */
    QUALITY = 92,    /* of the JPEG files */
    SPLITS = 3,
};

static const float TAU = 6.2831853f;

static float between(dni_rng *rng, float low, float high) {
    return low + (high - low) * dni_rng_uniform(rng);
}

/* Standard normal (Box & Muller 1958). */
static float normal(dni_rng *rng) {
    const float radius = sqrtf(-2 * logf(1 - dni_rng_uniform(rng)));
    return radius * cosf(TAU * dni_rng_uniform(rng));
}

/* ---- pictures in the making: square, three floats a pixel ---- */

typedef struct canvas {
    int size;
    float *rgb; /* (size, size, 3) */
} canvas;

static void *need(void *memory) {
    if (!memory) {
        fprintf(stderr, "samples: out of memory\n");
        exit(5);
    }
    return memory;
}

static canvas canvas_new(int size) {
    return (canvas){size, need(calloc((size_t)size * (size_t)size * 3, sizeof(float)))};
}

static float *pixel(const canvas *picture, int y, int x) {
    return picture->rgb + ((size_t)y * (size_t)picture->size + (size_t)x) * 3;
}

static size_t values(const canvas *picture) {
    return (size_t)picture->size * (size_t)picture->size * 3;
}

static int clamp(int i, int count) {
    return i < 0 ? 0 : i >= count ? count - 1 : i;
}

/* Means over factor x factor pixels. Takes `fine` over. */
static canvas shrink(canvas fine, int factor) {
    canvas coarse = canvas_new(fine.size / factor);
    const float weight = 1.0f / (float)(factor * factor);
    for (int y = 0; y < coarse.size * factor; y++)
        for (int x = 0; x < coarse.size * factor; x++)
            for (int c = 0; c < 3; c++)
                pixel(&coarse, y / factor, x / factor)[c] += weight * pixel(&fine, y, x)[c];
    free(fine.rgb);
    return coarse;
}

/* One pass of a Gaussian along x that writes its result transposed: two passes blur both axes. Takes
 * `source` over. */
static canvas blur_pass(canvas source, float sigma) {
    enum { MOST = 12 };
    const int reach = clamp((int)ceilf(3 * sigma), MOST + 1);
    float weights[2 * MOST + 1], sum = 0;
    for (int i = -reach; i <= reach; i++)
        sum += weights[i + reach] = expf(-0.5f * (float)(i * i) / (sigma * sigma));

    canvas blurred = canvas_new(source.size);
    for (int y = 0; y < source.size; y++)
        for (int x = 0; x < source.size; x++)
            for (int i = -reach; i <= reach; i++) {
                const float weight = weights[i + reach] / sum;
                const float *from = pixel(&source, y, clamp(x + i, source.size));
                for (int c = 0; c < 3; c++) pixel(&blurred, x, y)[c] += weight * from[c];
            }
    free(source.rgb);
    return blurred;
}

static canvas blur(canvas source, float sigma) {
    return blur_pass(blur_pass(source, sigma), sigma);
}

static void gamma_encode(canvas *picture) {
    for (size_t i = 0; i < values(picture); i++) picture->rgb[i] = powf(fmaxf(picture->rgb[i], 0), 1 / 2.2f);
}

/* ---- scenes ---- */

/* An ellipse that hides what lies behind it. Lengths are in widths of the picture. */
typedef struct leaf {
    float x, y, along, across; /* centre, half axes */
    float cosine, sine;        /* of its turn */
    float colour[3];           /* linear light */
    float shading;             /* how much it darkens away from the light */
    float texture, frequency;  /* depth and scale of its texture */
    uint64_t grain;            /* names its texture */
} leaf;

typedef struct scene {
    leaf leaves[LEAVES]; /* front to back; the last one fills the picture */
    float light_x, light_y;
} scene;

static leaf leaf_draw(dni_rng *rng, float smallest) {
    leaf it = {.x = between(rng, -0.1f, 1.1f), .y = between(rng, -0.1f, 1.1f)};
    /* density of radii ~ r^-3 up to 0.5: the same picture at any scale */
    const float largest = 0.5f, ratio = smallest / largest;
    const float radius = smallest / sqrtf(1 - between(rng, 0, 1 - ratio * ratio));
    const float stretch = between(rng, 0.6f, 1.6f), turn = between(rng, 0, TAU);
    it.along = radius * stretch;
    it.across = radius / stretch;
    it.cosine = cosf(turn);
    it.sine = sinf(turn);
    const float brightness = expf(between(rng, -2.6f, -0.2f));
    for (int c = 0; c < 3; c++) it.colour[c] = brightness * between(rng, 0.6f, 1.4f);
    it.shading = between(rng, 0.2f, 0.8f);
    it.texture = between(rng, 0.1f, 0.7f);
    it.frequency = between(rng, 6, 14);
    it.grain = dni_rng_next(rng);
    return it;
}

static scene scene_draw(dni_rng *rng) {
    scene it;
    const float smallest = between(rng, 0.02f, 0.035f); /* how busy the scene is */
    for (int i = 0; i < LEAVES; i++) it.leaves[i] = leaf_draw(rng, smallest);
    leaf *ground = &it.leaves[LEAVES - 1];
    ground->x = ground->y = 0.5f;
    ground->along = ground->across = 1;
    const float angle = between(rng, 0, TAU);
    it.light_x = cosf(angle);
    it.light_y = sinf(angle);
    return it;
}

/* As seen from `framing` times as far away. */
static void scene_step_back(scene *it, float framing) {
    for (int i = 0; i < LEAVES; i++) {
        leaf *one = &it->leaves[i];
        one->x = 0.5f + (one->x - 0.5f) / framing;
        one->y = 0.5f + (one->y - 0.5f) / framing;
        if (i < LEAVES - 1) {
            one->along /= framing;
            one->across /= framing;
        }
        one->frequency *= framing;
    }
}

/* Position in the ellipse's own axes, where its rim is the unit circle. */
static void leaf_local(const leaf *it, float x, float y, float *u, float *v) {
    *u = (it->cosine * (x - it->x) + it->sine * (y - it->y)) / it->along;
    *v = (it->cosine * (y - it->y) - it->sine * (x - it->x)) / it->across;
}

static float lattice_value(uint64_t grain, int x, int y) {
    const dni_rng stream = {.key = grain};
    const uint64_t place = (uint64_t)(uint32_t)x << 32 | (uint32_t)y;
    return (float)(dni_rng_at(&stream, place) >> 40) * 0x1p-23f - 1;
}

/* Smoothly interpolated random values in -1..1. */
static float value_noise(uint64_t grain, float x, float y) {
    const float left = floorf(x), top = floorf(y);
    float u = x - left, v = y - top;
    u *= u * (3 - 2 * u);
    v *= v * (3 - 2 * v);
    const int i = (int)left, j = (int)top;
    const float upper = (1 - u) * lattice_value(grain, i, j) + u * lattice_value(grain, i + 1, j);
    const float lower = (1 - u) * lattice_value(grain, i, j + 1) + u * lattice_value(grain, i + 1, j + 1);
    return (1 - v) * upper + v * lower;
}

/* Octaves whose amplitude falls as their frequency rises: a 1/f spectrum. */
static float texture(const leaf *it, float x, float y) {
    float sum = 0, frequency = it->frequency, amplitude = 0.5f;
    for (int octave = 0; octave < OCTAVES; octave++) {
        sum += amplitude * value_noise(it->grain + (uint64_t)octave, x * frequency, y * frequency);
        frequency *= 2;
        amplitude *= 0.6f;
    }
    return sum;
}

/* Light that comes from leaf `it` at (x, y): shaded like a ball, textured. */
static void leaf_shade(const leaf *it, const scene *scenery, float x, float y, float rgb[3]) {
    float u, v;
    leaf_local(it, x, y, &u, &v);
    const float facing = 0.5f + 0.5f * ((x - it->x) * scenery->light_x + (y - it->y) * scenery->light_y) /
                                    fmaxf(it->along, it->across);
    const float rim = sqrtf(fmaxf(0, 1 - 0.7f * (u * u + v * v)));
    const float light = 1 - it->shading + it->shading * facing * (0.4f + 0.6f * rim);
    const float relief = expf(it->texture * texture(it, x, y));
    for (int c = 0; c < 3; c++) rgb[c] = it->colour[c] * light * relief;
}

/* Marks, for every pixel, the front-most leaf over its centre. */
static void scene_cover(const scene *it, int size, uint16_t *cover) {
    for (int i = LEAVES - 1; i >= 0; i--) {
        const leaf *one = &it->leaves[i];
        const float reach = fmaxf(one->along, one->across), scale = (float)size;
        const int top = clamp((int)((one->y - reach) * scale), size);
        const int bottom = clamp((int)((one->y + reach) * scale), size);
        const int left = clamp((int)((one->x - reach) * scale), size);
        const int right = clamp((int)((one->x + reach) * scale), size);
        for (int y = top; y <= bottom; y++)
            for (int x = left; x <= right; x++) {
                float u, v;
                leaf_local(one, ((float)x + 0.5f) / scale, ((float)y + 0.5f) / scale, &u, &v);
                if (u * u + v * v <= 1) cover[(size_t)y * (size_t)size + (size_t)x] = (uint16_t)i;
            }
    }
}

/* The scene in linear light, SUPERSAMPLE samples a pixel along each axis. */
static canvas scene_render(const scene *it, int size) {
    canvas picture = canvas_new(size * SUPERSAMPLE);
    const size_t count = (size_t)picture.size * (size_t)picture.size;
    uint16_t *cover = need(malloc(count * sizeof *cover));
    for (size_t i = 0; i < count; i++) cover[i] = LEAVES - 1;
    scene_cover(it, picture.size, cover);
    for (int y = 0; y < picture.size; y++)
        for (int x = 0; x < picture.size; x++) {
            const leaf *front = &it->leaves[cover[(size_t)y * (size_t)picture.size + (size_t)x]];
            leaf_shade(front, it, ((float)x + 0.5f) / (float)picture.size,
                       ((float)y + 0.5f) / (float)picture.size, pixel(&picture, y, x));
        }
    free(cover);
    return picture;
}

/* ---- photo ---- */

static void vignette(canvas *picture, float strength) {
    const float middle = 0.5f * (float)(picture->size - 1);
    for (int y = 0; y < picture->size; y++)
        for (int x = 0; x < picture->size; x++) {
            const float dy = ((float)y - middle) / middle, dx = ((float)x - middle) / middle;
            const float light = 1 - strength * 0.5f * (dy * dy + dx * dx);
            for (int c = 0; c < 3; c++) pixel(picture, y, x)[c] *= light;
        }
}

/* Shot noise, whose variance is proportional to light, and read noise. */
static void sensor_noise(canvas *picture, dni_rng *rng, float shot, float read) {
    for (size_t i = 0; i < values(picture); i++) {
        const float light = fmaxf(picture->rgb[i], 0);
        picture->rgb[i] = light + sqrtf(shot * light + read * read) * normal(rng);
    }
}

static canvas photograph(const scene *it, int size, dni_rng *rng) {
    canvas picture = blur(scene_render(it, size), SUPERSAMPLE * between(rng, 0.6f, 1.0f));
    picture = shrink(picture, SUPERSAMPLE);
    vignette(&picture, between(rng, 0.05f, 0.25f));
    const float gain = between(rng, 0.45f, 0.9f); /* the camera's: more of it, more noise */
    sensor_noise(&picture, rng, 0.0012f * gain, 0.004f * gain);
    gamma_encode(&picture);
    return picture;
}

/* ---- generated ---- */

/* Transposed convolution with stride 2 and a separable kernel of three taps: even pixels see the middle tap
 * alone, odd ones both outer taps; `uneven` is how far their sums differ, and the lattice comes from that.
 * Takes `source` over. */
static canvas transposed_convolution(canvas source, float uneven) {
    canvas doubled = canvas_new(2 * source.size);
    for (int y = 0; y < doubled.size; y++)
        for (int x = 0; x < doubled.size; x++) {
            const int below = clamp(y / 2 + y % 2, source.size), right = clamp(x / 2 + x % 2, source.size);
            const float gain = (1 + (y % 2 ? uneven : -uneven)) * (1 + (x % 2 ? uneven : -uneven));
            for (int c = 0; c < 3; c++)
                pixel(&doubled, y, x)[c] =
                    0.25f * gain *
                    (pixel(&source, y / 2, x / 2)[c] + pixel(&source, y / 2, right)[c] +
                     pixel(&source, below, x / 2)[c] + pixel(&source, below, right)[c]);
        }
    free(source.rgb);
    return doubled;
}

/* Every pixel four times. Takes `source` over. */
static canvas repeat_pixels(canvas source) {
    canvas doubled = canvas_new(2 * source.size);
    for (int y = 0; y < doubled.size; y++)
        for (int x = 0; x < doubled.size; x++)
            memcpy(pixel(&doubled, y, x), pixel(&source, y / 2, x / 2), 3 * sizeof(float));
    free(source.rgb);
    return doubled;
}

static canvas generate(const scene *it, int size, dni_rng *rng) {
    canvas picture = shrink(scene_render(it, size >> DOUBLINGS), SUPERSAMPLE);
    gamma_encode(&picture);
    for (int i = 0; i < DOUBLINGS; i++) {
        const float uneven = (dni_rng_below(rng, 2) ? 1.0f : -1.0f) * between(rng, 0.05f, 0.1f);
        picture = dni_rng_below(rng, 4) ? transposed_convolution(picture, uneven) : repeat_pixels(picture);
    }
    return picture;
}

/* ---- to files ---- */

/* Gives the picture the wanted mean and standard deviation, in gamma-encoded values of 0..1. */
static void expose(canvas *picture, float mean, float deviation) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < values(picture); i++) sum += (double)picture->rgb[i];
    const double centre = sum / (double)values(picture);
    for (size_t i = 0; i < values(picture); i++) {
        const double distance = (double)picture->rgb[i] - centre;
        squares += distance * distance;
    }
    const float gain = deviation / (float)sqrt(squares / (double)values(picture) + 1e-12);
    for (size_t i = 0; i < values(picture); i++)
        picture->rgb[i] = mean + gain * (picture->rgb[i] - (float)centre);
}

static int write_jpeg(const canvas *picture, const char *path) {
    unsigned char *bytes = need(malloc(values(picture))), *jpeg = NULL;
    for (size_t i = 0; i < values(picture); i++)
        bytes[i] = (unsigned char)lrintf(255 * fminf(fmaxf(picture->rgb[i], 0), 1));

    unsigned long size = 0;
    tjhandle encoder = need(tjInitCompress());
    int failed = tjCompress2(encoder, bytes, picture->size, 0, picture->size, TJPF_RGB, &jpeg, &size,
                             TJSAMP_444, QUALITY, TJFLAG_ACCURATEDCT);
    if (failed) fprintf(stderr, "samples: %s: %s\n", path, tjGetErrorStr2(encoder));
    FILE *file = failed ? NULL : fopen(path, "wb");
    if (!failed && (!file || fwrite(jpeg, 1, size, file) != size)) failed = 1;
    if (file && fclose(file) != 0) failed = 1;
    if (failed) fprintf(stderr, "samples: %s: cannot be written: %s\n", path, strerror(errno));
    tjFree(jpeg);
    tjDestroy(encoder);
    free(bytes);
    return failed;
}

typedef canvas (*recipe)(const scene *it, int size, dni_rng *rng);

static const char *const SPLIT_NAMES[SPLITS] = {"train", "valid", "test"};
static const struct {
    const char *name;
    recipe make;
} CLASSES[] = {{"generated", generate}, {"photo", photograph}};

typedef struct settings {
    const char *out;
    uint64_t seed;
    int counts[SPLITS]; /* pictures of each class */
    int size;           /* of a picture, pixels */
    float framing;      /* of photos */
} settings;

/* Picture number `index` of a class folder, "train/photo". */
static int make_picture(const settings *it, const char *folder, recipe make, int index) {
    char place[64], path[4096];
    snprintf(place, sizeof place, "%s/%03d.jpg", folder, index);
    if (snprintf(path, sizeof path, "%s/%s", it->out, place) >= (int)sizeof path) {
        fprintf(stderr, "samples: %s: the path is too long\n", it->out);
        return 1;
    }
    dni_rng rng = dni_rng_named(it->seed, place);
    scene scenery = scene_draw(&rng);
    if (make == photograph && it->framing > 1) scene_step_back(&scenery, it->framing);
    const float mean = between(&rng, 0.35f, 0.6f), deviation = between(&rng, 0.15f, 0.22f);
    canvas picture = make(&scenery, it->size, &rng);
    expose(&picture, mean, deviation);
    const int failed = write_jpeg(&picture, path);
    free(picture.rgb);
    return failed;
}

/* ---- command line ---- */

static int make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return 0;
    fprintf(stderr, "samples: %s: cannot be made: %s\n", path, strerror(errno));
    return 1;
}

static int make_class(const settings *it, int split, size_t which) {
    char folder[32], path[4096];
    snprintf(path, sizeof path, "%s/%s", it->out, SPLIT_NAMES[split]);
    if (make_folder(path)) return 1;
    snprintf(folder, sizeof folder, "%s/%s", SPLIT_NAMES[split], CLASSES[which].name);
    snprintf(path, sizeof path, "%s/%s", it->out, folder);
    if (make_folder(path)) return 1;
    for (int i = 0; i < it->counts[split]; i++)
        if (make_picture(it, folder, CLASSES[which].make, i)) return 1;
    return 0;
}

static int usage(void) {
    fprintf(stderr,
            "usage: samples OUT [--seed N] [--count TRAIN,VALID,TEST] [--size N] [--framing X]\n"
            "--size: pixels, a multiple of 4 in 32..1024; --count: pictures of a class, 1..999;\n"
            "--framing: how much more than the scene a photo shows, 1 to 4\n");
    return 2;
}

/* A whole number in low..high that ends at `end`, moved into *out and past it; 0 when there is none. */
static int number(const char **text, char end, unsigned long low, unsigned long high, unsigned long *out) {
    char *behind;
    if (**text < '0' || **text > '9') return 0;
    errno = 0;
    *out = strtoul(*text, &behind, 10);
    if (errno || *behind != end || *out < low || *out > high) return 0;
    *text = behind + 1;
    return 1;
}

static int parse(settings *it, int argc, char **argv) {
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"size", required_argument, NULL, 'z'},
                                            {"framing", required_argument, NULL, 'f'},
                                            {0}};
    unsigned long value;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        const char *text = optarg;
        if (option == 's' && number(&text, 0, 0, UINT32_MAX, &value)) {
            it->seed = value;
        } else if (option == 'z' && number(&text, 0, 32, 1024, &value) && value % (1 << DOUBLINGS) == 0) {
            it->size = (int)value;
        } else if (option == 'f') {
            char *end;
            it->framing = strtof(text, &end);
            if (end == text || *end || !(it->framing >= 1 && it->framing <= 4)) return 0;
        } else if (option == 'c') {
            for (int i = 0; i < SPLITS; i++) {
                if (!number(&text, i < SPLITS - 1 ? ',' : 0, 1, 999, &value)) return 0;
                it->counts[i] = (int)value;
            }
        } else {
            return 0;
        }
    }
    if (argc - optind != 1) return 0;
    it->out = argv[optind];
    return 1;
}

int main(int argc, char **argv) {
    settings it = {.seed = 1, .counts = {120, 30, 40}, .size = 256, .framing = 1};
    if (!parse(&it, argc, argv)) return usage();
    if (make_folder(it.out)) return 5;
    for (int split = 0; split < SPLITS; split++)
        for (size_t which = 0; which < sizeof CLASSES / sizeof *CLASSES; which++)
            if (make_class(&it, split, which)) return 5;
    return 0;
}
