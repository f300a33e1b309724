/* What comes before the amalgamation in the native program. NON-UPSTREAM. */
#include "no-hooks.h"
static void benchClock(int on);
