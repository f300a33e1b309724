/*
** The benchmark's native program: the oracle's cut of the amalgamation with the Unix VFS, the workloads, and a
** loop that takes orders. Included after the amalgamation. NON-UPSTREAM, all of it.
**
**   bench FOLDER
**   names              one workload per line, then an empty line
**   run I N            runs a workload: "result code, line, checksum, CPU, wall, reads, writes, syncs"
**   memory I N         runs a memory task: "result code, line, checksum, heap before and after, peak before
**                      and after"
**
** Times are nanoseconds, sizes bytes; calls are counted by calls.c, which is preloaded.
*/
#include "stand-ins.c"
#include "workloads.c"
#include <dlfcn.h>
#include <malloc.h>
#include <time.h>

static long long (*xCalls)(int);
static int isMemory;
/* While the clock was stopped for the first and the last time: heap, peak. */
static long long aMemory[4];
/* CPU, wall, reads, writes, syncs: sums, and what they were when the clock started. */
static long long aSum[5], aStart[5];

static long long nanoseconds(clockid_t clock){
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec*1000000000LL + t.tv_nsec;
}
/* Largest resident memory so far. */
static long long peak(void){
  char zLine[256];
  long long n = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while( f && fgets(zLine, sizeof(zLine), f) ){
    if( sscanf(zLine, "VmHWM: %lld", &n)==1 ) break;
  }
  if( f ) fclose(f);
  return n*1024;
}
static void benchClock(int on){
  int i;
  if( isMemory ){
    struct mallinfo2 m = mallinfo2();
    aMemory[on ? 0 : 1] = (long long)(m.uordblks + m.hblkhd);
    aMemory[on ? 2 : 3] = peak();
    return;
  }
  for(i=0; i<5; i++){
    long long now = i==0 ? nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
                  : i==1 ? nanoseconds(CLOCK_MONOTONIC)
                  : xCalls ? xCalls(i-2) : 0;
    if( on ) aStart[i] = now;
    else aSum[i] += now - aStart[i];
  }
}

int main(int argc, char **argv){
  char zLine[256];
  int i, n, rc;
  if( argc!=2 || sqlite3_initialize()!=SQLITE_OK ) return 1;
  benchFolder(argv[1]);
  xCalls = (long long(*)(int))dlsym(RTLD_DEFAULT, "pager_mirror_bench_calls");
  while( fgets(zLine, sizeof(zLine), stdin) ){
    memset(aSum, 0, sizeof(aSum));
    memset(aMemory, 0, sizeof(aMemory));
    if( sscanf(zLine, "run %d %d", &i, &n)==2 && i>=0 && i<(int)ArraySize(aWorkload) ){
      isMemory = 0;
      rc = benchRun(i, n);
      printf("%d %d %u %lld %lld %lld %lld %lld\n", rc, benchLine, benchSum,
          aSum[0], aSum[1], aSum[2], aSum[3], aSum[4]);
    }else if( sscanf(zLine, "memory %d %d", &i, &n)==2 && i>=0 && i<(int)ArraySize(aMemoryTask) ){
      isMemory = 1;
      rc = benchMemory(i, n);
      printf("%d %d %u %lld %lld %lld %lld\n", rc, benchLine, benchSum,
          aMemory[0], aMemory[1], aMemory[2], aMemory[3]);
    }else if( strncmp(zLine, "names", 5)==0 ){
      for(i=0; i<(int)ArraySize(aWorkload); i++) printf("%s\n", aWorkload[i].zName);
      printf("\n");
    }else{
      return 1;
    }
    fflush(stdout);
  }
  return 0;
}
