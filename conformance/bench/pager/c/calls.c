/*
** Counts the system calls that read, write and sync files; preloaded into both processes that work on real
** files, the port's and the native one, so that both are counted in the same way. NON-UPSTREAM.
*/
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static long long aCall[3];

/* 0: reads, 1: writes, 2: syncs */
long long pager_mirror_bench_calls(int i){ return aCall[i]; }

ssize_t pread64(int fd, void *p, size_t n, off64_t at){
  aCall[0]++;
  return syscall(SYS_pread64, fd, p, n, at);
}
ssize_t pread(int fd, void *p, size_t n, off_t at){ return pread64(fd, p, n, at); }
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at){
  aCall[1]++;
  return syscall(SYS_pwrite64, fd, p, n, at);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at){ return pwrite64(fd, p, n, at); }
int fsync(int fd){
  aCall[2]++;
  return (int)syscall(SYS_fsync, fd);
}
int fdatasync(int fd){
  aCall[2]++;
  return (int)syscall(SYS_fdatasync, fd);
}
