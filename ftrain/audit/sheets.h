/* SPDX-License-Identifier: MIT */
/* Contact sheets: the pictures of each class side by side. */
#ifndef FTRAIN_AUDIT_SHEETS_H
#define FTRAIN_AUDIT_SHEETS_H

#include "ftrain/audit/audit.h"
#include "ftrain/page/html.h"

#include <stddef.h>

/* How many pictures of a class its sheet has at most, where all `classes` have `usable` ones together.
 * `asked`: by --sheet; 0: not said. */
size_t audit_sheet_limit(size_t usable, size_t classes, int asked);

/* The section of them. Fails, after a message, without memory. */
outcome audit_write_sheets(html *page, const audit *findings, dni_pool *pool);

#endif
