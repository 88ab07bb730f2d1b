/* SPDX-License-Identifier: MIT */
/* The tables of an audit. */
#ifndef FTRAIN_AUDIT_TABLES_H
#define FTRAIN_AUDIT_TABLES_H

#include "ftrain/audit/audit.h"
#include "ftrain/shell/columns.h"

/* A row for each class of each split: its files, and how they were made. Both have the rows of all
 * summaries. */
row_table audit_files_table(const audit *findings);
row_table audit_making_table(const audit *findings);

/* A row for each group of cues; the `count` cues that are the strongest alone. */
row_table audit_groups_table(const audit_leak *leak);
row_table audit_cues_table(const audit_leak *leak, int count);

/* The pictures whose label is suspected, or all others that were judged. */
row_table audit_labels_table(const audit_labels *labels, bool suspected);

#endif
