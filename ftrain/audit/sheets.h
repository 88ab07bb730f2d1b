/* SPDX-License-Identifier: MIT */
/* Contact sheets: the pictures of each class side by side. */
#ifndef FTRAIN_AUDIT_SHEETS_H
#define FTRAIN_AUDIT_SHEETS_H

#include "ftrain/audit/audit.h"
#include "ftrain/page/html.h"

/* The section of them. Fails, after a message, without memory. */
outcome audit_write_sheets(html *page, const audit *findings, dni_pool *pool);

#endif
