/**
 * Commands of the tests' own framework that are sequences of others, said in TCL.
 *
 * Fault injection is left out of them: preparation, body and check of a fault test are run once, without
 * a fault. Processes of their own become further connections.
 */
export const PRELUDE = `
proc reset_db {} {
  catch {db close}
  forcedelete test.db test.db-journal test.db-wal
  sqlite3 db test.db
}
proc db_save {} {
  foreach f {test.db test.db-journal} { forcecopy $f sv_$f }
}
proc db_restore {} {
  foreach f {test.db test.db-journal} { forcecopy sv_$f $f }
}
proc db_save_and_close {} {
  db_save
  db close
}
proc db_restore_and_reopen {{file test.db}} {
  catch {db close}
  db_restore
  sqlite3 db $file
}
proc db_delete_and_reopen {{file test.db}} {
  catch {db close}
  forcedelete test.db test.db-journal
  sqlite3 db $file
}
proc faultsim_save {} { db_save }
proc faultsim_save_and_close {} { db_save_and_close }
proc faultsim_restore {} { db_restore }
proc faultsim_restore_and_reopen {{file test.db}} { db_restore_and_reopen $file }
proc faultsim_delete_and_reopen {{file test.db}} { db_delete_and_reopen $file }
proc faultsim_integrity_check {{db db}} { $db eval {PRAGMA integrity_check} }
proc drop_all_indexes {{db db}} {}

proc do_faultsim_test {name args} {
  array set opt {-prep {} -body {} -test {} -install {} -uninstall {}}
  array set opt $args
  eval $opt(-install)
  eval $opt(-prep)
  set testrc 0
  set testresult [eval $opt(-body)]
  set testnfail 0
  eval $opt(-test)
  eval $opt(-uninstall)
}
proc do_one_faultsim_test {name args} { do_faultsim_test $name {*}$args }

proc fault_free {optionlist} {
  array set opt $optionlist
  catch {db close}
  catch {db2 close}
  forcedelete test.db test.db-journal test.db-wal test2.db test2.db-journal test2.db-wal
  if {[info exists opt(-testdb)]} { forcecopy $opt(-testdb) test.db }
  sqlite3 db test.db
  if {[info exists opt(-tclprep)]} { uplevel #0 $opt(-tclprep) }
  if {[info exists opt(-sqlprep)]} { db eval $opt(-sqlprep) }
  if {[info exists opt(-tclbody)]} { uplevel #0 $opt(-tclbody) }
  if {[info exists opt(-sqlbody)]} { db eval $opt(-sqlbody) }
  if {[info exists opt(-cleanup)]} { uplevel #0 $opt(-cleanup) }
}
proc do_malloc_test {name args} { fault_free $args }
proc do_ioerr_test {name args} { fault_free $args }

proc do_multiclient_test {varname script} {
  faultsim_delete_and_reopen
  sqlite3 db2 test.db
  sqlite3 db3 test.db
  uplevel [list set $varname 2]
  uplevel $script
  catch {db2 close}
  catch {db3 close}
  catch {db close}
}
proc code1 {script} { uplevel #0 $script }
proc code2 {script} { uplevel #0 $script }
proc code3 {script} { uplevel #0 $script }
proc sql1 {sql} { db eval $sql }
proc sql2 {sql} { db2 eval $sql }
proc sql3 {sql} { db3 eval $sql }
proc csql1 {sql} { db eval $sql }
proc csql2 {sql} { db2 eval $sql }
proc csql3 {sql} { db3 eval $sql }

proc memdbsql {sql} {
  sqlite3 memdb :memory:
  memdb eval $sql
  memdb close
}
`;
