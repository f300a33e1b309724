/*
** A log that several processes write: each call is one write to the end of one file. What stands where, and
** why the order of the file is one in which the calls may have happened, is said in
** conformance/engines/shared-log.ts, once for both kinds of engine. Part of recorder.c.
**
** A record is eight bytes that mark its beginning, its length in all and the process id, both u32, what a
** record of the recorder's own log is, and eight bytes that mark its end.
*/
#define SHARE_BEGIN "\001record\376"
#define SHARE_END "\002record\375"
#define SHARE_MARK 8

/* Whether a call is written down before it is made or when it has returned. */
#define SHARE_BEFORE 0
#define SHARE_AFTER 1

static int sharedFd = -1;
static unsigned sharedMask;
/* Files that this process has opened. */
static unsigned opened;

static int shareWith(const char *zPath, unsigned mask){
  if( sharedFd>=0 ) close(sharedFd);
  sharedFd = -1;
  sharedMask = 0;
  if( zPath==0 ) return 0;
  sharedFd = open(zPath, O_WRONLY|O_APPEND|O_CLOEXEC);
  if( sharedFd<0 ) return 1;
  sharedMask = mask;
  return 0;
}
static int sharedPhase(unsigned char call, int argument){
  switch( call ){
    case CALL_WRITE: case CALL_TRUNCATE: case CALL_DELETE: case CALL_CLOSE: case CALL_UNLOCK:
    case CALL_SHMBARRIER: case CALL_SHMUNMAP:
      return SHARE_BEFORE;
    case CALL_SHMLOCK:
      return (argument & SQLITE_SHM_UNLOCK) ? SHARE_BEFORE : SHARE_AFTER;
    default:
      return SHARE_AFTER;
  }
}
/* Of reads only those that see a log's header or a frame's: who recovers makes them. */
static int isSharedRead(int rc, const char *zName, sqlite3_int64 amount){
  size_t n = strlen(zName);
  return rc==SQLITE_OK && n>4 && strcmp(zName+n-4, "-wal")==0 && amount%512!=0;
}
static void share(unsigned char call, int phase, int rc, RecFile *p, const char *zName, Extra x){
  unsigned char aHeader[SHARE_MARK+8+RECORD_HEADER];
  unsigned char aIndex[INDEX_BYTES];
  unsigned process = (unsigned)getpid();
  struct iovec a[5];
  RecFile *pMap;
  unsigned n = 0;
  int i;
  if( sharedFd<0 || !(sharedMask & BIT(call)) || zName==0 || zName[0]==0 ) return;
  if( sharedPhase(call, x.argument)!=phase ) return;
  if( call==CALL_READ && !isSharedRead(rc, zName, x.amount) ) return;
  pMap = mappedFor(zName);
  if( pMap ) for(i=0; i<INDEX_BYTES; i++) aIndex[i] = pMap->pIndex[i];
  putHeader(aHeader+SHARE_MARK+8, call, rc, p ? p->number : 0, zName, x, pMap!=0);
  a[0].iov_base = aHeader;
  a[0].iov_len = sizeof(aHeader);
  a[1].iov_base = (void*)zName;
  a[1].iov_len = strlen(zName);
  a[2].iov_base = (void*)x.pData;
  a[2].iov_len = x.pData ? (size_t)x.nData : 0;
  a[3].iov_base = aIndex;
  a[3].iov_len = pMap ? INDEX_BYTES : 0;
  a[4].iov_base = (void*)SHARE_END;
  a[4].iov_len = SHARE_MARK;
  for(i=0; i<5; i++) n += (unsigned)a[i].iov_len;
  memcpy(aHeader, SHARE_BEGIN, SHARE_MARK);
  memcpy(aHeader+SHARE_MARK, &n, 4);
  memcpy(aHeader+SHARE_MARK+4, &process, 4);
  /* A log with a hole would accuse the innocent. */
  if( writev(sharedFd, a, 5)!=(ssize_t)n ) abort();
}
