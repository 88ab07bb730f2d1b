/* SPDX-License-Identifier: MIT */
/* What `make cppcheck` is told beside the sources, as it does not look into the system's headers. */
#ifndef TEST_HOUSE_CPPCHECK_H
#define TEST_HOUSE_CPPCHECK_H

#define json_object_foreach(object, key, value)                                                              \
    while (((key) = json_next_key(object)) && ((value) = json_next(object)))
#define json_array_foreach(array, index, value)                                                              \
    for ((index) = 0; (index) < json_array_size(array) && ((value) = json_array_get(array, index)); (index)++)

#endif
