/* SPDX-License-Identifier: MIT */
/* The page itself, the set as JSON, and decisions. */
#include "ftrain/review/site.h"

#include "core/error.h"
#include "ftrain/cues/cues.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "head/modified_z.h"
#include "head/novelty.h"
#include "io/file.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

extern const asset asset_review_page_html, asset_review_page_js, asset_review_grid_js, asset_review_page_css;

void review_send_page(void *context, const request *in, response *out) {
    (void)context;
    response_page(out, in, &asset_review_page_html);
}

void review_send_script(void *context, const request *in, response *out) {
    (void)context, (void)in;
    response_asset(out, &asset_review_page_js);
}

void review_send_grid_script(void *context, const request *in, response *out) {
    (void)context, (void)in;
    response_asset(out, &asset_review_grid_js);
}

void review_send_style(void *context, const request *in, response *out) {
    (void)context, (void)in;
    response_asset(out, &asset_review_page_css);
}

/* ---- the set ---- */

static json_t *texts_json(const char *const *texts, int count) {
    json_t *out = json_array();
    for (int i = 0; i < count; i++) dni_json_append(&out, dni_json_text(texts[i]));
    return out;
}

static int class_index(const picture_set *set, const char *name) {
    int c = 0;
    while (c < set->class_count && strcmp(set->classes[c], name) != 0) c++;
    return c;
}

/* What is decided on picture i: ["exclude"], ["move", 1], or null. A class that is none of the set's is told by
 * its name. */
static json_t *decision_json(const review_set *set, size_t i) {
    const dni_decision *const decision = set->match.of_sample[i];
    if (!decision) return json_null();
    json_t *out = json_array();
    dni_json_append(&out, json_string(dni_decision_name(decision->kind)));
    if (decision->kind == DNI_MOVE) {
        const int to = class_index(&set->set, decision->class_name);
        dni_json_append(&out,
                        to < set->set.class_count ? json_integer(to) : dni_json_text(decision->class_name));
    }
    return out;
}

/* The reasons to look at a picture; what does not hold is absent. */
static void add_finding(json_t **to, const finding *found) {
    if (found->is_unusable) dni_json_set(to, "broken", json_true());
    if (found->has_copies) {
        dni_json_set(to, "copy", json_integer((json_int_t)found->copy_of));
        dni_json_set(to, "same", json_boolean(found->is_same));
    }
    if (found->colour_score > DNI_OUTLIER_Z)
        dni_json_set(to, "colour",
                     json_pack("[o, s]", dni_json_number(found->colour_score), cue_name(found->colour_cue)));
    if (found->feature_score > DNI_OUTLIER_Z)
        dni_json_set(to, "features", dni_json_number(found->feature_score));
    if (found->unfamiliarity >= DN_NOVELTY_LINE)
        dni_json_set(to, "unfamiliar_percentile", json_real(100 * found->unfamiliarity));
    if (found->likely >= 0)
        dni_json_set(
            to, "label",
            json_pack("[i, f, f]", found->likely, found->given_probability, found->likely_probability));
}

static json_t *picture_json(const site *of, size_t i) {
    const review_set *const set = of->set;
    json_t *out = json_pack("{s:o, s:i, s:i, s:o}", "path", dni_json_text(set->inside[i]), "split",
                            picture_set_part(&set->set, i), "class", set->set.samples.items[i].label,
                            "decision", decision_json(set, i));
    if (of->found) add_finding(&out, &of->found->of[i]);
    return out;
}

/* What another process decided meanwhile is read, too. */
void review_send_set(void *context, const request *in, response *out) {
    site *const of = context;
    const picture_set *const set = &of->set->set;
    (void)in;
    json_t *pictures = json_array();
    pthread_mutex_lock(&of->set_lock);
    const outcome code = review_set_reload(of->set);
    for (size_t i = 0; !code && i < set->samples.count; i++) dni_json_append(&pictures, picture_json(of, i));
    pthread_mutex_unlock(&of->set_lock);
    if (code) {
        json_decref(pictures);
        response_error(out, 500, "%s cannot be read; the terminal says why", of->set->file);
        return;
    }
    const dn_classifier_info *const info = of->scorer ? dn_classifier_get_info(of->scorer->classifier) : NULL;
    response_json(out, 200,
                  json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o}", "folder",
                            dni_json_text(of->set->folder), "file", dni_json_text(of->set->file), "classes",
                            texts_json((const char *const *)set->classes, set->class_count), "splits",
                            texts_json(set->parts, set->part_count), "model_classes",
                            info ? texts_json(info->classes, info->class_count) : json_null(), "searched",
                            of->found != NULL, "has_features", of->found && of->found->has_features,
                            "labels_judged", of->found && of->found->labels_judged, "pictures", pictures));
}

/* ---- decisions ---- */

typedef struct wish {
    json_t *body;
    json_t *pictures;
    verdict made;
} wish;

/* Whether all that is asked for can be asked for; else it is answered. */
static bool read_wish(wish *out, const site *of, const request *in, response *answer) {
    const picture_set *const set = &of->set->set;
    json_error_t reason;
    *out = (wish){.body = NULL};
    const dn_status status = dni_json_parse(&out->body, (const char *)in->body, in->size, 0, &reason);
    if (status == DN_ERR_MEMORY) {
        response_error(answer, 500, "out of memory");
        return false;
    }
    if (status) {
        response_error(answer, 400, "the body is no JSON: %s", reason.text);
        return false;
    }
    const char *const kind = json_string_value(json_object_get(out->body, "decision"));
    const json_t *const class_value = json_object_get(out->body, "class");
    const json_int_t to = json_is_integer(class_value) ? json_integer_value(class_value) : -1;
    int found = 0;
    while (kind && found < DNI_DECISIONS && strcmp(kind, dni_decision_name((dni_decision_kind)found)) != 0)
        found++;
    out->pictures = json_object_get(out->body, "pictures");
    out->made.kind = (dni_decision_kind)found;
    if (!kind || found == DNI_DECISIONS)
        response_error(answer, 400, "decision: it is keep, exclude, move or undo");
    else if (found == DNI_MOVE && (to < 0 || to >= set->class_count))
        response_error(answer, 400, "class: it is the number of no class");
    else if (!json_array_size(out->pictures))
        response_error(answer, 400, "pictures: there are none");
    else {
        if (found == DNI_MOVE) out->made.class_name = set->classes[to];
        return true;
    }
    return false;
}

/* A picture that is named twice would have two decisions taken back. */
static dn_status gather(pending_decisions *pending, const review_set *set, const wish *asked,
                        dn_error *error) {
    const json_int_t count = (json_int_t)set->set.samples.count;
    bool *const is_named = calloc((size_t)count + 1, sizeof *is_named);
    if (!is_named) return dni_no_memory(error, "the pictures of a decision");
    dn_status status = DN_OK;
    for (size_t k = 0; !status && k < json_array_size(asked->pictures); k++) {
        const json_t *const value = json_array_get(asked->pictures, k);
        const json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        if (id < 0 || id >= count)
            status = dni_fail(error, DN_ERR_ARGUMENT, "pictures: a number of no picture");
        else if (is_named[id])
            status =
                dni_fail(error, DN_ERR_ARGUMENT, "pictures: %" JSON_INTEGER_FORMAT " is there twice", id);
        else {
            is_named[id] = true;
            status = pending_add(pending, set, (size_t)id, &asked->made, error);
        }
    }
    free(is_named);
    return status;
}

static json_t *decided_json(const review_set *set, const json_t *pictures) {
    json_t *out = json_array();
    for (size_t k = 0; k < json_array_size(pictures); k++) {
        const json_int_t id = json_integer_value(json_array_get(pictures, k));
        dni_json_append(&out, json_pack("{s:I, s:o}", "id", id, "decision", decision_json(set, (size_t)id)));
    }
    return json_pack("{s:o}", "pictures", out);
}

/* All or nothing; and what is answered stands in the file. */
static void decide(review_set *set, const wish *asked, response *out) {
    pending_decisions pending = {.count = 0};
    dn_error error;
    dn_status status = set->is_behind ? review_set_read(set, &error) : DN_OK;
    if (!status) status = gather(&pending, set, asked, &error);
    if (!status) status = dni_decisions_append(set->file, pending.items, pending.count, &error);
    const bool is_written = !status;
    if (!status) status = review_set_follow(set, &pending, &error);
    pending_free(&pending);
    if (!status) {
        response_json(out, 200, decided_json(set, asked->pictures));
        return;
    }
    const bool is_machine = dni_status_is_machine(status);
    if (is_machine || is_written) message("%s", error.message);
    response_error(out,
                   is_machine || is_written    ? 500
                   : status == DN_ERR_ARGUMENT ? 400
                                               : 409,
                   "%s%s", is_written ? "it is decided, but what counts now cannot be told: " : "",
                   error.message);
}

void review_take_decisions(void *context, const request *in, response *out) {
    site *const of = context;
    wish asked;
    if (read_wish(&asked, of, in, out)) {
        pthread_mutex_lock(&of->set_lock);
        decide(of->set, &asked, out);
        pthread_mutex_unlock(&of->set_lock);
    }
    json_decref(asked.body);
}
