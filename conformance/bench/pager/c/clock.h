/*
** What the benchmark's module for WebAssembly takes from JavaScript besides files. Comes before the
** amalgamation. NON-UPSTREAM, all of it.
*/
#include "files.h"
#include "no-hooks.h"

/* Starts (1) and stops (0) the clock. */
IMPORT("bench", "clock") void benchClock(int on);
