/* Weights and constant tables of small, from small.tflite.
 * Written by thumbwright 0.1.0; do not edit.
 *
 * Define SMALL_DATA_ATTR to place them, for instance by __attribute__((section(".qspi"))).
 */
#include "small_data.h"

#include "small.h"

#ifndef SMALL_DATA_ATTR
#define SMALL_DATA_ATTR
#endif

/* op2_weights: 8x3x4 int8_t */
SMALL_ALIGN(16) SMALL_DATA_ATTR const int8_t small_op2_weights[96] = {
       0,   29,   58,   87,  116, -111,  -82,  -53,  -24,    5,   34,   63,   92,  121, -106,  -77,
     -48,  -19,   10,   39,   68,   97,  126, -101,  -72,  -43,  -14,   15,   44,   73,  102, -125,
     -96,  -67,  -38,   -9,   20,   49,   78,  107, -120,  -91,  -62,  -33,   -4,   25,   54,   83,
     112, -115,  -86,  -57,  -28,    1,   30,   59,   88,  117, -110,  -81,  -52,  -23,    6,   35,
      64,   93,  122, -105,  -76,  -47,  -18,   11,   40,   69,   98,  127, -100,  -71,  -42,  -13,
      16,   45,   74,  103, -124,  -95,  -66,  -37,   -8,   21,   50,   79,  108, -119,  -90,  -61,
};

/* op2_constants: 8 int64_t */
SMALL_ALIGN(16) SMALL_DATA_ATTR const int64_t small_op2_constants[8] = {
                        INT64_C(1),                    -INT64_C(1),         INT64_C(1099511627776),
        -INT64_C(1125899906842624),                     INT64_C(7),                     INT64_C(8),
                        INT64_C(9),                      INT64_MIN,
};
