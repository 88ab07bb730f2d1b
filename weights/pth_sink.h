/* SPDX-License-Identifier: MIT */
/* Where libzip writes an archive to: a file of io/file.h, which is whole or not there at all.
 *
 * libzip writes an entry's header, its bytes, and then the header again, since only now it knows the CRC; it
 * never goes back behind that. So the bytes of the last entry are kept in memory until it goes on. */
#ifndef DN_WEIGHTS_PTH_SINK_H
#define DN_WEIGHTS_PTH_SINK_H

#include "core/status.h"

#include <stdbool.h>
#include <zip.h>

typedef struct dni_pth_sink dni_pth_sink;

dn_status dni_pth_sink_open(dni_pth_sink **out, const char *path, dn_error *error);

/* A source for zip_open_from_source(), which does not own the sink; NULL: out of memory. */
zip_source_t *dni_pth_sink_source(dni_pth_sink *sink, zip_error_t *problem);

/* What failed while libzip wrote, or DN_OK. */
dn_status dni_pth_sink_status(const dni_pth_sink *sink, dn_error *error);

/* Ends the sink: with `keep` the file takes the place of `path`, else nothing is left. */
dn_status dni_pth_sink_close(dni_pth_sink *sink, bool keep, dn_error *error);

#endif
