/* The former name of the header with everything in it, for programs that know it by this one. */
#ifndef DN_HEAD_HEAD_H
#define DN_HEAD_HEAD_H

#include "head/classifier/libdensenet.h"

#endif
