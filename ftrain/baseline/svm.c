/* SPDX-License-Identifier: MIT */
/* libsvm, without its messages, on rows of a kernel that is computed here. */
#include "ftrain/baseline/svm.h"

#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <libsvm/svm.h>
#include <math.h>
#include <stdlib.h>

struct svm {
    const kernel_matrix *products;
    double gamma;
    struct svm_problem problem;
    struct svm_node *nodes; /* (train, train + 2): serial number, kernel row, end */
    struct svm_node *row;   /* (train + 2): of a vector to be classified */
    struct svm_model *model;
    double *decisions; /* one for each pair of classes */
};

static void print_nothing(const char *text) {
    (void)text;
}

static double kernel(const svm *machine, int a, int b) {
    const size_t n = (size_t)machine->products->count;
    const double *values = machine->products->values;
    const double squared =
        values[(size_t)a * (n + 1)] + values[(size_t)b * (n + 1)] - 2 * values[(size_t)a * n + (size_t)b];
    return exp(-machine->gamma * fmax(squared, 0));
}

/* libsvm's form of a precomputed kernel row: index 0 holds the serial number, counted from 1. */
static void fill_row(const svm *machine, struct svm_node *row, int index) {
    const int count = machine->problem.l;
    row[0] = (struct svm_node){.index = 0, .value = index + 1};
    for (int i = 0; i < count; i++)
        row[i + 1] = (struct svm_node){.index = i + 1, .value = kernel(machine, index, i)};
    row[count + 1] = (struct svm_node){.index = -1};
}

static outcome allocate(svm *machine) {
    const size_t count = (size_t)machine->problem.l;
    machine->nodes = new_matrix(count + 1, count + 2, sizeof *machine->nodes);
    machine->problem.x = new_array(count, sizeof *machine->problem.x);
    machine->problem.y = new_array(count, sizeof *machine->problem.y);
    if (!machine->nodes || !machine->problem.x || !machine->problem.y) return OUTCOME_MACHINE;
    machine->row = machine->nodes + count * (count + 2);
    return OUTCOME_OK;
}

static outcome train(svm *machine, const int *labels, double c) {
    const struct svm_parameter parameters = {.svm_type = C_SVC,
                                             .kernel_type = PRECOMPUTED,
                                             .cache_size = 200,
                                             .eps = 1e-3,
                                             .C = c,
                                             .shrinking = 1};
    for (int i = 0; i < machine->problem.l; i++) {
        machine->problem.x[i] = machine->nodes + (size_t)i * ((size_t)machine->problem.l + 2);
        machine->problem.y[i] = labels[i];
        fill_row(machine, machine->problem.x[i], i);
    }
    svm_set_print_string_function(print_nothing);
    machine->model = svm_train(&machine->problem, &parameters);
    const int classes = svm_get_nr_class(machine->model);
    machine->decisions =
        new_array((size_t)classes * (size_t)(classes - 1) / 2 + 1, sizeof *machine->decisions);
    return machine->decisions ? OUTCOME_OK : OUTCOME_MACHINE;
}

outcome svm_fit(svm **out, const kernel_matrix *products, const int *labels, int labels_count, double gamma,
                double c) {
    svm *machine = *out = new_array(1, sizeof *machine);
    if (!machine) return OUTCOME_MACHINE;
    machine->products = products;
    machine->gamma = gamma;
    machine->problem.l = labels_count;
    outcome code = allocate(machine);
    if (!code) code = train(machine, labels, c);
    if (code) {
        svm_free(machine);
        *out = NULL;
    }
    return code;
}

void svm_free(svm *machine) {
    if (!machine) return;
    svm_free_and_destroy_model(&machine->model);
    free(machine->decisions);
    free(machine->nodes);
    free(machine->problem.x);
    free(machine->problem.y);
    free(machine);
}

int svm_classify(const svm *machine, int index, double *decision) {
    fill_row(machine, machine->row, index);
    const int found = (int)svm_predict_values(machine->model, machine->row, machine->decisions);
    int labels[2];
    if (svm_get_nr_class(machine->model) == 2) {
        svm_get_labels(machine->model, labels);
        *decision = labels[0] == 1 ? machine->decisions[0] : -machine->decisions[0];
    }
    return found;
}
