/* Weights and constant tables of pools.
 * Written by thumbwright 0.1.0; do not edit.
 *
 * Define POOLS_DATA_ATTR to place them, for instance by __attribute__((section(".qspi"))).
 * Define POOLS_DATA_SECTION_DTCM to place those that are copied into memory dtcm otherwise than in the section ".data.dtcm".
 */
#include "pools_data.h"

#include "pools.h"

#ifndef POOLS_DATA_ATTR
#define POOLS_DATA_ATTR
#endif
#ifndef POOLS_DATA_SECTION_DTCM
#if defined(__GNUC__) && defined(__ELF__)
#define POOLS_DATA_SECTION_DTCM __attribute__((section(".data.dtcm")))
#else
#define POOLS_DATA_SECTION_DTCM
#endif
#endif

/* The states before the first run. */
POOLS_DATA_ATTR const int8_t pools_initial_state[24] = {
       0,    0,    0,    0,    0,    0,    0,    0,  100,    0,    0,    0,   56,   -1,   -1,   -1,
      44,    1,    0,    0,  112,   17,    1,    0,
};

/* op0_weights of net.mlir:4:1: 4 int8_t */
POOLS_ALIGN(16) POOLS_DATA_SECTION_DTCM const int8_t pools_op0_weights[4] = {
       3,    5,    7,   -9,
};
