/* SPDX-License-Identifier: MIT */
/* What a training is given, checked before it begins. */
#ifndef DN_HEAD_TRAIN_OPTIONS_H
#define DN_HEAD_TRAIN_OPTIONS_H

#include "head/training.h"

/* As dni_options_take(); NULL: the defaults. */
dn_status dni_train_options_take(dn_train_options *own, const dn_train_options *given, dn_error *error);

/* DN_ERR_ARGUMENT names the option, what it may be, and what it is. */
dn_status dni_train_options_check(const dn_train_options *options, int classes, dn_error *error);

#endif
