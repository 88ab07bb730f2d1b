/* The ranking of a sweep, printed. */
#include "ftrain/train/sweep_print.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/table.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>

static bool print_line(const sweep *of, const sweep_place *place) {
    const dn_train_result *r = &place->result;
    json_t *options = json_object();
    for (int a = 0; a < sweep_axis_count(of); a++)
        json_object_set_new(options, sweep_axis_name(of, a), dni_json_text(sweep_value(of, place->run, a)));
    if (place->diverged)
        return print_json(json_pack("{s:n, s:o, s:b}", "rank", "options", options, "diverged", 1));
    return print_json(json_pack("{s:i, s:b, s:o, s:i, s:i, s:f, s:f, s:f}", "rank", place->rank, "tied",
                                place->is_tied, "options", options, "epochs", r->epochs, "best_epoch",
                                r->best_epoch, "train_loss", r->train_loss, "valid_loss", r->valid_loss,
                                "valid_accuracy", r->valid_accuracy));
}

/* NaN, which a table shows as "-", for a run that came to nothing. */
static double shown(const sweep_place *place, double value) {
    return place->diverged ? (double)NAN : value;
}

static bool print_table(const sweep *of, const sweep_place *places, int count) {
    text_table *out = table_create(sweep_axis_count(of) + 5);
    table_text(out, "rank");
    for (int a = 0; a < sweep_axis_count(of); a++) table_text(out, sweep_axis_name(of, a));
    static const char *const titles[] = {"best epoch", "train loss", "valid loss", "valid accuracy"};
    for (int i = 0; i < 4; i++) table_text(out, titles[i]);
    for (int i = 0; i < count; i++) {
        const sweep_place *place = &places[i];
        const dn_train_result *r = &place->result;
        char rank[24] = "diverged";
        if (!place->diverged) snprintf(rank, sizeof rank, "%d%s", place->rank, place->is_tied ? " tied" : "");
        table_text(out, rank);
        for (int a = 0; a < sweep_axis_count(of); a++) table_text(out, sweep_value(of, place->run, a));
        table_number(out, "%.0f", shown(place, r->best_epoch));
        table_number(out, "%.4f", shown(place, r->train_loss));
        table_number(out, "%.4f", shown(place, r->valid_loss));
        table_number(out, "%.4f", shown(place, r->valid_accuracy));
    }
    return table_print(out);
}

outcome sweep_print(const sweep *of, bool json) {
    int count;
    const sweep_place *places = sweep_ranking(of, &count);
    bool printed = true;
    if (json)
        for (int i = 0; printed && i < count; i++) printed = print_line(of, &places[i]);
    else if (count)
        printed = print_table(of, places, count);
    if (!json && count && places[0].is_tied)
        message(
            "runs tie for the lowest validation loss: the first of them in the order of the list is taken");
    return printed ? OUTCOME_OK : OUTCOME_MACHINE;
}
