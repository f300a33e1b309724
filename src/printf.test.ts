/**
 * The printf family against strings that real SQLite printed.
 *
 * Every expected value was written by the amalgamation (SQLite 3.53.2, the options of better-sqlite3),
 * compiled with gcc, byte for byte; `\x..` are single bytes, so that cut UTF-8 can be written down.
 * Allocations are compared the same way: M is an allocation, R a change of size, F a release.
 */

import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type CString, fromCString, strlen, toCString } from "./cstring.js";
import { sqlite3Config } from "./global.js";
import { sqlite3_config, sqlite3_initialize, sqlite3_shutdown, sqlite3MisuseError } from "./main.js";
import {
  sqlite3_free,
  sqlite3_malloc,
  sqlite3_malloc64,
  sqlite3_memory_highwater,
  sqlite3_memory_used,
  sqlite3_msize,
  sqlite3_realloc,
} from "./malloc.js";
import {
  sqlite3_log,
  sqlite3_mprintf,
  sqlite3_snprintf,
  sqlite3_str,
  sqlite3_str_append,
  sqlite3_str_appendall,
  sqlite3_str_appendchar,
  sqlite3_str_appendf,
  sqlite3_str_errcode,
  sqlite3_str_finish,
  sqlite3_str_free,
  sqlite3_str_length,
  sqlite3_str_new,
  sqlite3_str_reset,
  sqlite3_str_truncate,
  sqlite3_str_value,
  sqlite3_vsnprintf,
  sqlite3DebugPrintf,
  sqlite3StrAccumInit,
} from "./printf.js";
import {
  AssertionError,
  Ref,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_LOG,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_MAX_LENGTH,
  SQLITE_MISUSE,
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_TOOBIG,
  type sqlite3_mem_methods,
} from "./sqliteInt.js";
import { va_list, va_start } from "./stdarg.js";

const none = (): unknown[] => [];

/** Format, arguments, what sqlite3_mprintf returns. */
// biome-ignore format: a table
const rows: [string, () => unknown[], string][] = [
  ["plain", none, "plain"],
  ["", none, ""],
  ["100%", none, "100%"],
  ["%%", none, "%"],
  ["a%%b", none, "a%b"],
  ["%5%|", none, "    %|"],
  ["%-5%|", none, "%    |"],
  ["%d", () => [0], "0"],
  ["%d", () => [1], "1"],
  ["%d", () => [-1], "-1"],
  ["%d", () => [42], "42"],
  ["%d", () => [-42], "-42"],
  ["%d", () => [1234567], "1234567"],
  ["%d", () => [2147483647], "2147483647"],
  ["%d", () => [-2147483648], "-2147483648"],
  ["%i", () => [0], "0"],
  ["%i", () => [1], "1"],
  ["%i", () => [-1], "-1"],
  ["%i", () => [42], "42"],
  ["%i", () => [-42], "-42"],
  ["%i", () => [1234567], "1234567"],
  ["%i", () => [2147483647], "2147483647"],
  ["%i", () => [-2147483648], "-2147483648"],
  ["%5d", () => [0], "    0"],
  ["%5d", () => [1], "    1"],
  ["%5d", () => [-1], "   -1"],
  ["%5d", () => [42], "   42"],
  ["%5d", () => [-42], "  -42"],
  ["%5d", () => [1234567], "1234567"],
  ["%5d", () => [2147483647], "2147483647"],
  ["%5d", () => [-2147483648], "-2147483648"],
  ["%-5d|", () => [0], "0    |"],
  ["%-5d|", () => [1], "1    |"],
  ["%-5d|", () => [-1], "-1   |"],
  ["%-5d|", () => [42], "42   |"],
  ["%-5d|", () => [-42], "-42  |"],
  ["%-5d|", () => [1234567], "1234567|"],
  ["%-5d|", () => [2147483647], "2147483647|"],
  ["%-5d|", () => [-2147483648], "-2147483648|"],
  ["%05d", () => [0], "00000"],
  ["%05d", () => [1], "00001"],
  ["%05d", () => [-1], "-0001"],
  ["%05d", () => [42], "00042"],
  ["%05d", () => [-42], "-0042"],
  ["%05d", () => [1234567], "1234567"],
  ["%05d", () => [2147483647], "2147483647"],
  ["%05d", () => [-2147483648], "-2147483648"],
  ["%+d", () => [0], "+0"],
  ["%+d", () => [1], "+1"],
  ["%+d", () => [-1], "-1"],
  ["%+d", () => [42], "+42"],
  ["%+d", () => [-42], "-42"],
  ["%+d", () => [1234567], "+1234567"],
  ["%+d", () => [2147483647], "+2147483647"],
  ["%+d", () => [-2147483648], "-2147483648"],
  ["% d", () => [0], " 0"],
  ["% d", () => [1], " 1"],
  ["% d", () => [-1], "-1"],
  ["% d", () => [42], " 42"],
  ["% d", () => [-42], "-42"],
  ["% d", () => [1234567], " 1234567"],
  ["% d", () => [2147483647], " 2147483647"],
  ["% d", () => [-2147483648], "-2147483648"],
  ["%,d", () => [0], "0"],
  ["%,d", () => [1], "1"],
  ["%,d", () => [-1], "-1"],
  ["%,d", () => [42], "42"],
  ["%,d", () => [-42], "-42"],
  ["%,d", () => [1234567], "1,234,567"],
  ["%,d", () => [2147483647], "2,147,483,647"],
  ["%,d", () => [-2147483648], "-2,147,483,648"],
  ["%.3d", () => [0], "000"],
  ["%.3d", () => [1], "001"],
  ["%.3d", () => [-1], "-001"],
  ["%.3d", () => [42], "042"],
  ["%.3d", () => [-42], "-042"],
  ["%.3d", () => [1234567], "1234567"],
  ["%.3d", () => [2147483647], "2147483647"],
  ["%.3d", () => [-2147483648], "-2147483648"],
  ["%8.3d", () => [0], "     000"],
  ["%8.3d", () => [1], "     001"],
  ["%8.3d", () => [-1], "    -001"],
  ["%8.3d", () => [42], "     042"],
  ["%8.3d", () => [-42], "    -042"],
  ["%8.3d", () => [1234567], " 1234567"],
  ["%8.3d", () => [2147483647], "2147483647"],
  ["%8.3d", () => [-2147483648], "-2147483648"],
  ["%-8.3d|", () => [0], "000     |"],
  ["%-8.3d|", () => [1], "001     |"],
  ["%-8.3d|", () => [-1], "-001    |"],
  ["%-8.3d|", () => [42], "042     |"],
  ["%-8.3d|", () => [-42], "-042    |"],
  ["%-8.3d|", () => [1234567], "1234567 |"],
  ["%-8.3d|", () => [2147483647], "2147483647|"],
  ["%-8.3d|", () => [-2147483648], "-2147483648|"],
  ["%08.3d", () => [0], "00000000"],
  ["%08.3d", () => [1], "00000001"],
  ["%08.3d", () => [-1], "-0000001"],
  ["%08.3d", () => [42], "00000042"],
  ["%08.3d", () => [-42], "-0000042"],
  ["%08.3d", () => [1234567], "01234567"],
  ["%08.3d", () => [2147483647], "2147483647"],
  ["%08.3d", () => [-2147483648], "-2147483648"],
  ["%+08d", () => [0], "+0000000"],
  ["%+08d", () => [1], "+0000001"],
  ["%+08d", () => [-1], "-0000001"],
  ["%+08d", () => [42], "+0000042"],
  ["%+08d", () => [-42], "-0000042"],
  ["%+08d", () => [1234567], "+1234567"],
  ["%+08d", () => [2147483647], "+2147483647"],
  ["%+08d", () => [-2147483648], "-2147483648"],
  ["%u", () => [0], "0"],
  ["%u", () => [1], "1"],
  ["%u", () => [-1], "4294967295"],
  ["%u", () => [42], "42"],
  ["%u", () => [-42], "4294967254"],
  ["%u", () => [1234567], "1234567"],
  ["%u", () => [2147483647], "2147483647"],
  ["%u", () => [-2147483648], "2147483648"],
  ["%x", () => [0], "0"],
  ["%x", () => [1], "1"],
  ["%x", () => [-1], "ffffffff"],
  ["%x", () => [42], "2a"],
  ["%x", () => [-42], "ffffffd6"],
  ["%x", () => [1234567], "12d687"],
  ["%x", () => [2147483647], "7fffffff"],
  ["%x", () => [-2147483648], "80000000"],
  ["%X", () => [0], "0"],
  ["%X", () => [1], "1"],
  ["%X", () => [-1], "FFFFFFFF"],
  ["%X", () => [42], "2A"],
  ["%X", () => [-42], "FFFFFFD6"],
  ["%X", () => [1234567], "12D687"],
  ["%X", () => [2147483647], "7FFFFFFF"],
  ["%X", () => [-2147483648], "80000000"],
  ["%#x", () => [0], "0"],
  ["%#x", () => [1], "0x1"],
  ["%#x", () => [-1], "0xffffffff"],
  ["%#x", () => [42], "0x2a"],
  ["%#x", () => [-42], "0xffffffd6"],
  ["%#x", () => [1234567], "0x12d687"],
  ["%#x", () => [2147483647], "0x7fffffff"],
  ["%#x", () => [-2147483648], "0x80000000"],
  ["%#X", () => [0], "0"],
  ["%#X", () => [1], "0X1"],
  ["%#X", () => [-1], "0XFFFFFFFF"],
  ["%#X", () => [42], "0X2A"],
  ["%#X", () => [-42], "0XFFFFFFD6"],
  ["%#X", () => [1234567], "0X12D687"],
  ["%#X", () => [2147483647], "0X7FFFFFFF"],
  ["%#X", () => [-2147483648], "0X80000000"],
  ["%o", () => [0], "0"],
  ["%o", () => [1], "1"],
  ["%o", () => [-1], "37777777777"],
  ["%o", () => [42], "52"],
  ["%o", () => [-42], "37777777726"],
  ["%o", () => [1234567], "4553207"],
  ["%o", () => [2147483647], "17777777777"],
  ["%o", () => [-2147483648], "20000000000"],
  ["%#o", () => [0], "0"],
  ["%#o", () => [1], "01"],
  ["%#o", () => [-1], "037777777777"],
  ["%#o", () => [42], "052"],
  ["%#o", () => [-42], "037777777726"],
  ["%#o", () => [1234567], "04553207"],
  ["%#o", () => [2147483647], "017777777777"],
  ["%#o", () => [-2147483648], "020000000000"],
  ["%08x", () => [0], "00000000"],
  ["%08x", () => [1], "00000001"],
  ["%08x", () => [-1], "ffffffff"],
  ["%08x", () => [42], "0000002a"],
  ["%08x", () => [-42], "ffffffd6"],
  ["%08x", () => [1234567], "0012d687"],
  ["%08x", () => [2147483647], "7fffffff"],
  ["%08x", () => [-2147483648], "80000000"],
  ["%#010x", () => [0], "0000000000"],
  ["%#010x", () => [1], "0x0000000001"],
  ["%#010x", () => [-1], "0x00ffffffff"],
  ["%#010x", () => [42], "0x000000002a"],
  ["%#010x", () => [-42], "0x00ffffffd6"],
  ["%#010x", () => [1234567], "0x000012d687"],
  ["%#010x", () => [2147483647], "0x007fffffff"],
  ["%#010x", () => [-2147483648], "0x0080000000"],
  ["%r", () => [0], "0th"],
  ["%r", () => [1], "1st"],
  ["%r", () => [-1], "-1st"],
  ["%r", () => [42], "42nd"],
  ["%r", () => [-42], "-42nd"],
  ["%r", () => [1234567], "1234567th"],
  ["%r", () => [2147483647], "2147483647th"],
  ["%r", () => [-2147483648], "-2147483648th"],
  ["%5r", () => [0], "  0th"],
  ["%5r", () => [1], "  1st"],
  ["%5r", () => [-1], " -1st"],
  ["%5r", () => [42], " 42nd"],
  ["%5r", () => [-42], "-42nd"],
  ["%5r", () => [1234567], "1234567th"],
  ["%5r", () => [2147483647], "2147483647th"],
  ["%5r", () => [-2147483648], "-2147483648th"],
  ["%,u", () => [0], "0"],
  ["%,u", () => [1], "1"],
  ["%,u", () => [-1], "4,294,967,295"],
  ["%,u", () => [42], "42"],
  ["%,u", () => [-42], "4,294,967,254"],
  ["%,u", () => [1234567], "1,234,567"],
  ["%,u", () => [2147483647], "2,147,483,647"],
  ["%,u", () => [-2147483648], "2,147,483,648"],
  ["%,15d", () => [0], "              0"],
  ["%,15d", () => [1], "              1"],
  ["%,15d", () => [-1], "             -1"],
  ["%,15d", () => [42], "             42"],
  ["%,15d", () => [-42], "            -42"],
  ["%,15d", () => [1234567], "      1,234,567"],
  ["%,15d", () => [2147483647], "  2,147,483,647"],
  ["%,15d", () => [-2147483648], " -2,147,483,648"],
  ["%015,d", () => [0], ""],
  ["%015,d", () => [1], ""],
  ["%015,d", () => [-1], ""],
  ["%015,d", () => [42], ""],
  ["%015,d", () => [-42], ""],
  ["%015,d", () => [1234567], ""],
  ["%015,d", () => [2147483647], ""],
  ["%015,d", () => [-2147483648], ""],
  ["%+,d", () => [0], "+0"],
  ["%+,d", () => [1], "+1"],
  ["%+,d", () => [-1], "-1"],
  ["%+,d", () => [42], "+42"],
  ["%+,d", () => [-42], "-42"],
  ["%+,d", () => [1234567], "+1,234,567"],
  ["%+,d", () => [2147483647], "+2,147,483,647"],
  ["%+,d", () => [-2147483648], "-2,147,483,648"],
  ["%lld", () => [0], "0"],
  ["%lld", () => [-1], "-1"],
  ["%lld", () => [9007199254740991], "9007199254740991"],
  ["%lld", () => [9223372036854775807n], "9223372036854775807"],
  ["%lld", () => [-9223372036854775808n], "-9223372036854775808"],
  ["%lld", () => [1234567890123], "1234567890123"],
  ["%llu", () => [0], "0"],
  ["%llu", () => [-1], "18446744073709551615"],
  ["%llu", () => [9007199254740991], "9007199254740991"],
  ["%llu", () => [9223372036854775807n], "9223372036854775807"],
  ["%llu", () => [-9223372036854775808n], "9223372036854775808"],
  ["%llu", () => [1234567890123], "1234567890123"],
  ["%llx", () => [0], "0"],
  ["%llx", () => [-1], "ffffffffffffffff"],
  ["%llx", () => [9007199254740991], "1fffffffffffff"],
  ["%llx", () => [9223372036854775807n], "7fffffffffffffff"],
  ["%llx", () => [-9223372036854775808n], "8000000000000000"],
  ["%llx", () => [1234567890123], "11f71fb04cb"],
  ["%ld", () => [0], "0"],
  ["%ld", () => [-1], "-1"],
  ["%ld", () => [9007199254740991], "9007199254740991"],
  ["%ld", () => [9223372036854775807n], "9223372036854775807"],
  ["%ld", () => [-9223372036854775808n], "-9223372036854775808"],
  ["%ld", () => [1234567890123], "1234567890123"],
  ["%lu", () => [0], "0"],
  ["%lu", () => [-1], "18446744073709551615"],
  ["%lu", () => [9007199254740991], "9007199254740991"],
  ["%lu", () => [9223372036854775807n], "9223372036854775807"],
  ["%lu", () => [-9223372036854775808n], "9223372036854775808"],
  ["%lu", () => [1234567890123], "1234567890123"],
  ["%lX", () => [0], "0"],
  ["%lX", () => [-1], "FFFFFFFFFFFFFFFF"],
  ["%lX", () => [9007199254740991], "1FFFFFFFFFFFFF"],
  ["%lX", () => [9223372036854775807n], "7FFFFFFFFFFFFFFF"],
  ["%lX", () => [-9223372036854775808n], "8000000000000000"],
  ["%lX", () => [1234567890123], "11F71FB04CB"],
  ["%20lld", () => [0], "                   0"],
  ["%20lld", () => [-1], "                  -1"],
  ["%20lld", () => [9007199254740991], "    9007199254740991"],
  ["%20lld", () => [9223372036854775807n], " 9223372036854775807"],
  ["%20lld", () => [-9223372036854775808n], "-9223372036854775808"],
  ["%20lld", () => [1234567890123], "       1234567890123"],
  ["%-20lld|", () => [0], "0                   |"],
  ["%-20lld|", () => [-1], "-1                  |"],
  ["%-20lld|", () => [9007199254740991], "9007199254740991    |"],
  ["%-20lld|", () => [9223372036854775807n], "9223372036854775807 |"],
  ["%-20lld|", () => [-9223372036854775808n], "-9223372036854775808|"],
  ["%-20lld|", () => [1234567890123], "1234567890123       |"],
  ["%020lld", () => [0], "00000000000000000000"],
  ["%020lld", () => [-1], "-0000000000000000001"],
  ["%020lld", () => [9007199254740991], "00009007199254740991"],
  ["%020lld", () => [9223372036854775807n], "09223372036854775807"],
  ["%020lld", () => [-9223372036854775808n], "-9223372036854775808"],
  ["%020lld", () => [1234567890123], "00000001234567890123"],
  ["%,lld", () => [0], "0"],
  ["%,lld", () => [-1], "-1"],
  ["%,lld", () => [9007199254740991], "9,007,199,254,740,991"],
  ["%,lld", () => [9223372036854775807n], "9,223,372,036,854,775,807"],
  ["%,lld", () => [-9223372036854775808n], "-9,223,372,036,854,775,808"],
  ["%,lld", () => [1234567890123], "1,234,567,890,123"],
  ["%+lld", () => [0], "+0"],
  ["%+lld", () => [-1], "-1"],
  ["%+lld", () => [9007199254740991], "+9007199254740991"],
  ["%+lld", () => [9223372036854775807n], "+9223372036854775807"],
  ["%+lld", () => [-9223372036854775808n], "-9223372036854775808"],
  ["%+lld", () => [1234567890123], "+1234567890123"],
  ["%llo", () => [0], "0"],
  ["%llo", () => [-1], "1777777777777777777777"],
  ["%llo", () => [9007199254740991], "377777777777777777"],
  ["%llo", () => [9223372036854775807n], "777777777777777777777"],
  ["%llo", () => [-9223372036854775808n], "1000000000000000000000"],
  ["%llo", () => [1234567890123], "21756176602313"],
  ["%#llx", () => [0], "0"],
  ["%#llx", () => [-1], "0xffffffffffffffff"],
  ["%#llx", () => [9007199254740991], "0x1fffffffffffff"],
  ["%#llx", () => [9223372036854775807n], "0x7fffffffffffffff"],
  ["%#llx", () => [-9223372036854775808n], "0x8000000000000000"],
  ["%#llx", () => [1234567890123], "0x11f71fb04cb"],
  ["%r", () => [11], "11th"],
  ["%r", () => [12], "12th"],
  ["%r", () => [13], "13th"],
  ["%r", () => [21], "21st"],
  ["%r", () => [22], "22nd"],
  ["%r", () => [23], "23rd"],
  ["%r", () => [101], "101st"],
  ["%r", () => [111], "111th"],
  ["%r", () => [112], "112th"],
  ["%r", () => [113], "113th"],
  ["%r", () => [1003], "1003rd"],
  ["%p", () => [null], "0"],
  ["%p", () => [0xdeadbeefcafe], "DEADBEEFCAFE"],
  ["%p", () => [255], "FF"],
  ["%20p", () => [null], "                   0"],
  ["%20p", () => [0xdeadbeefcafe], "        DEADBEEFCAFE"],
  ["%20p", () => [255], "                  FF"],
  ["%#p", () => [null], "0"],
  ["%#p", () => [0xdeadbeefcafe], "0xDEADBEEFCAFE"],
  ["%#p", () => [255], "0xFF"],
  ["%020p", () => [null], "00000000000000000000"],
  ["%020p", () => [0xdeadbeefcafe], "00000000DEADBEEFCAFE"],
  ["%020p", () => [255], "000000000000000000FF"],
  ["%*d|", () => [5,42], "   42|"],
  ["%*d|", () => [-5,42], "42   |"],
  ["%.*d|", () => [4,42], "0042|"],
  ["%.*d|", () => [-4,42], "0042|"],
  ["%*.*d|", () => [8,4,42], "    0042|"],
  ["%*lld|", () => [8,42], "      42|"],
  ["%.5lld", () => [42], "00042"],
  ["%*.3lld|", () => [9,42], "      042|"],
  ["%5ld", () => [42], "   42"],
  ["%.*s|", () => [2,"abcdef"], "ab|"],
  ["%*s|", () => [8,"abc"], "     abc|"],
  ["%*s|", () => [-8,"abc"], "abc     |"],
  ["%.40d", () => [42], "0000000000000000000000000000000000000042"],
  ["%.100d", () => [-7], "-0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000007"],
  ["%0100d", () => [7], "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000007"],
  ["%,.50d", () => [7], "00,000,000,000,000,000,000,000,000,000,000,000,000,000,000,000,007"],
  ["%.36d", () => [7], "000000000000000000000000000000000007"],
  ["%.37d", () => [7], "0000000000000000000000000000000000007"],
  ["%80d", () => [7], "                                                                               7"],
  ["%-80d|", () => [7], "7                                                                               |"],
  ["%#.60x", () => [255], "0x0000000000000000000000000000000000000000000000000000000000ff"],
  ["%2147483648d", () => [5], "5"],
  ["%4294967299d|", () => [5], "  5|"],
  ["%s", () => ["hello"], "hello"],
  ["%s", () => [""], ""],
  ["%s", () => [null], ""],
  ["%s", () => ["héèllo"], "h\xc3\xa9\xc3\xa8llo"],
  ["%s", () => ["😀ab€"], "\xf0\x9f\x98\x80ab\xe2\x82\xac"],
  ["%10s|", () => ["hello"], "     hello|"],
  ["%10s|", () => [""], "          |"],
  ["%10s|", () => [null], "          |"],
  ["%10s|", () => ["héèllo"], "  h\xc3\xa9\xc3\xa8llo|"],
  ["%10s|", () => ["😀ab€"], " \xf0\x9f\x98\x80ab\xe2\x82\xac|"],
  ["%-10s|", () => ["hello"], "hello     |"],
  ["%-10s|", () => [""], "          |"],
  ["%-10s|", () => [null], "          |"],
  ["%-10s|", () => ["héèllo"], "h\xc3\xa9\xc3\xa8llo  |"],
  ["%-10s|", () => ["😀ab€"], "\xf0\x9f\x98\x80ab\xe2\x82\xac |"],
  ["%.3s", () => ["hello"], "hel"],
  ["%.3s", () => [""], ""],
  ["%.3s", () => [null], ""],
  ["%.3s", () => ["héèllo"], "h\xc3\xa9"],
  ["%.3s", () => ["😀ab€"], "\xf0\x9f\x98"],
  ["%10.3s|", () => ["hello"], "       hel|"],
  ["%10.3s|", () => [""], "          |"],
  ["%10.3s|", () => [null], "          |"],
  ["%10.3s|", () => ["héèllo"], "       h\xc3\xa9|"],
  ["%10.3s|", () => ["😀ab€"], "       \xf0\x9f\x98|"],
  ["%-10.3s|", () => ["hello"], "hel       |"],
  ["%-10.3s|", () => [""], "          |"],
  ["%-10.3s|", () => [null], "          |"],
  ["%-10.3s|", () => ["héèllo"], "h\xc3\xa9       |"],
  ["%-10.3s|", () => ["😀ab€"], "\xf0\x9f\x98       |"],
  ["%!10s|", () => ["hello"], "     hello|"],
  ["%!10s|", () => [""], "          |"],
  ["%!10s|", () => [null], "          |"],
  ["%!10s|", () => ["héèllo"], "    h\xc3\xa9\xc3\xa8llo|"],
  ["%!10s|", () => ["😀ab€"], "      \xf0\x9f\x98\x80ab\xe2\x82\xac|"],
  ["%!.3s", () => ["hello"], "hel"],
  ["%!.3s", () => [""], ""],
  ["%!.3s", () => [null], ""],
  ["%!.3s", () => ["héèllo"], "h\xc3\xa9\xc3\xa8"],
  ["%!.3s", () => ["😀ab€"], "\xf0\x9f\x98\x80ab"],
  ["%!10.3s|", () => ["hello"], "       hel|"],
  ["%!10.3s|", () => [""], "          |"],
  ["%!10.3s|", () => [null], "          |"],
  ["%!10.3s|", () => ["héèllo"], "       h\xc3\xa9\xc3\xa8|"],
  ["%!10.3s|", () => ["😀ab€"], "       \xf0\x9f\x98\x80ab|"],
  ["%!-10.3s|", () => ["hello"], "hel       |"],
  ["%!-10.3s|", () => [""], "          |"],
  ["%!-10.3s|", () => [null], "          |"],
  ["%!-10.3s|", () => ["héèllo"], "h\xc3\xa9\xc3\xa8       |"],
  ["%!-10.3s|", () => ["😀ab€"], "\xf0\x9f\x98\x80ab       |"],
  ["%z", () => [sqlite3_mprintf("%s", "hello")], "hello"],
  ["x%zy", () => [sqlite3_mprintf("%s", "hello")], "xhelloy"],
  ["%zy%d", () => [sqlite3_mprintf("%s", "hello"), 7], "helloy7"],
  ["%10z|", () => [sqlite3_mprintf("%s", "hello")], "     hello|"],
  ["%z", () => [sqlite3_mprintf("%s", "")], ""],
  ["x%zy", () => [sqlite3_mprintf("%s", "")], "xy"],
  ["%zy%d", () => [sqlite3_mprintf("%s", ""), 7], "y7"],
  ["%10z|", () => [sqlite3_mprintf("%s", "")], "          |"],
  ["%z", () => [sqlite3_mprintf("%s", "héèllo")], "h\xc3\xa9\xc3\xa8llo"],
  ["x%zy", () => [sqlite3_mprintf("%s", "héèllo")], "xh\xc3\xa9\xc3\xa8lloy"],
  ["%zy%d", () => [sqlite3_mprintf("%s", "héèllo"), 7], "h\xc3\xa9\xc3\xa8lloy7"],
  ["%10z|", () => [sqlite3_mprintf("%s", "héèllo")], "  h\xc3\xa9\xc3\xa8llo|"],
  ["%z", () => [sqlite3_mprintf("%s", "😀ab€")], "\xf0\x9f\x98\x80ab\xe2\x82\xac"],
  ["x%zy", () => [sqlite3_mprintf("%s", "😀ab€")], "x\xf0\x9f\x98\x80ab\xe2\x82\xacy"],
  ["%zy%d", () => [sqlite3_mprintf("%s", "😀ab€"), 7], "\xf0\x9f\x98\x80ab\xe2\x82\xacy7"],
  ["%10z|", () => [sqlite3_mprintf("%s", "😀ab€")], " \xf0\x9f\x98\x80ab\xe2\x82\xac|"],
  ["%.0s", () => ["hello"], ""],
  ["%.0s", () => [""], ""],
  ["%.0s", () => [null], ""],
  ["%.0s", () => ["héèllo"], ""],
  ["%.0s", () => ["😀ab€"], ""],
  ["%010s", () => ["hello"], "     hello"],
  ["%010s", () => [""], "          "],
  ["%010s", () => [null], "          "],
  ["%010s", () => ["héèllo"], "  h\xc3\xa9\xc3\xa8llo"],
  ["%010s", () => ["😀ab€"], " \xf0\x9f\x98\x80ab\xe2\x82\xac"],
  ["%c", () => [65], "A"],
  ["%c", () => [0xe9], "\xc3\xa9"],
  ["%c", () => [0x20ac], "\xe2\x82\xac"],
  ["%c", () => [0x1f600], "\xf0\x9f\x98\x80"],
  ["%5c|", () => [65], "    A|"],
  ["%5c|", () => [0xe9], "    \xc3\xa9|"],
  ["%5c|", () => [0x20ac], "    \xe2\x82\xac|"],
  ["%5c|", () => [0x1f600], "    \xf0\x9f\x98\x80|"],
  ["%-5c|", () => [65], "A    |"],
  ["%-5c|", () => [0xe9], "\xc3\xa9    |"],
  ["%-5c|", () => [0x20ac], "\xe2\x82\xac    |"],
  ["%-5c|", () => [0x1f600], "\xf0\x9f\x98\x80    |"],
  ["%.3c", () => [65], "AAA"],
  ["%.3c", () => [0xe9], "\xc3\xa9\xc3\xa9\xc3\xa9"],
  ["%.3c", () => [0x20ac], "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"],
  ["%.3c", () => [0x1f600], "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"],
  ["%.10c|", () => [65], "AAAAAAAAAA|"],
  ["%.10c|", () => [0xe9], "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9|"],
  ["%.10c|", () => [0x20ac], "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac|"],
  ["%.10c|", () => [0x1f600], "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80|"],
  ["%12.10c|", () => [65], "  AAAAAAAAAA|"],
  ["%12.10c|", () => [0xe9], "  \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9|"],
  ["%12.10c|", () => [0x20ac], "  \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac|"],
  ["%12.10c|", () => [0x1f600], "  \xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80|"],
  ["%-12.10c|", () => [65], "AAAAAAAAAA  |"],
  ["%-12.10c|", () => [0xe9], "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9  |"],
  ["%-12.10c|", () => [0x20ac], "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac  |"],
  ["%-12.10c|", () => [0x1f600], "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80  |"],
  ["%.1c", () => [65], "A"],
  ["%.1c", () => [0xe9], "\xc3\xa9"],
  ["%.1c", () => [0x20ac], "\xe2\x82\xac"],
  ["%.1c", () => [0x1f600], "\xf0\x9f\x98\x80"],
  ["%.0c", () => [65], "A"],
  ["%.0c", () => [0xe9], "\xc3\xa9"],
  ["%.0c", () => [0x20ac], "\xe2\x82\xac"],
  ["%.0c", () => [0x1f600], "\xf0\x9f\x98\x80"],
  ["%5.2c|", () => [65], "   AA|"],
  ["%5.2c|", () => [0xe9], "   \xc3\xa9\xc3\xa9|"],
  ["%5.2c|", () => [0x20ac], "   \xe2\x82\xac\xe2\x82\xac|"],
  ["%5.2c|", () => [0x1f600], "   \xf0\x9f\x98\x80\xf0\x9f\x98\x80|"],
  ["%.100c", () => [65], "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
  ["%.100c", () => [0xe9], "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"],
  ["%.100c", () => [0x20ac], "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"],
  ["%.100c", () => [0x1f600], "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"],
  ["%q", () => ["it's"], "it''s"],
  ["%q", () => [""], ""],
  ["%q", () => [null], "(NULL)"],
  ["%q", () => ['a"b\'c'], "a\"b''c"],
  ["%q", () => ["tab\there\n"], "tab\x09here\x0a"],
  ["%q", () => ["back\\slash"], "back\\slash"],
  ["%q", () => ["héèllo'"], "h\xc3\xa9\xc3\xa8llo''"],
  ["%q", () => ["x'".repeat(60)], "x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''"],
  ["%Q", () => ["it's"], "'it''s'"],
  ["%Q", () => [""], "''"],
  ["%Q", () => [null], "NULL"],
  ["%Q", () => ['a"b\'c'], "'a\"b''c'"],
  ["%Q", () => ["tab\there\n"], "'tab\x09here\x0a'"],
  ["%Q", () => ["back\\slash"], "'back\\slash'"],
  ["%Q", () => ["héèllo'"], "'h\xc3\xa9\xc3\xa8llo'''"],
  ["%Q", () => ["x'".repeat(60)], "'x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x'''"],
  ["%w", () => ["it's"], "it's"],
  ["%w", () => [""], ""],
  ["%w", () => [null], "(NULL)"],
  ["%w", () => ['a"b\'c'], "a\"\"b'c"],
  ["%w", () => ["tab\there\n"], "tab\x09here\x0a"],
  ["%w", () => ["back\\slash"], "back\\slash"],
  ["%w", () => ["héèllo'"], "h\xc3\xa9\xc3\xa8llo'"],
  ["%w", () => ["x'".repeat(60)], "x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'"],
  ["%#q", () => ["it's"], "it''s"],
  ["%#q", () => [""], ""],
  ["%#q", () => [null], "(NULL)"],
  ["%#q", () => ['a"b\'c'], "a\"b''c"],
  ["%#q", () => ["tab\there\n"], "tab\\u0009here\\u000a"],
  ["%#q", () => ["back\\slash"], "back\\\\slash"],
  ["%#q", () => ["héèllo'"], "h\xc3\xa9\xc3\xa8llo''"],
  ["%#q", () => ["x'".repeat(60)], "x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''"],
  ["%#Q", () => ["it's"], "'it''s'"],
  ["%#Q", () => [""], "''"],
  ["%#Q", () => [null], "NULL"],
  ["%#Q", () => ['a"b\'c'], "'a\"b''c'"],
  ["%#Q", () => ["tab\there\n"], "unistr('tab\\u0009here\\u000a')"],
  ["%#Q", () => ["back\\slash"], "'back\\slash'"],
  ["%#Q", () => ["héèllo'"], "'h\xc3\xa9\xc3\xa8llo'''"],
  ["%#Q", () => ["x'".repeat(60)], "'x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x'''"],
  ["%#w", () => ["it's"], "it's"],
  ["%#w", () => [""], ""],
  ["%#w", () => [null], "(NULL)"],
  ["%#w", () => ['a"b\'c'], "a\"\"b'c"],
  ["%#w", () => ["tab\there\n"], "tab\x09here\x0a"],
  ["%#w", () => ["back\\slash"], "back\\slash"],
  ["%#w", () => ["héèllo'"], "h\xc3\xa9\xc3\xa8llo'"],
  ["%#w", () => ["x'".repeat(60)], "x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'x'"],
  ["%.3q", () => ["it's"], "it''"],
  ["%.3q", () => [""], ""],
  ["%.3q", () => [null], "(NU"],
  ["%.3q", () => ['a"b\'c'], "a\"b"],
  ["%.3q", () => ["tab\there\n"], "tab"],
  ["%.3q", () => ["back\\slash"], "bac"],
  ["%.3q", () => ["héèllo'"], "h\xc3\xa9"],
  ["%.3q", () => ["x'".repeat(60)], "x''x"],
  ["%.3Q", () => ["it's"], "'it'''"],
  ["%.3Q", () => [""], "''"],
  ["%.3Q", () => [null], "NUL"],
  ["%.3Q", () => ['a"b\'c'], "'a\"b'"],
  ["%.3Q", () => ["tab\there\n"], "'tab'"],
  ["%.3Q", () => ["back\\slash"], "'bac'"],
  ["%.3Q", () => ["héèllo'"], "'h\xc3\xa9'"],
  ["%.3Q", () => ["x'".repeat(60)], "'x''x'"],
  ["%!.3Q", () => ["it's"], "'it'''"],
  ["%!.3Q", () => [""], "''"],
  ["%!.3Q", () => [null], "NUL"],
  ["%!.3Q", () => ['a"b\'c'], "'a\"b'"],
  ["%!.3Q", () => ["tab\there\n"], "'tab'"],
  ["%!.3Q", () => ["back\\slash"], "'bac'"],
  ["%!.3Q", () => ["héèllo'"], "'h\xc3\xa9\xc3\xa8'"],
  ["%!.3Q", () => ["x'".repeat(60)], "'x''x'"],
  ["%10q|", () => ["it's"], "     it''s|"],
  ["%10q|", () => [""], "          |"],
  ["%10q|", () => [null], "    (NULL)|"],
  ["%10q|", () => ['a"b\'c'], "    a\"b''c|"],
  ["%10q|", () => ["tab\there\n"], " tab\x09here\x0a|"],
  ["%10q|", () => ["back\\slash"], "back\\slash|"],
  ["%10q|", () => ["héèllo'"], "h\xc3\xa9\xc3\xa8llo''|"],
  ["%10q|", () => ["x'".repeat(60)], "x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''|"],
  ["%-10Q|", () => ["it's"], "'it''s'   |"],
  ["%-10Q|", () => [""], "''        |"],
  ["%-10Q|", () => [null], "NULL      |"],
  ["%-10Q|", () => ['a"b\'c'], "'a\"b''c'  |"],
  ["%-10Q|", () => ["tab\there\n"], "'tab\x09here\x0a'|"],
  ["%-10Q|", () => ["back\\slash"], "'back\\slash'|"],
  ["%-10Q|", () => ["héèllo'"], "'h\xc3\xa9\xc3\xa8llo'''|"],
  ["%-10Q|", () => ["x'".repeat(60)], "'x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x'''|"],
  ["%!10Q|", () => ["it's"], "   'it''s'|"],
  ["%!10Q|", () => [""], "        ''|"],
  ["%!10Q|", () => [null], "      NULL|"],
  ["%!10Q|", () => ['a"b\'c'], "  'a\"b''c'|"],
  ["%!10Q|", () => ["tab\there\n"], "'tab\x09here\x0a'|"],
  ["%!10Q|", () => ["back\\slash"], "'back\\slash'|"],
  ["%!10Q|", () => ["héèllo'"], "'h\xc3\xa9\xc3\xa8llo'''|"],
  ["%!10Q|", () => ["x'".repeat(60)], "'x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x''x'''|"],
  ["%.3w", () => ["it's"], "it'"],
  ["%.3w", () => [""], ""],
  ["%.3w", () => [null], "(NU"],
  ["%.3w", () => ['a"b\'c'], "a\"\"b"],
  ["%.3w", () => ["tab\there\n"], "tab"],
  ["%.3w", () => ["back\\slash"], "bac"],
  ["%.3w", () => ["héèllo'"], "h\xc3\xa9"],
  ["%.3w", () => ["x'".repeat(60)], "x'x"],
  ["%d%s%d", () => [1,"-",2], "1-2"],
  ["abc%", none, "abc%"],
  ["abc%5", none, "abc"],
  ["abc%-", none, "abc"],
  ["abc%l", none, "abc"],
  ["abc%ll", none, "abc"],
  ["abc%y def", () => [1], "abc"],
  ["%d %k %d", () => [1,2], "1 "],
  ["%5", none, ""],
  ["%.", none, ""],
  ["%.5", none, ""],
  ["héllo %d€", () => [5], "h\xc3\xa9llo 5\xe2\x82\xac"],
  ["%T", () => [null], ""],
  ["a%S", () => [null], "a"],
  ["%hd", () => [5], ""],
  ["%s at line %d of [%.10s]", () => ["misuse",187657,"d6e03d8c777cfa2d35e3"], "misuse at line 187657 of [d6e03d8c77]"],
  ["os_unix.c:%d: (%d) %s(%s) - %s", () => [44201,2,"open","/tmp/x",""], "os_unix.c:44201: (2) open(/tmp/x) - "],
  ["%s%llx", () => ["etilqs_",0x1234abcd], "etilqs_1234abcd"],
  ["%s/etilqs_%llx%c", () => ["/var/tmp",0xfedcba9876543210n,0], "/var/tmp/etilqs_fedcba9876543210"],
  ["%.3d|%.3x|%3c|%-3s|%03d", () => [5,255,66,"z",7], "005|0ff|  B|z  |007"],
  ["%,d %,d %,d", () => [999,1000,1000000], "999 1,000 1,000,000"],
  ["%,.7d", () => [12], "0,000,012"],
  ["%,012d", () => [1234], "000,000,001,234"],
  ["%+5d|% 5d|%-+5d|", () => [7,7,7], "   +7|    7|+7   |"],
  ["%s", () => ["%d"], "%d"],
];

function latin1(z: CString | null): string | null {
  return z === null ? null : Buffer.from(z.subarray(0, strlen(z))).toString("latin1");
}

const originals = new Ref<sqlite3_mem_methods | null>(null);
let trace: string[] = [];
/** Counts down to the allocation that fails; negative for never. */
let failAfter = -1;

/** Installs an allocator that writes down what is asked of it. */
function traceAllocations(memstat: number): void {
  sqlite3_shutdown();
  if (originals.value === null) sqlite3_config(SQLITE_CONFIG_GETMALLOC, originals);
  const m0 = originals.value!;
  const fails = (): boolean => failAfter >= 0 && failAfter-- === 0;
  sqlite3_config(SQLITE_CONFIG_MALLOC, {
    ...m0,
    xMalloc(n: number) {
      trace.push(`M${n}`);
      return fails() ? null : m0.xMalloc(n);
    },
    xFree(p: Uint8Array) {
      trace.push(`F${m0.xSize(p)}`);
      m0.xFree(p);
    },
    xRealloc(p: Uint8Array, n: number) {
      trace.push(`R${m0.xSize(p)}:${n}`);
      return fails() ? null : m0.xRealloc(p, n);
    },
  });
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, memstat);
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
  trace = [];
}

function taken(): string {
  const s = trace.join(" ");
  trace = [];
  return s;
}

beforeAll(() => {
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
});

afterEach(() => {
  failAfter = -1;
  sqlite3_config(SQLITE_CONFIG_LOG, null, null);
});

describe("sqlite3_mprintf", () => {
  it.each(rows)("%j", (fmt, args, expected) => {
    expect(latin1(sqlite3_mprintf(fmt, ...args()))).toBe(expected);
  });

  it("reads missing and odd arguments as zero", () => {
    expect(fromCString(sqlite3_mprintf("%d %s %x %p|", undefined))).toBe("0  0 0|");
    expect(fromCString(sqlite3_mprintf("%d %u %lld", 2 ** 32 + 5, -1, 2n ** 64n + 3n))).toBe(
      "5 4294967295 3",
    );
  });

  it("stops at a floating point conversion: left out of the port", () => {
    expect(() => sqlite3_mprintf("a %f b", 1.5)).toThrow(AssertionError);
  });

  it("wants a block for %z", () => {
    expect(() => sqlite3_mprintf("%z", "text")).toThrow(AssertionError);
  });
});

describe.each([
  [
    0,
    [
      ["M6", "F6"],
      ["M80 R80:160", "F160"],
      ["M110 M101 F110", "F101"],
      ["M4 R4:8", "F8"],
      ["M4 F4 M7", "F7"],
    ],
    "M32 M2 R2:8 R8:24 R24:56 R56:112 R112:224 R224:448",
    "M32 M4 F4 F32",
    ["M100", "R100:104", "", "R104:24", "F24"],
    [100, 104, 104, 24],
  ],
  [
    1,
    [
      ["M8", "F8"],
      ["M80 R80:160", "F160"],
      ["M112 M104 F112", "F104"],
      ["M8", "F8"],
      ["M8 F8 M8", "F8"],
    ],
    "M32 M8 R8:24 R24:56 R56:112 R112:224 R224:448",
    "M32 M8 F8 F32",
    ["M104", "", "", "R104:24", "F24"],
    [104, 104, 104, 24],
  ],
] as [
  number,
  [string, string][],
  string,
  string,
  string[],
  number[],
][])("allocations with memory statistics %i", (memstat, prints, grow, reset, reallocs, sizes) => {
  it("of sqlite3_mprintf", () => {
    traceAllocations(memstat);
    const calls: (() => CString | null)[] = [
      () => sqlite3_mprintf("%s", "short"),
      () => sqlite3_mprintf("%80d", 7),
      () => sqlite3_mprintf("%.100d", 7),
      () => sqlite3_mprintf("%z-%d", sqlite3_mprintf("abc"), 5),
      () => sqlite3_mprintf("-%z-%d", sqlite3_mprintf("abc"), 5),
    ];
    for (const [i, call] of calls.entries()) {
      const z = call();
      expect(taken()).toBe(prints[i]![0]);
      sqlite3_free(z);
      expect(taken()).toBe(prints[i]![1]);
    }
  });

  it("of a growing string", () => {
    traceAllocations(memstat);
    const s = sqlite3_str_new(null);
    for (let i = 0; i < 40; i++) sqlite3_str_appendf(s, "%d,", i * 1000);
    expect(taken()).toBe(grow);
    expect(sqlite3_str_length(s)).toBe(227);
    expect(sqlite3_str_errcode(s)).toBe(SQLITE_OK);
    sqlite3_str_truncate(s, 10);
    expect(fromCString(sqlite3_str_value(s))).toBe("0,1000,200");
    sqlite3_str_appendchar(s, 300, 0x78);
    expect(taken()).toBe("");
    sqlite3_str_appendall(s, toCString("end"));
    const z = sqlite3_str_finish(s)!;
    expect(taken()).toBe("F32");
    expect(strlen(z)).toBe(313);
    sqlite3_free(z);
    expect(taken()).toBe("F448");
  });

  it("of strings that come to nothing", () => {
    traceAllocations(memstat);
    const s = sqlite3_str_new(null);
    expect(sqlite3_str_value(s)).toBeNull();
    expect(sqlite3_str_finish(s)).toBeNull();
    expect(taken()).toBe("M32 F32");
    const s2 = sqlite3_str_new(null);
    sqlite3_str_appendall(s2, toCString("abc"));
    sqlite3_str_reset(s2);
    sqlite3_str_free(s2);
    expect(taken()).toBe(reset);
  });

  it("of sqlite3_realloc", () => {
    traceAllocations(memstat);
    let z = sqlite3_malloc(100);
    const steps = [taken()];
    const got = [sqlite3_msize(z)];
    for (const n of [101, 104, 20]) {
      z = sqlite3_realloc(z, n);
      steps.push(taken());
      got.push(sqlite3_msize(z));
    }
    expect(sqlite3_memory_used()).toBe(memstat ? 24 : 0);
    if (memstat) expect(sqlite3_memory_highwater(0)).toBeGreaterThanOrEqual(104);
    expect(sqlite3_realloc(z, 0)).toBeNull();
    steps.push(taken());
    expect(steps).toEqual(reallocs);
    expect(got).toEqual(sizes);
    expect([sqlite3_malloc(0), sqlite3_malloc(-5), sqlite3_malloc64(2147483392)]).toEqual([null, null, null]);
    expect(taken()).toBe("");
  });
});

describe("out of memory", () => {
  it("while a string is made, grows, or is finished", () => {
    traceAllocations(0);
    failAfter = 0;
    const s = sqlite3_str_new(null);
    expect(sqlite3_str_errcode(s)).toBe(SQLITE_NOMEM);
    sqlite3_str_appendall(s, toCString("abc"));
    expect(sqlite3_str_length(s)).toBe(0);
    expect(sqlite3_str_finish(s)).toBeNull();
    sqlite3_str_free(s);
    expect(taken()).toBe("M32");

    const s2 = sqlite3_str_new(null);
    sqlite3_str_appendall(s2, toCString("abc"));
    failAfter = 0;
    sqlite3_str_append(s2, new Uint8Array(100).fill(0x61), 100);
    expect(sqlite3_str_errcode(s2)).toBe(SQLITE_NOMEM);
    expect(sqlite3_str_length(s2)).toBe(0);
    expect(sqlite3_str_finish(s2)).toBeNull();
    expect(taken()).toBe("M32 M4 R4:112 F4 F32");

    failAfter = 0;
    expect(sqlite3_mprintf("%s", "short")).toBeNull();
    failAfter = 0;
    expect(sqlite3_mprintf("a%.100d", 5)).toBeNull();
    failAfter = 0;
    expect(sqlite3_mprintf("%s %q", "a", "x".repeat(100))).toBeNull();
    expect(taken()).toBe("M6 M110 M103");
  });

  it("more than the limit drops the text", () => {
    for (const append of [
      (s: sqlite3_str) => sqlite3_str_append(s, new Uint8Array(18), 18),
      (s: sqlite3_str) => sqlite3_str_appendchar(s, 18, 0x78),
      (s: sqlite3_str) => sqlite3_str_appendf(s, "%.40c", 0x78),
    ]) {
      const s = new sqlite3_str();
      sqlite3StrAccumInit(s, null, null, 0, 20);
      sqlite3_str_appendall(s, toCString("ab"));
      append(s);
      expect([sqlite3_str_errcode(s), sqlite3_str_length(s), s.zText]).toEqual([SQLITE_TOOBIG, 0, null]);
      sqlite3_str_appendchar(s, 1, 0x78);
      expect(sqlite3_str_length(s)).toBe(0);
    }
  });

  it("more than a string may hold is SQLITE_TOOBIG", () => {
    const s = sqlite3_str_new(null);
    expect(s.mxAlloc).toBe(SQLITE_MAX_LENGTH);
    sqlite3_str_appendf(s, "abc%.2000000000d", 1);
    expect(sqlite3_str_errcode(s)).toBe(SQLITE_TOOBIG);
    expect(sqlite3_str_value(s)).toBeNull();
    sqlite3_str_free(s);
    expect(sqlite3_str_errcode(null)).toBe(SQLITE_NOMEM);
    expect(sqlite3_str_length(null)).toBe(0);
    expect(sqlite3_str_value(null)).toBeNull();
    expect(sqlite3_str_finish(null)).toBeNull();
    sqlite3_str_free(null);
    sqlite3_str_truncate(null, 0);
  });
});

/** Arguments for a function that takes a list of them. */
function list(...args: unknown[]): va_list {
  const ap = new va_list();
  va_start(ap, args);
  return ap;
}

describe("sqlite3_snprintf", () => {
  it("cuts what does not fit", () => {
    const buf = new Uint8Array(20).fill(0x23);
    expect(sqlite3_snprintf(10, buf, "%s", "0123456789abc")).toBe(buf);
    expect(fromCString(buf)).toBe("012345678");
    expect(buf[10]).toBe(0x23);
    sqlite3_snprintf(0, buf, "%s", "zzz");
    expect(fromCString(buf)).toBe("012345678");
    sqlite3_vsnprintf(-1, buf, "%s", list("zzz"));
    expect(fromCString(buf)).toBe("012345678");
    sqlite3_snprintf(1, buf, "%s", "zzz");
    expect(fromCString(buf)).toBe("");
    sqlite3_vsnprintf(10, buf, "%d|%20d", list(5, 6));
    expect(fromCString(buf)).toBe("5|       ");
    sqlite3_snprintf(20, buf, "%.50d", 6);
    expect(fromCString(buf)).toBe("");
    sqlite3_snprintf(20, buf, "%.100c", 0x78);
    expect(fromCString(buf)).toBe("x".repeat(17));
    sqlite3_snprintf(8, buf, "%Q", "it's long text");
    expect(fromCString(buf)).toBe("'it''s ");
  });

  it("counts with %n", () => {
    const buf = new Uint8Array(20);
    const n = new Ref(-1);
    sqlite3_snprintf(20, buf, "abc%n%d", n, 6);
    expect(fromCString(buf)).toBe("abc6");
    expect(n.value).toBe(3);
  });
});

describe("sqlite3_log", () => {
  it("says nothing without a logger, and formats into 700 bytes with one", () => {
    sqlite3_log(1, "nobody %s", "listens");
    const log: [unknown, number, string][] = [];
    const rc = sqlite3_config(
      SQLITE_CONFIG_LOG,
      (pArg: unknown, iErrCode: number, zMsg: CString) => log.push([pArg, iErrCode, fromCString(zMsg)]),
      "ctx",
    );
    expect(rc).toBe(SQLITE_OK);
    sqlite3_log(27, "long %s", "y".repeat(800));
    sqlite3_log(1, "m %d %s", 5, "t");
    expect(sqlite3MisuseError(187657)).toBe(SQLITE_MISUSE);
    expect(log).toEqual([
      ["ctx", 27, `long ${"y".repeat(694)}`],
      ["ctx", 1, "m 5 t"],
      ["ctx", 21, "misuse at line 187657 of [d6e03d8c77]"],
    ]);
    expect(sqlite3Config.xLog).not.toBeNull();
  });
});

describe("sqlite3DebugPrintf", () => {
  it("prints whole lines", () => {
    const lines: string[] = [];
    const { log } = console;
    console.log = (s: string) => void lines.push(s);
    try {
      sqlite3DebugPrintf("%02x", 10);
      sqlite3DebugPrintf("-%d\n", 5);
    } finally {
      console.log = log;
    }
    expect(lines).toEqual(["0a-5"]);
  });
});
