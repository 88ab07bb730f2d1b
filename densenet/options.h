/* SPDX-License-Identifier: MIT */
/* The options of models, sessions and calibration as calls take them: the caller's over the defaults, in
 * this version's form. */
#ifndef DN_DENSENET_OPTIONS_H
#define DN_DENSENET_OPTIONS_H

#include "densenet/densenet.h"
#include "layers/conv2d.h"

/* As dni_options_take(); NULL: the defaults. */
dn_status dni_model_options_take(dn_model_options *own, const dn_model_options *given, dn_error *error);
dn_status dni_calibrate_options_take(dn_calibrate_options *own, const dn_calibrate_options *given,
                                     dn_error *error);
dn_status dni_session_options_take(dn_session_options *own, const dn_session_options *given, dn_error *error);

/* The precision of kernels that a model's precision, one of the enumeration, asks for. */
dni_precision dni_kernel_precision(dn_precision precision);

#endif
