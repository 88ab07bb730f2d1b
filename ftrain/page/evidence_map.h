/* SPDX-License-Identifier: MIT */
/* Maps of evidence for the pictures of a page, one after the other. */
#ifndef FTRAIN_PAGE_EVIDENCE_MAP_H
#define FTRAIN_PAGE_EVIDENCE_MAP_H

#include "ftrain/page/html.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"
#include "io/image.h"

/* How many maps a page has unless --maps says otherwise: each costs a pass through the network. */
enum { DEFAULT_MAPS = 200 };

#define MAPS_OPTION(type, member)                                                                            \
    OPT_INT("maps", 0, type, member, 0, 1e6, "N",                                                            \
            "with --report: maps of evidence for at most N wrong pictures (default 200)")

typedef struct evidence_maps {
    dn_classifier *classifier; /* with its network attached; NULL: there are no maps */
    float *evidence;           /* (height, width) */
    int height, width;
} evidence_maps;

/* `classifier` has its network attached and outlives the maps; NULL: maps are not drawn. Both return
 * OUTCOME_OK or, after a message, another outcome. */
outcome evidence_maps_open(evidence_maps *out, dn_classifier *classifier);
void evidence_maps_close(evidence_maps *maps);
/* The map for a class over the picture, as thumbnail_write() writes a picture. */
outcome evidence_map_write(html *page, const evidence_maps *maps, const dn_image *image, int class_index,
                           int size);
/* What the colours of these maps say; once a page. */
void evidence_map_write_key(html *page);

#endif
