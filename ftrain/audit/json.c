/* The audit as one JSON object. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "io/json.h"

static json_t *number(size_t value) {
    return json_integer((json_int_t)value);
}

static json_t *spread_json(const spread *of) {
    return json_pack("{s:f, s:f, s:f}", "min", of->least, "median", of->median, "max", of->most);
}

static json_t *leak_json(const audit_leak *leak) {
    if (!leak->is_judged) return json_null();
    json_t *const groups = json_object(), *const cues = json_array();
    for (int g = 0; g < CUE_GROUPS; g++) {
        const dn_metrics *const of = &leak->groups[g];
        json_object_set_new(groups, cue_group_name(g),
                            json_pack("{s:f, s:[f, f], s:b}", "accuracy", of->accuracy, "interval",
                                      of->accuracy_low, of->accuracy_high, "alarm", leak->alarms[g]));
    }
    for (int k = 0; k < CUE_COUNT; k++)
        json_array_append_new(
            cues, json_pack("{s:s, s:f}", "cue", cue_name(leak->ranks[k].cue), "auc", leak->ranks[k].auc));
    return json_pack("{s:i, s:i, s:f, s:o, s:o}", "pictures", leak->judged, "folds", FOLDS, "majority",
                     leak->majority, "groups", groups, "cues", cues);
}

static json_t *summary_json(const audit *of, int part, int label) {
    const class_summary *const row = &of->summaries[part * of->data.class_count + label];
    json_t *const formats = json_object();
    for (int f = 0; f < FORMATS; f++)
        if (row->formats[f])
            json_object_set_new(formats, format_name((picture_format)f), number(row->formats[f]));
    json_t *const out = json_object();
    const struct {
        const char *name;
        json_t *value;
    } entries[] = {
        {"split", json_string(of->data.parts[part])},
        {"class", dni_json_text(of->data.classes[label])},
        {"pictures", number(row->count)},
        {"unusable", number(row->unusable)},
        {"formats", formats},
        {"width", spread_json(&row->width)},
        {"height", spread_json(&row->height)},
        {"bytes", spread_json(&row->bytes)},
        {"bits_per_pixel", spread_json(&row->bits_per_pixel)},
        {"jpeg_quality", spread_json(&row->quality)},
        {"chroma_444", number(row->chroma_full)},
        {"chroma_422", number(row->chroma_half)},
        {"chroma_420", number(row->chroma_quarter)},
        {"progressive", number(row->progressive)},
        {"grey", number(row->grey)},
        {"exif", number(row->exif)},
        {"orientation", number(row->rotated)},
        {"camera", number(row->camera)},
        {"software", number(row->software)},
        {"icc", number(row->icc)},
        {"xmp", number(row->xmp)},
        {"mean_rgb", json_pack("[f, f, f]", row->mean[0], row->mean[1], row->mean[2])},
    };
    for (size_t k = 0; k < sizeof entries / sizeof *entries; k++)
        json_object_set_new(out, entries[k].name, entries[k].value);
    return out;
}

static json_t *path_json(const audit *of, size_t i) {
    return dni_json_text(of->data.samples.items[i].path);
}

/* Groups of more than one, as arrays of paths. */
static json_t *groups_json(const audit *of, const uint32_t *group) {
    json_t *const out = json_object();
    for (size_t i = 0; i < of->data.samples.count; i++) {
        if (group[i] == i) continue;
        const char *const first = of->data.samples.items[group[i]].path;
        json_t *members = json_object_get(out, first);
        if (!members) {
            members = json_array();
            json_array_append_new(members, path_json(of, group[i]));
            json_object_set_new_nocheck(out, first, members);
        }
        json_array_append_new(members, path_json(of, i));
    }
    json_t *const list = json_array();
    const char *key;
    json_t *members;
    json_object_foreach(out, key, members) json_array_append(list, members);
    json_decref(out);
    return list;
}

static json_t *copies_json(const audit *of, const uint32_t *group, size_t across_parts,
                           size_t across_classes) {
    return json_pack("{s:o, s:o, s:o}", "across_splits", number(across_parts), "across_classes",
                     number(across_classes), "groups", groups_json(of, group));
}

static json_t *outliers_json(const audit *of, const class_outliers *all) {
    if (!all) return json_null();
    json_t *const out = json_array();
    for (int c = 0; c < of->data.class_count; c++)
        for (int k = 0; k < all[c].count; k++) {
            const outlier *const it = &all[c].worst[k];
            json_array_append_new(out,
                                  json_pack("{s:o, s:f, s:s?}", "path", path_json(of, it->index), "score",
                                            it->score, "cue", it->cue >= 0 ? cue_name(it->cue) : NULL));
        }
    return out;
}

static json_t *unusable_json(const audit *of) {
    json_t *const out = json_array();
    for (size_t i = 0; i < of->data.samples.count; i++)
        if (!of->data.facts[i].is_usable) json_array_append_new(out, path_json(of, i));
    return out;
}

outcome audit_print_json(const audit *of) {
    char verdict[512];
    audit_verdict(verdict, sizeof verdict, &of->leak);
    bool alarm = false;
    for (int g = 0; g < CUE_GROUPS; g++) alarm |= of->leak.alarms[g];
    json_t *const summaries = json_array();
    for (int p = 0; p < of->data.part_count; p++)
        for (int c = 0; c < of->data.class_count; c++)
            json_array_append_new(summaries, summary_json(of, p, c));
    const audit_copies *const copies = &of->copies;
    json_t *const out = json_pack(
        "{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "verdict", verdict, "alarm", alarm, "cue_classifier",
        leak_json(&of->leak), "classes", summaries, "same_bytes",
        copies_json(of, copies->same, copies->same_across_parts, copies->same_across_classes), "same_look",
        copies_json(of, copies->near, copies->near_across_parts, copies->near_across_classes),
        "colour_outliers", outliers_json(of, of->colour), "feature_outliers", outliers_json(of, of->features),
        "unusable", unusable_json(of));
    return print_json(out) ? OUTCOME_OK : OUTCOME_MACHINE;
}
