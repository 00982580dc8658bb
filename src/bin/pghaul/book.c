/*
 * book.c - every command and every option, once.
 */
#include "base/text.h"
#include "book_internal.h"
#include "commands.h"

#define AT(field) offsetof(struct options, field)
#define ALL (~0U)
#define RUNS (CMD_CLONE | CMD_COPY)
#define LED (CMD_WORKER | CMD_SUPERVISE)
#define ASIDE (CMD_SERVE | CMD_NOTIFY)
#define DONE_BY_RUN (RUNS | LED)
#define PLANNED (DONE_BY_RUN | CMD_PLAN | CMD_CHECK)
#define LOOKED_AT (CMD_LIST | CMD_PLAN | CMD_CHECK)
#define AFTERWARDS (CMD_CLEANUP | CMD_FOLLOW | CMD_REVERSE | CMD_CANCEL)
#define STEERED (CMD_PAUSE | CMD_RESUME | CMD_SET)
#define FILTERED (RUNS | LOOKED_AT | CMD_DUMP | CMD_COMPARE)

static const char connection[] = "Connection options";
static const char directory[] = "Run options";
static const char speed[] = "Speed";
static const char contents[] = "What is copied";
static const char changes[] = "Changes";
static const char general[] = "General options";

/* clang-format off */
const struct option book_options[] = {
    {.name = "source", .type = TYPE_TEXT, .at = AT(source), .arg = "CONNINFO", .env = "PGHAUL_SOURCE",
     .commands = RUNS | CMD_SNAPSHOT | LOOKED_AT | CMD_PING | CMD_DUMP | CMD_STREAM | AFTERWARDS | CMD_COMPARE, .group = connection,
     .help = "database to copy from: a libpq URI or keyword string"},
    {.name = "target", .type = TYPE_TEXT, .at = AT(target), .arg = "CONNINFO", .env = "PGHAUL_TARGET",
     .commands = RUNS | LOOKED_AT | CMD_PING | CMD_RESTORE | CMD_STREAM | AFTERWARDS | CMD_COMPARE, .group = connection,
     .help = "database to copy to"},
    {.name = "role", .type = TYPE_BUFFER, .use = USE_FIXED, .at = AT(settings.role), .arg = "NAME", .max = ROLE_SIZE,
     .fallback = "", .commands = PLANNED | CMD_LIST | CMD_PING | CMD_RESTORE | CMD_STREAM | CMD_COMPARE, .group = connection,
     .help = "SET ROLE on the target after connecting: what is created belongs to it, as with pg_restore"},
    {.name = "source-role", .type = TYPE_BUFFER, .use = USE_KEPT, .at = AT(settings.source_role), .arg = "NAME", .max = ROLE_SIZE,
     .fallback = "", .commands = PLANNED | CMD_SNAPSHOT | CMD_LIST | CMD_PING | CMD_DUMP | CMD_COMPARE, .group = connection,
     .help = "SET ROLE on the source after connecting: it reads, as with pg_dump --role"},

    {.name = "all-databases", .type = TYPE_FLAG, .at = AT(all_databases), .commands = RUNS, .group = connection,
     .help = "every database of the source's server but templates, each to the one of the same name"},
    {.name = "database", .type = TYPE_LIST, .at = AT(databases), .arg = "NAME,...", .commands = RUNS, .group = connection,
     .help = "these databases of the source's server; may be given several times"},
    {.name = "exclude-database", .type = TYPE_LIST, .at = AT(excluded_databases), .arg = "PATTERN,...", .commands = RUNS, .group = connection,
     .help = "not these databases; names may have * and ?"},
    {.name = "create", .letter = 'C', .type = TYPE_FLAG, .use = USE_KEPT, .at = AT(settings.create), .commands = CMD_CHECK | RUNS, .group = connection,
     .help = "create the target database, as the source's is, if it is not there"},

    {.name = "dir", .letter = 'D', .type = TYPE_TEXT, .at = AT(dir), .arg = "DIR", .env = "PGHAUL_DIR",
     .commands = CMD_CHECK | RUNS | CMD_SNAPSHOT | CMD_STATUS | CMD_POSITION | CMD_CUTOVER | LED | ASIDE | CMD_DUMP | CMD_RESTORE | CMD_STREAM | AFTERWARDS | STEERED | CMD_COMPARE, .group = directory,
     .help = "work directory, on a local disk (default: ~/.local/state/pghaul/NAME)"},
    {.name = "name", .type = TYPE_TEXT, .at = AT(name), .arg = "NAME",
     .commands = CMD_CHECK | RUNS | CMD_SNAPSHOT | CMD_STATUS | CMD_POSITION | CMD_CUTOVER | CMD_SUPERVISE | CMD_DUMP | CMD_RESTORE | CMD_STREAM | AFTERWARDS | STEERED | CMD_COMPARE, .group = directory,
     .help = "name of the run (default: the source database's)"},
    {.name = "resume", .type = TYPE_FLAG, .at = AT(resume), .commands = RUNS | CMD_SUPERVISE | CMD_RESTORE | CMD_FOLLOW | CMD_NOTIFY, .group = directory,
     .help = "go on with the run in the work directory"},
    {.name = "restart", .type = TYPE_FLAG, .at = AT(restart), .commands = RUNS | CMD_DUMP | CMD_RESTORE, .group = directory,
     .help = "forget the run in the work directory and begin anew"},
    {.name = "not-consistent", .type = TYPE_FLAG, .at = AT(not_consistent), .commands = RUNS | CMD_SUPERVISE, .group = directory,
     .help = "with --resume: when the snapshot is gone, copy unfinished tables in a new one"},
    {.name = "snapshot", .type = TYPE_TEXT, .at = AT(snapshot), .arg = "ID", .commands = RUNS | CMD_DUMP, .group = directory,
     .help = "copy in this exported snapshot, which another session holds"},
    {.name = "check-only", .type = TYPE_FLAG, .at = AT(check_only), .commands = RUNS, .group = directory,
     .help = "stop after the checks: the same as pghaul check"},
    {.name = "skip-check", .type = TYPE_FLAG, .use = USE_KEPT, .at = AT(settings.skip_check), .commands = DONE_BY_RUN | CMD_PLAN, .group = directory,
     .help = "do not look for what would end the run later; what the plan itself needs is looked at all the same"},
    {.name = "retry-for", .type = TYPE_DURATION, .use = USE_KEPT, .at = AT(settings.retry_for_ms), .arg = "DURATION",
     .env = "PGHAUL_RETRY_FOR", .fallback = "5min", .min = 0, .max = INT64_C(86400000), .commands = DONE_BY_RUN | CMD_RESTORE | CMD_STREAM | CMD_FOLLOW, .group = directory,
     .help = "how long lost connections and the like are retried"},
    {.name = "lock-timeout", .type = TYPE_DURATION, .use = USE_KEPT, .at = AT(settings.lock_timeout_ms), .arg = "DURATION",
     .env = "PGHAUL_LOCK_TIMEOUT", .fallback = "1min", .min = 0, .max = INT64_C(86400000), .commands = DONE_BY_RUN | LOOKED_AT | CMD_DUMP | CMD_COMPARE, .group = directory,
     .help = "how long to wait for a locked table on the source (compare: on both sides); 0: for ever"},
    {.name = "pg-bindir", .type = TYPE_BUFFER, .use = USE_KEPT, .at = AT(settings.pg_bindir), .arg = "DIR", .max = PATH_MAX,
     .env = "PGHAUL_PG_BINDIR", .fallback = "", .commands = PLANNED | CMD_DUMP | CMD_COMPARE, .group = directory,
     .help = "where pg_dump and pg_restore are (default: the best in PATH and /usr/lib/postgresql)"},

    {.name = "table-jobs", .letter = 'J', .type = TYPE_COUNT, .use = USE_LIVE, .at = AT(settings.table_jobs), .arg = "N",
     .env = "PGHAUL_TABLE_JOBS", .fallback = "4", .min = 1, .max = 128, .commands = DONE_BY_RUN | LOOKED_AT | CMD_COMPARE, .group = speed,
     .help = "tables, or parts of tables, copied (or compared) at the same time"},
    {.name = "index-jobs", .letter = 'I', .type = TYPE_COUNT, .use = USE_LIVE, .at = AT(settings.index_jobs), .arg = "N",
     .env = "PGHAUL_INDEX_JOBS", .fallback = "4", .min = 1, .max = 128, .commands = PLANNED, .group = speed,
     .help = "indexes and constraints built at the same time"},
    {.name = "max-rate", .type = TYPE_SIZE, .use = USE_LIVE, .at = AT(settings.max_rate), .arg = "0|SIZE",
     .env = "PGHAUL_MAX_RATE", .fallback = "0", .min = 1 << 16, .max = INT64_C(1) << 50, .commands = DONE_BY_RUN, .group = speed,
     .help = "read so many bytes a second from the source for the copy, all workers together; 0: no limit"},
    {.name = "database-jobs", .type = TYPE_COUNT, .at = AT(database_jobs), .arg = "N", .env = "PGHAUL_DATABASE_JOBS",
     .fallback = "2", .min = 1, .max = 32, .commands = RUNS, .group = speed,
     .help = "of several databases copy so many at the same time; the other numbers of jobs hold for all together"},
    {.name = "split-larger-than", .type = TYPE_SIZE, .use = USE_FIXED, .at = AT(settings.split_larger_than), .arg = "auto|SIZE",
     .env = "PGHAUL_SPLIT_LARGER_THAN", .fallback = "auto", .min = 1 << 20, .max = INT64_MAX, .commands = DONE_BY_RUN | LOOKED_AT, .group = speed,
     .help = "copy larger tables in parts; auto: only when one table would keep the others waiting"},
    {.name = "split-by", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.split_by), .arg = "METHOD",
     .fallback = "auto", .choices = "auto|ctid|key|none", .commands = DONE_BY_RUN | LOOKED_AT, .group = speed,
     .help = "split by ranges of ctid, or of an integer key; auto: ctid where the source can"},
    {.name = "copy-format", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.copy_format), .arg = "FORMAT",
     .env = "PGHAUL_COPY_FORMAT", .fallback = "auto", .choices = "auto|text|binary", .commands = DONE_BY_RUN | LOOKED_AT, .group = speed,
     .help = "format of COPY; auto: binary where both servers agree on all types of a table"},
    {.name = "maintenance-work-mem", .type = TYPE_BUFFER, .use = USE_KEPT, .at = AT(settings.maintenance_work_mem), .arg = "SIZE", .max = 32,
     .env = "PGHAUL_MAINTENANCE_WORK_MEM", .fallback = "", .commands = PLANNED | CMD_RESTORE, .group = speed,
     .help = "memory for each index build (default: the target server's setting)"},

    {.name = "schema", .letter = 'n', .type = TYPE_FILTER, .filter = FILTER_INCLUDE_SCHEMA, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "only these schemas; filters may be given several times, names may have * and ?"},
    {.name = "exclude-schema", .letter = 'N', .type = TYPE_FILTER, .filter = FILTER_EXCLUDE_SCHEMA, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "not these schemas"},
    {.name = "table", .letter = 't', .type = TYPE_FILTER, .filter = FILTER_INCLUDE_TABLE, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "only these tables, views, sequences and the like, with their indexes and constraints"},
    {.name = "exclude-table", .letter = 'T', .type = TYPE_FILTER, .filter = FILTER_EXCLUDE_TABLE, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "not these tables, views, sequences and the like"},
    {.name = "exclude-table-data", .type = TYPE_FILTER, .filter = FILTER_EXCLUDE_DATA, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "not the rows of these tables, nor the values of these sequences"},
    {.name = "exclude-index", .type = TYPE_FILTER, .filter = FILTER_EXCLUDE_INDEX, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "not these indexes"},
    {.name = "extension", .letter = 'e', .type = TYPE_FILTER, .filter = FILTER_INCLUDE_EXTENSION, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "only these extensions, besides all else that is copied"},
    {.name = "exclude-extension", .type = TYPE_FILTER, .filter = FILTER_EXCLUDE_EXTENSION, .arg = "PATTERN", .commands = FILTERED, .group = contents,
     .help = "not these extensions: the target has them, or needs none"},
    {.name = "where", .type = TYPE_FILTER, .filter = FILTER_WHERE, .arg = "TABLE=CONDITION", .commands = FILTERED, .group = contents,
     .help = "of these tables only the rows that meet a condition, in SQL"},
    {.name = "columns", .type = TYPE_FILTER, .filter = FILTER_COLUMNS, .arg = "TABLE=COLUMN,...", .commands = FILTERED, .group = contents,
     .help = "of these tables only the values of these columns; others get their defaults"},
    {.name = "filter", .type = TYPE_FILTER_FILE, .arg = "FILE", .commands = FILTERED, .group = contents,
     .help = "filters from a file, in pg_dump's grammar or in pgcopydb's sections; -: standard input"},
    {.name = "no-strict-names", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_strict_names), .commands = DONE_BY_RUN | LOOKED_AT | CMD_DUMP | CMD_COMPARE, .group = contents,
     .help = "a filter that matches nothing is no error"},

    {.name = "roles", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.roles), .commands = PLANNED, .group = contents,
     .help = "create the roles of the source that the target lacks; those that are there stay as they are"},
    {.name = "no-role-passwords", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_role_passwords), .commands = PLANNED, .group = contents,
     .help = "with --roles: the roles get no password, and the source's passwords are not read"},
    {.name = "subscriptions", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.subscriptions), .commands = PLANNED, .group = contents,
     .help = "create the source's subscriptions, disabled and with no connection to their publishers"},
    {.name = "skip-forbidden", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.skip_forbidden), .commands = PLANNED, .group = contents,
     .help = "leave out what only a superuser could create on the target, and what needs it"},
    {.name = "schema-only", .letter = 's', .type = TYPE_FLAG, .at = AT(schema_only), .commands = RUNS | CMD_PLAN | CMD_CHECK, .group = contents,
     .help = "no rows, large objects and values of sequences; materialized views are not refreshed"},
    {.name = "data-only", .letter = 'a', .type = TYPE_FLAG, .at = AT(data_only), .commands = RUNS | CMD_PLAN | CMD_CHECK, .group = contents,
     .help = "only rows, large objects and values of sequences: the target has the tables"},
    {.name = "section", .type = TYPE_SET, .at = AT(sections), .arg = "SECTION", .choices = "pre-data|data|post-data", .commands = RUNS | CMD_PLAN | CMD_CHECK | CMD_DUMP | CMD_RESTORE, .group = contents,
     .help = "only this part, as pg_restore names it; may be given several times"},
    /* What the options above come to: kept, not typed. */
    {.name = "contents", .type = TYPE_SET, .use = USE_FIXED, .at = AT(settings.contents),
     .choices = "schema|extensions|rows|large-objects|sequences|indexes|constraints|rest|refresh|roles|script|changes", .group = contents},
    {.name = "truncate", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.truncate), .commands = PLANNED, .group = contents,
     .help = "without the schema: remove the rows that the target's tables have"},
    {.name = "drop-if-exists", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.drop_if_exists), .commands = PLANNED, .group = contents,
     .help = "drop objects of the same names on the target first"},
    {.name = "no-owner", .letter = 'O', .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_owner), .commands = PLANNED | CMD_DUMP | CMD_COMPARE, .group = contents,
     .help = "do not set owners: all belongs to the role that connects to the target"},
    {.name = "no-acl", .letter = 'x', .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_acl), .commands = PLANNED | CMD_DUMP | CMD_COMPARE, .group = contents,
     .help = "do not restore privileges (GRANT, REVOKE)"},
    {.name = "no-comments", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_comments), .commands = PLANNED | CMD_DUMP | CMD_COMPARE, .group = contents,
     .help = "do not restore comments"},
    {.name = "no-tablespaces", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_tablespaces), .commands = PLANNED | CMD_DUMP | CMD_COMPARE, .group = contents,
     .help = "put everything into the target database's default tablespace"},
    {.name = "tablespace-map", .type = TYPE_MAP, .mapping = MAPPING_TABLESPACE, .arg = "OLD=NEW", .commands = RUNS | CMD_PLAN | CMD_CHECK | CMD_DUMP | CMD_COMPARE, .group = contents,
     .help = "what is in tablespace OLD goes to NEW, or with OLD= to the database's own; may be given several times"},
    {.name = "extension-version", .type = TYPE_MAP, .mapping = MAPPING_EXTENSION, .arg = "NAME=VERSION", .commands = RUNS | CMD_PLAN | CMD_CHECK | CMD_DUMP, .group = contents,
     .help = "create extension NAME in this version instead of the target's usual one; may be given several times"},

    {.name = "follow", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.follow), .commands = CMD_CHECK | CMD_CLONE, .group = changes,
     .help = "apply the changes that the application makes meanwhile, until told to end; needs a primary key or the like of each table; may go with --data-only"},
    {.name = "slot", .type = TYPE_TEXT, .use = USE_FIXED, .at = AT(slot), .arg = "NAME", .fallback = "", .commands = CMD_CHECK | CMD_CLONE | CMD_STREAM, .group = changes,
     .help = "logical replication slot on the source, and publication of the same name (default: pghaul_ and the run's name, and that of the database if there are several)"},
    {.name = "publication", .type = TYPE_TEXT, .at = AT(publication), .arg = "NAME,...", .commands = CMD_STREAM, .group = changes,
     .help = "publications on the source, if there is not one that is named like the slot"},
    {.name = "plugin", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.plugin), .arg = "PLUGIN", .fallback = "auto",
     .choices = "auto|pgoutput|test_decoding|wal2json", .commands = CMD_CHECK | CMD_CLONE, .group = changes,
     .help = "what tells the changes; auto: pgoutput, or test_decoding where the publication cannot be made"},
    {.name = "no-identity", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.no_identity), .arg = "POLICY", .fallback = "stop",
     .choices = "stop|full|insert-only|exclude", .commands = CMD_CHECK | CMD_CLONE, .group = changes,
     .help = "tables without a replica identity: stop; give them REPLICA IDENTITY FULL until cleanup; follow only their inserts; or copy them only"},
    {.name = "failover-slot", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.failover_slot), .commands = CMD_CHECK | CMD_CLONE, .group = changes,
     .help = "make the slot one that standbys of the source keep as well, for a failover; from version 17 on"},
    {.name = "slot-timeout", .type = TYPE_DURATION, .use = USE_KEPT, .at = AT(settings.slot_timeout_ms), .arg = "DURATION",
     .env = "PGHAUL_SLOT_TIMEOUT", .fallback = "10min", .min = 0, .max = INT64_C(604800000), .commands = CMD_CLONE, .group = changes,
     .help = "how long to wait for the source's transactions that write when the slot is made; 0: for ever"},
    {.name = "spool-limit", .type = TYPE_SIZE, .use = USE_LIVE, .at = AT(settings.spool_limit), .arg = "auto|SIZE", .env = "PGHAUL_SPOOL_LIMIT",
     .fallback = "auto", .min = 1 << 20, .max = INT64_MAX, .commands = CMD_CLONE | CMD_FOLLOW | CMD_STREAM, .group = changes,
     .help = "receive no more while received changes that are not applied yet take so much of the disk; auto: no limit"},
    {.name = "spool-reserve", .type = TYPE_SIZE, .use = USE_LIVE, .at = AT(settings.spool_reserve), .arg = "auto|SIZE",
     .fallback = "auto", .min = 1 << 20, .max = INT64_MAX, .commands = CMD_CHECK | CMD_CLONE | CMD_FOLLOW | CMD_STREAM, .group = changes,
     .help = "receive no more while the disk of the work directory has less left; auto: 5 % of it, but not more than 1 GB"},
    {.name = "binary", .type = TYPE_FLAG, .at = AT(binary), .commands = CMD_STREAM, .group = changes,
     .help = "with receive: take values in their binary form, where the source has version 14 or later and all types allow it"},
    {.name = "endpos", .type = TYPE_TEXT, .at = AT(endpos), .arg = "LSN|now", .commands = CMD_CLONE | CMD_FOLLOW | CMD_STREAM, .group = changes,
     .help = "take what committed before it, then end"},
    {.name = "on-ddl", .type = TYPE_CHOICE, .use = USE_KEPT, .at = AT(settings.on_ddl), .arg = "POLICY", .fallback = "stop", .choices = "stop|warn",
     .commands = CMD_CLONE | CMD_FOLLOW | CMD_STREAM, .group = changes,
     .help = "when columns of a table change on the source: stop, or go on as long as what comes fits"},
    {.name = "on-conflict", .type = TYPE_CHOICE, .use = USE_KEPT, .at = AT(settings.on_conflict), .arg = "POLICY", .fallback = "stop",
     .choices = "stop|overwrite|log", .commands = CMD_CLONE | CMD_FOLLOW | CMD_STREAM, .group = changes,
     .help = "when a row to insert is there, or one to change is not: stop, make it the source's, or leave it out with a line in the log"},

    {.name = "dry-run", .type = TYPE_FLAG, .at = AT(dry_run), .commands = CMD_CLEANUP | CMD_CUTOVER | CMD_COMPARE, .group = changes,
     .help = "only print what would be done, and do nothing"},
    {.name = "repair", .type = TYPE_FLAG, .at = AT(repair), .commands = CMD_COMPARE, .group = changes,
     .help = "with data: write the source's rows, values of sequences and large objects for those that differ"},
    {.name = "live", .type = TYPE_FLAG, .at = AT(live), .commands = CMD_COMPARE, .group = changes,
     .help = "with data, while the run of --dir or --name follows: both sides at one place in its stream"},
    {.name = "show-rows", .type = TYPE_COUNT, .at = AT(show_rows), .arg = "N", .fallback = "20", .min = 0, .max = 1000000,
     .commands = CMD_COMPARE, .group = general,
     .help = "show the keys of so many rows of each table that differ; all are counted"},
    {.name = "force", .type = TYPE_FLAG, .at = AT(force), .commands = CMD_CLEANUP, .group = changes,
     .help = "give up what is not applied yet of a run that has not reached its end"},

    {.name = "skip-db-properties", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.skip_db_properties), .commands = PLANNED, .group = contents,
     .help = "not the settings, comment, privileges and connection limit of the database itself"},
    {.name = "statistics", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.statistics), .arg = "METHOD",
     .env = "PGHAUL_STATISTICS", .fallback = "analyze", .choices = "analyze|none|carry", .commands = PLANNED, .group = contents,
     .help = "planner statistics on the target: made by ANALYZE, left to autovacuum, or the source's own (from target 18 on)"},

    {.name = "json", .type = TYPE_FLAG, .at = AT(json), .commands = LOOKED_AT | CMD_STATUS | CMD_POSITION | CMD_PING | CMD_LIST_OPTIONS | CMD_COMPARE | CMD_SET, .group = general,
     .help = "print JSON"},
    {.name = "watch", .type = TYPE_FLAG, .at = AT(watch), .commands = CMD_STATUS, .group = general,
     .help = "show it on the whole terminal, again and again, until q or ^C; elsewhere a line every five seconds"},
    {.name = "metrics", .type = TYPE_TEXT, .at = AT(metrics), .arg = "[ADDR:]PORT", .env = "PGHAUL_METRICS", .commands = RUNS | CMD_FOLLOW | CMD_REVERSE, .group = directory,
     .help = "serve metrics for Prometheus at /metrics, and a page at /, while the run goes on (ADDR: 127.0.0.1)"},
    {.name = "metrics-token-file", .type = TYPE_TEXT, .at = AT(metrics_token_file), .arg = "FILE", .commands = RUNS | CMD_FOLLOW | CMD_REVERSE, .group = directory,
     .help = "the token that readers of these must give; else PGHAUL_METRICS_TOKEN, or none"},
    {.name = "notify", .type = TYPE_TEXT, .at = AT(notify), .arg = "URL|COMMAND", .env = "PGHAUL_NOTIFY", .commands = RUNS | CMD_FOLLOW | CMD_NOTIFY | CMD_REVERSE, .group = directory,
     .help = "tell of phases, the end, stalls, lag, and a slot in danger: post JSON there, or run this with sh"},
    {.name = "notify-lag", .type = TYPE_DURATION, .at = AT(notify_lag_ms), .arg = "DURATION", .env = "PGHAUL_NOTIFY_LAG", .fallback = "5min", .min = 0, .max = INT64_C(604800000),
     .commands = RUNS | CMD_FOLLOW | CMD_NOTIFY | CMD_REVERSE, .group = directory,
     .help = "when the target is older than this; 0: never"},
    {.name = "notify-stall", .type = TYPE_DURATION, .at = AT(notify_stall_ms), .arg = "DURATION", .env = "PGHAUL_NOTIFY_STALL", .fallback = "10min", .min = 0, .max = INT64_C(604800000),
     .commands = RUNS | CMD_FOLLOW | CMD_NOTIFY | CMD_REVERSE, .group = directory,
     .help = "when nothing has moved for so long; 0: never"},
    {.name = "socket", .type = TYPE_COUNT, .at = AT(socket), .arg = "FD", .fallback = "0", .min = 0, .max = 1 << 20, .commands = CMD_SERVE, .group = general,
     .help = "descriptor that it listens on"},
    {.name = "html", .type = TYPE_TEXT, .at = AT(html), .arg = "FILE", .commands = CMD_CHECK, .group = general,
     .help = "write the report as a page that needs nothing else, too"},
    {.name = "fix", .type = TYPE_FLAG, .at = AT(fix), .commands = CMD_CHECK, .group = general,
     .help = "run the statements that mend what is found and are safe, after showing them and asking; never a setting"},
    {.name = "yes", .letter = 'y', .type = TYPE_FLAG, .at = AT(yes), .commands = CMD_CHECK, .group = general,
     .help = "with --fix: do not ask"},
    {.name = "sql", .type = TYPE_FLAG, .at = AT(sql), .commands = CMD_PLAN, .group = general,
     .help = "show the statements of each item, as far as they are known beforehand"},
    {.name = "markdown", .type = TYPE_FLAG, .at = AT(markdown), .commands = CMD_HELP, .group = general,
     .help = "print a page of the reference in docs/"},
    {.name = "log-level", .type = TYPE_TEXT, .at = AT(log_level), .arg = "LEVEL", .env = "PGHAUL_LOG_LEVEL", .fallback = "info",
     .choices = "error|warning|info|debug", .commands = ALL & ~(unsigned)(LED | ASIDE), .group = general,
     .help = "gravest lines only, or all of them"},
    {.name = "verbose", .letter = 'v', .type = TYPE_FLAG, .at = AT(verbose), .commands = ALL & ~(unsigned)(LED | ASIDE), .group = general,
     .help = "the same as --log-level debug"},
    {.name = "quiet", .letter = 'q', .type = TYPE_FLAG, .at = AT(quiet), .commands = ALL & ~(unsigned)(LED | ASIDE), .group = general,
     .help = "only errors, no progress"},
    {.name = "number", .type = TYPE_COUNT, .at = AT(number), .arg = "N", .fallback = "1", .min = 1, .max = 1000, .commands = CMD_WORKER, .group = general,
     .help = "number of the worker among those of its role"},
    {.name = "channel", .type = TYPE_COUNT, .at = AT(channel), .arg = "FD", .fallback = "0", .min = 0, .max = 1 << 20, .commands = CMD_WORKER | CMD_SUPERVISE, .group = general,
     .help = "descriptor of the channel to whoever started it; 0: none"},
    {.name = "segment-size", .type = TYPE_SIZE, .at = AT(segment_size), .arg = "SIZE", .fallback = "64MB", .min = 1 << 10,
     .max = INT64_C(1) << 40, .commands = CMD_STREAM, .group = directory,
     .help = "a new file of the spool is begun at this size"},
    {.name = "end", .type = TYPE_TEXT, .at = AT(end), .arg = "LSN|now", .commands = CMD_POSITION, .group = changes,
     .help = "with set: apply what committed before it, then end"},
    {.name = "max-downtime", .type = TYPE_DURATION, .at = AT(max_downtime_ms), .arg = "DURATION", .env = "PGHAUL_MAX_DOWNTIME", .fallback = "30s",
     .min = 100, .max = INT64_C(86400000), .commands = CMD_CUTOVER, .group = changes,
     .help = "how long the source may be frozen: after that it takes writes again, and the run follows on"},
    {.name = "freeze", .type = TYPE_CHOICE, .at = AT(freeze), .arg = "MODE", .fallback = "auto", .choices = "auto|readonly|lock|none",
     .commands = CMD_CUTOVER, .group = changes,
     .help = "how the source is kept from taking writes; auto: read-only, sessions ended, and at last nobody can connect"},
    {.name = "verify", .type = TYPE_FLAG, .at = AT(verify), .commands = CMD_CUTOVER, .group = changes,
     .help = "compare all rows while the source is frozen"},
    {.name = "rehearse", .type = TYPE_FLAG, .at = AT(rehearse), .commands = CMD_CUTOVER, .group = changes,
     .help = "do all but the hand-over, measure it, then let the source write again"},
    {.name = "leave-open", .type = TYPE_FLAG, .at = AT(leave_open), .commands = CMD_CUTOVER, .group = changes,
     .help = "let the old source write again after the hand-over; nothing of that is brought over"},
    {.name = "reverse", .type = TYPE_FLAG, .at = AT(reverse), .commands = CMD_CUTOVER, .group = changes,
     .help = "with a way back: from the hand-over on, what is written to the target comes to the source, until cutover --back or cleanup"},
    {.name = "back", .type = TYPE_FLAG, .at = AT(back), .commands = CMD_CUTOVER, .group = changes,
     .help = "go the way back of --reverse: hand over from the target to the source again"},
    {.name = "on-cutover", .type = TYPE_TEXT, .at = AT(on_cutover), .arg = "COMMAND", .env = "PGHAUL_ON_CUTOVER",
     .commands = CMD_CUTOVER | CMD_FOLLOW, .group = changes,
     .help = "what brings the application to the target: run by sh when that has everything"},
    {.name = "before-freeze", .type = TYPE_TEXT, .at = AT(before_freeze), .arg = "COMMAND", .env = "PGHAUL_BEFORE_FREEZE",
     .commands = CMD_CUTOVER, .group = changes,
     .help = "run by sh before the source is frozen; when it fails, nothing is"},
    {.name = "budget", .type = TYPE_TEXT, .at = AT(budget), .arg = "FILE", .commands = CMD_SUPERVISE, .group = general,
     .help = "workers are shared with other runs by this file"},
    {.name = "rate-file", .type = TYPE_TEXT, .at = AT(rate_file), .arg = "FILE", .commands = LED, .group = general,
     .help = "the limit of --max-rate is kept together with others by this file"},
    {.name = "version", .letter = 'V', .type = TYPE_FLAG, .at = AT(version), .commands = ALL, .group = general,
     .help = "print the version, then exit"},
    {.name = "help", .letter = '?', .type = TYPE_FLAG, .at = AT(help), .commands = ALL, .group = general,
     .help = "print this help, then exit"},
};

static const struct command commands[] = {
    {.id = CMD_CLONE, .name = "clone", .arguments = "", .summary = "copy a whole database",
     .text = "Copies schema, rows, large objects, sequences, indexes and constraints in one snapshot of the "
             "source, several tables and indexes at a time. What is done is known on the target, so a run "
             "that was stopped or killed goes on with --resume.",
     .run = cmd_clone},
    {.id = CMD_COPY, .name = "copy", .arguments = "db | schema | data | roles | extensions | sequences | blobs | indexes | constraints | table NAME...",
     .summary = "copy a part of a database",
     .text = "The same as clone for a part: db is all of it, schema all but the rows, data the rows, large objects and "
             "values of sequences, roles those of the server, extensions those with the rows of their configuration, sequences only values, blobs "
             "only large objects, indexes and constraints what makes these on tables that are there, table the tables "
             "whose names match (psql patterns, as after --table), with their indexes, constraints and sequences.",
     .arguments_least = 1, .arguments_most = ARGUMENTS_MOST, .run = cmd_copy},
    {.id = CMD_DUMP, .name = "dump", .arguments = "schema | pre-data | post-data",
     .summary = "write the schema into files that can be edited",
     .text = "Writes the source's schema into DIR/schema: pre-data.sql, what rows need, and post-data.sql, what comes after "
             "them (indexes, constraints, triggers, ...), to be read, edited, and brought to a target by pghaul restore; "
             "and schema.dump, the archive of pg_dump that they are made of. Nothing is written to any server.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_dump},
    {.id = CMD_RESTORE, .name = "restore", .arguments = "schema | pre-data | post-data",
     .summary = "bring the files of a dumped schema to the target",
     .text = "Runs DIR/schema/pre-data.sql and post-data.sql, as pghaul dump has written them and you have edited them, on the "
             "target. Between the two, pghaul copy data brings the rows. What is done is known on the target, so a restore "
             "that failed or was killed goes on with --resume, with a file that was mended meanwhile.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_restore},
    {.id = CMD_SNAPSHOT, .name = "snapshot", .arguments = "", .summary = "hold a snapshot that outlives a clone",
     .text = "Exports a snapshot of the source, prints its id, and holds it until it is stopped by SIGINT or "
             "SIGTERM. A clone in the same work directory uses it, and can be resumed in it after any crash.",
     .run = cmd_snapshot},
    {.id = CMD_LIST, .name = "list", .arguments = "tables|parts|indexes|sequences|runs",
     .summary = "show what a clone would do, in which order; or all runs",
     .text = "Reads the source's catalogs and plans a clone without doing it. Nothing is written anywhere. With runs "
             "it shows the runs in the state directory instead, newest first, and connects to nothing.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_list},
    {.id = CMD_PLAN, .name = "plan", .arguments = "", .summary = "show every step of a clone, without doing it",
     .text = "A dry run: plans a clone with these options, checks both sides as a run does at its start, and shows its "
             "work items in the order in which they would be begun, with totals, connections, and what would be left "
             "out. Nothing is written anywhere. Without --target only the source is checked.",
     .run = cmd_plan},
    {.id = CMD_PING, .name = "ping", .arguments = "", .summary = "connect to both sides and say what they can do",
     .text = "Connects to the source, the target, or both, and prints versions, roles and abilities.",
     .run = cmd_ping},
    {.id = CMD_CHECK, .name = "check", .arguments = "", .summary = "find out whether a clone would go well, before it",
     .text = "Looks at the source, the target and both together, as a clone with these options would need them, and says what it finds: "
             "errors, which would end it or lose something, warnings and notes, each with what it means and what mends it. "
             "Nothing is written anywhere, unless --fix is given. Without --target only the source is looked at. Exit status: 0 "
             "ready, 10 only warnings, 11 not ready.",
     .run = cmd_check},
    {.id = CMD_EXPLAIN, .name = "explain", .arguments = "ID", .summary = "what an error or a finding means",
     .text = "Prints the page of an id, such as PGH-2107 or 2107: what it is, what it means, and what to do.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_explain},
    {.id = CMD_STATUS, .name = "status", .arguments = "", .summary = "show a run, while it runs or afterwards",
     .text = "Reads the catalog in the work directory: state, phase, progress, what runs now, times of all steps.",
     .run = cmd_status},
    {.id = CMD_POSITION, .name = "position", .arguments = "[set]", .summary = "show how far a run follows, or say where it is to end",
     .text = "Shows what is received, on disk, and applied of the changes that a run with --follow takes from its slot. With "
             "set --end it tells the run where to end: a running one takes it within a second, one that is stopped when it "
             "goes on.",
     .arguments_most = 1, .run = cmd_position},
    {.id = CMD_FOLLOW, .name = "follow", .arguments = "", .summary = "go on following after a run's end",
     .text = "Goes on with a run of clone --follow in the work directory that has reached its end, or was stopped: receives "
             "and applies what changed on the source since, until a new end. Nothing is copied again. With --resume it goes "
             "on towards the end that was set before, and does nothing when that was reached.",
     .run = cmd_follow},
    {.id = CMD_CUTOVER, .name = "cutover", .arguments = "", .summary = "hand over to the target",
     .text = "Asks the run that follows in the work directory to hand over: freezes the source, waits until nobody writes, "
             "brings the target to exactly that place with all sequences, looks once more, and runs --on-cutover. Whatever "
             "fails or takes longer than --max-downtime before the hand-over lets the source write again, and the run follows "
             "on: exit status 14.",
     .run = cmd_cutover},
    {.id = CMD_REVERSE, .name = "reverse", .arguments = "prepare | start | drop", .summary = "the way back of a run that follows",
     .text = "Of a run of clone --follow: prepare makes publication and slot on the target, from which what the application will "
             "write there can be followed back to the source, while the run still goes on. When the run has reached its end, and before anybody "
             "else writes to the target, start begins, or goes on with, following it back, as a run of its own in DIR/back. drop undoes what was prepared. "
             "--source and --target are those of the run.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_reverse},
    {.id = CMD_CLEANUP, .name = "cleanup", .arguments = "", .summary = "remove what a run that followed has left",
     .text = "Drops the slot of a run with --follow, then its publication, on the source; removes its rows from the target, "
             "and what it has received from the work directory. Nothing can follow then any more. What is not there is "
             "said, and no error; what was killed on the way goes on by being called again.",
     .run = cmd_cleanup},
    {.id = CMD_CANCEL, .name = "cancel", .arguments = "", .summary = "stop a run and remove what it has made on the servers",
     .text = "Stops the run in the work directory, if it goes on, and removes what it has made: slot and publication, changed "
             "replica identities, its rows and schema on the target, its sessions. Data, tables and the rest of what was copied "
             "stay; tables that are not complete are named. The run cannot be resumed then. What was killed on the way goes on "
             "by being called again.",
     .run = cmd_cancel},
    {.id = CMD_PAUSE, .name = "pause", .arguments = "", .summary = "let a run wait, with all its connections",
     .text = "The run in the work directory reads no more rows, begins no more indexes, and applies no more changes, until pghaul "
             "resume. Its snapshot and its connections stay, and changes are received on. A run that is stopped meanwhile and "
             "resumed with --resume is still paused.",
     .run = cmd_pause},
    {.id = CMD_RESUME, .name = "resume", .arguments = "", .summary = "let a paused run go on",
     .text = "Lets a run go on that waits because of pghaul pause. A run that was stopped or killed goes on by "
             "pghaul clone --resume.",
     .run = cmd_resume},
    {.id = CMD_SET, .name = "set", .arguments = "[NAME=VALUE...]", .summary = "show or change settings of a run that goes on",
     .text = "Changes settings of the run in the work directory while it goes on, within about a second; they last through "
             "--resume. More workers are started at once, and those that are too many end after the item in hand. Without an "
             "argument it shows the values.",
     .arguments_most = ARGUMENTS_MOST, .run = cmd_set},
    {.id = CMD_COMPARE, .name = "compare", .arguments = "[schema|data]", .summary = "are source and target the same?",
     .text = "Compares definitions, object by object (schema), and rows, values of sequences and large objects (data), "
             "without a word both. Rows are counted and hashed by the servers, each side in one snapshot; where that "
             "differs, the rows are found by their keys. With --dir or --name, filters and mappings are those of that run. Exit "
             "status 0: the same, 12: a difference, 13: not all could be compared.",
     .arguments_most = 1, .run = cmd_compare},
    {.id = CMD_LIST_OPTIONS, .name = "list-options", .arguments = "[COMMAND]", .summary = "list all options, for scripts",
     .text = "One line an option, tab-separated: command, option, argument, environment variable, default, help.",
     .arguments_most = 1, .run = cmd_list_options},
    {.id = CMD_HELP, .name = "help", .arguments = "[COMMAND|exit-codes|faults|checks]", .summary = "explain a command",
     .text = "Prints the help of a command, the exit status table, the list of faults, or that of checks.",
     .arguments_most = 1, .run = cmd_help},
    {.id = CMD_WORKER, .name = "worker", .arguments = "ROLE", .summary = "be a worker of a run",
     .text = "Started by the supervisor. By hand, under a debugger, it takes connections from PGHAUL_SOURCE and "
             "PGHAUL_TARGET, does the work that is ready for its role, and ends.",
     .hidden = true, .arguments_least = 1, .arguments_most = 1, .run = cmd_worker},
    {.id = CMD_SERVE, .name = "serve", .arguments = "", .summary = "serve the metrics of a run",
     .text = "Started by a run with --metrics, which gives it the socket.",
     .hidden = true, .run = cmd_serve},
    {.id = CMD_NOTIFY, .name = "notify", .arguments = "", .summary = "tell of the events of a run",
     .text = "Started by a run with --notify.",
     .hidden = true, .run = cmd_notify},
    {.id = CMD_SUPERVISE, .name = "supervise", .arguments = "", .summary = "be the supervisor of one of several runs",
     .text = "Started by a run over several databases, for a run that is made in the directory.",
     .hidden = true, .run = cmd_supervise},
    {.id = CMD_STREAM, .name = "stream", .arguments = "receive|apply|show", .summary = "the two halves of following by themselves",
     .text = "receive takes what a slot of plugin pgoutput, test_decoding or wal2json streams into the spool of a work "
             "directory, apply brings it from there to the tables of the same names on the target, each until --endpos "
             "or until it is stopped, at the same time or one after the other. show prints what is in a spool.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_stream},
    {.name = NULL},
};
/* clang-format on */

#define BOOK_COUNT ((int)(sizeof book_options / sizeof book_options[0]))
_Static_assert(BOOK_COUNT <= OPTIONS_MOST, "struct options has room for every option");
const int book_count = BOOK_COUNT;

const char *const book_groups[] = {connection, directory, speed, contents, changes, general, NULL};

const struct command *book_commands(void)
{
    return commands;
}

const struct command *book_command(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

bool option_is_for(const struct option *option, const struct command *command)
{
    return (option->commands & (unsigned)command->id) != 0;
}

/* ---- nearest ---- */

struct nearest {
    const char *word;
    int distance;
};

static void consider(struct nearest *best, const char *wrong, const char *known)
{
    int distance = text_distance(wrong, known);
    if (best->word == NULL || distance < best->distance)
        *best = (struct nearest){known, distance};
}

/* A third of the letters may be wrong. */
static const char *near_enough(const struct nearest *best, const char *wrong)
{
    return best->word != NULL && best->distance <= 1 + (int)strlen(wrong) / 3 ? best->word : NULL;
}

const char *book_nearest_command(const char *name)
{
    struct nearest best = {NULL, 0};
    for (const struct command *command = commands; command->name != NULL; command++)
        if (!command->hidden)
            consider(&best, name, command->name);
    return near_enough(&best, name);
}

const char *book_nearest_option(const struct command *command, const char *name)
{
    struct nearest best = {NULL, 0};
    for (int i = 0; i < BOOK_COUNT; i++)
        if (option_is_for(&book_options[i], command))
            consider(&best, name, book_options[i].name);
    return near_enough(&best, name);
}
