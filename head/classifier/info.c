/* SPDX-License-Identifier: MIT */
/* What a model file says of itself, before anybody has filled it in. */
#include "head/classifier/private.h"

#include "core/options.h"

DNI_OPTIONS_KIND(info_kind, dn_classifier_info, novelty, novelty);

void dn_classifier_info_init(dn_classifier_info *info, size_t struct_size) {
    const dn_classifier_info empty = {.struct_size = sizeof empty,
                                      .preprocessing = dn_preprocessing_default(),
                                      .recipe = "{}",
                                      .metrics = "{}"};
    dni_options_init(info, struct_size, &empty, &info_kind);
}

dn_status dni_classifier_info_take(dn_classifier_info *own, const dn_classifier_info *given,
                                   dn_error *error) {
    *own = dn_classifier_info_default();
    return dni_options_take(own, given, &info_kind, error);
}
