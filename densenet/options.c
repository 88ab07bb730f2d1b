/* SPDX-License-Identifier: MIT */
/* Defaults of models, sessions and calibration. */
#include "densenet/options.h"

#include "core/options.h"

DNI_OPTIONS_KIND(model_kind, dn_model_options, context, context);
DNI_OPTIONS_KIND(session_kind, dn_session_options, context, context);
DNI_OPTIONS_KIND(calibrate_kind, dn_calibrate_options, context, context);

void dn_model_options_init(dn_model_options *options, size_t struct_size) {
    const dn_model_options defaults = {.struct_size = sizeof defaults};
    dni_options_init(options, struct_size, &defaults, &model_kind);
}

void dn_session_options_init(dn_session_options *options, size_t struct_size) {
    const dn_session_options defaults = {
        .struct_size = sizeof defaults, .batch = 1, .height = 224, .width = 224};
    dni_options_init(options, struct_size, &defaults, &session_kind);
}

void dn_calibrate_options_init(dn_calibrate_options *options, size_t struct_size) {
    const dn_calibrate_options defaults = {.struct_size = sizeof defaults};
    dni_options_init(options, struct_size, &defaults, &calibrate_kind);
}

dn_status dni_model_options_take(dn_model_options *own, const dn_model_options *given, dn_error *error) {
    *own = dn_model_options_default();
    return dni_options_take(own, given, &model_kind, error);
}

dn_status dni_session_options_take(dn_session_options *own, const dn_session_options *given,
                                   dn_error *error) {
    *own = dn_session_options_default();
    return dni_options_take(own, given, &session_kind, error);
}

dn_status dni_calibrate_options_take(dn_calibrate_options *own, const dn_calibrate_options *given,
                                     dn_error *error) {
    *own = dn_calibrate_options_default();
    return dni_options_take(own, given, &calibrate_kind, error);
}

dni_precision dni_kernel_precision(dn_precision precision) {
    return precision == DN_PRECISION_BFLOAT16 ? DNI_PRECISION_BF16
           : precision == DN_PRECISION_INT8   ? DNI_PRECISION_INT8
                                              : DNI_PRECISION_F32;
}
