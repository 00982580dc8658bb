/*
 * fault_ids.h - every fault that pghaul can report, once.
 *
 * F(name, number, kind, title, remedy)
 *
 * The number is what users see (PGH-2101) and never changes its meaning. The
 * kind decides the exit status (fault.h). The remedy is printed as the hint
 * unless the place that reports the fault gives a better one. docs/reference/
 * faults.md is generated from this list.
 */
/* clang-format off */
#define FAULTS(F)                                                                                  \
  F(FAULT_UNKNOWN_COMMAND,     1001, USAGE,   "unknown command",                                   \
    "See pghaul --help for the commands.")                                                         \
  F(FAULT_UNKNOWN_OPTION,      1002, USAGE,   "unknown option",                                    \
    "See pghaul help COMMAND for the options of a command.")                                       \
  F(FAULT_BAD_VALUE,           1003, USAGE,   "option value out of range or malformed",            \
    "Give a value of the form and range that the message names.")                                  \
  F(FAULT_MISSING_OPTION,      1004, USAGE,   "a required option or argument is missing",          \
    "See pghaul help COMMAND.")                                                                    \
  F(FAULT_CONFLICTING_OPTIONS, 1005, USAGE,   "options exclude each other",                        \
    "Leave one of them out.")                                                                      \
  F(FAULT_BAD_CONNINFO,        1006, USAGE,   "connection string cannot be parsed",                \
    "Use a libpq URI (postgresql://user@host:port/db) or keywords (host=h dbname=d).")             \
  F(FAULT_NO_MATCH,            1008, USAGE,   "a pattern matches nothing",                         \
    "Mend the pattern (name, schema, case, search path), or give --no-strict-names.")              \
  F(FAULT_NOT_ON_SOURCE,       1010, USAGE,   "an option names what the source does not have",     \
    "Mend the name (case counts), or leave the option out.")                                       \
  F(FAULT_NO_SCHEMA_FILE,      1020, USAGE,   "the directory has no dumped schema",                \
    "Give the --dir of a pghaul dump schema; without --section both of its files are needed.")     \
  F(FAULT_HAS_SCHEMA_FILE,     1021, USAGE,   "the directory has a dumped schema already",         \
    "Give another --dir, or --restart, which writes the files anew: what was edited is lost then.") \
  F(FAULT_SCRIPT_UNFIT,        1022, USAGE,   "an edited script cannot be restored",               \
    "Take what is named out of the script, or run it by psql, then go on with --resume.")          \
  F(FAULT_CLEANED_UP,          1030, USAGE,   "the run was cleaned up",                            \
    "Nothing can follow it any more: begin anew with --restart (and --drop-if-exists).")           \
  F(FAULT_NOT_ENDED,           1031, USAGE,   "the run has not reached its end",                   \
    "Let it go on and end (--resume --endpos now); or give up what is not applied with "           \
    "pghaul cleanup --force.")                                                                     \
  F(FAULT_CANCELLED,           1040, USAGE,   "the run was cancelled",                             \
    "Nothing goes on with it: begin anew with --restart (and --drop-if-exists).")                  \
  F(FAULT_NOTHING_TO_CANCEL,   1041, USAGE,   "the run is done",                                   \
    "What it has left on the servers for following on is removed by pghaul cleanup.")              \
  F(FAULT_NOT_SETTABLE,        1042, USAGE,   "a setting cannot be changed while the run goes on", \
    "What has been done depends on it.")                                                           \
  F(FAULT_COPY_UNFINISHED,     1032, USAGE,   "the copy is not finished",                          \
    "Go on with pghaul clone --follow --resume: it follows when all is copied.")                   \
  F(FAULT_SAME_DATABASE,       1007, USAGE,   "source and target are the same database",           \
    "Check --source and --target: nothing was changed.")                                           \
                                                                                                   \
  F(FAULT_SOURCE_CONNECT,      2001, SOURCE,  "cannot connect to the source",                      \
    "Check host, port, database, user, password and pg_hba.conf with pghaul ping.")                \
  F(FAULT_SOURCE_LOST,         2002, SOURCE,  "connection to the source was lost",                 \
    "Check network and server log, then go on with --resume.")                                     \
  F(FAULT_SOURCE_QUERY,        2003, SOURCE,  "the source refused a statement",                    \
    "See the server's message; go on with --resume after mending the cause.")                      \
  F(FAULT_SOURCE_VERSION,      2004, SOURCE,  "the source's version is not supported",             \
    "pghaul reads PostgreSQL 9.6 and later.")                                                      \
  F(FAULT_SOURCE_ENCODING,     2005, SOURCE,  "data does not fit its encoding",                    \
    "Mend the rows on the source, or create the target database with the source's encoding.")      \
  F(FAULT_TABLE_UNREADABLE,    2101, SOURCE,  "tables cannot be read",                             \
    "GRANT SELECT on them (and USAGE on their schemas) to the role that connects.")                \
  F(FAULT_ROWS_HIDDEN,         2102, SOURCE,  "row-level security would hide rows from us",        \
    "Connect as the tables' owner or as a role with BYPASSRLS.")                                   \
  F(FAULT_TABLE_CHANGED,       2103, SOURCE,  "a table changed under the snapshot",                \
    "Its rows can no longer be read as they were: start over with --restart (and "                 \
    "--drop-if-exists; if pghaul snapshot holds the snapshot, start that anew first), without "     \
    "TRUNCATE, VACUUM FULL, CLUSTER or ALTER TABLE meanwhile.")                                    \
  F(FAULT_TABLE_GONE,          2104, SOURCE,  "a table vanished from the source",                  \
    "It was dropped or renamed after the snapshot was taken: start over with --restart.")          \
  F(FAULT_TABLE_LOCKED,        2105, SOURCE,  "a table is locked on the source",                   \
    "End the session that holds the lock, or raise --lock-timeout; then go on with --resume.")     \
  F(FAULT_SNAPSHOT_GONE,       2106, SOURCE,  "the snapshot is gone",                              \
    "Start over with --restart (and --drop-if-exists), or copy the unfinished tables in a new "    \
    "snapshot with --resume --not-consistent. `pghaul snapshot` holds a snapshot that outlives "   \
    "a clone.")                                                                                    \
  F(FAULT_SEQUENCE_UNREADABLE, 2107, SOURCE,  "sequences cannot be read",                          \
    "GRANT SELECT on them to the role that connects.")                                             \
  F(FAULT_LARGE_OBJECT_UNREADABLE, 2108, SOURCE, "large objects cannot be read",                   \
    "Connect as their owner or a superuser, or GRANT SELECT ON LARGE OBJECT.")                     \
  F(FAULT_ROW_COUNT,           2109, SOURCE,  "source and target disagree on a row count",         \
    "This is never expected: please report it with the log; the item was rolled back.")            \
  F(FAULT_FILTER_NEEDS,        2111, SOURCE,  "a table needs what the filters leave out",          \
    "Leave out less, or leave out the table as well.")                                             \
  F(FAULT_PASSWORDS_UNREADABLE, 2120, SOURCE, "passwords of roles cannot be read",                 \
    "Connect to the source as a superuser, or use --no-role-passwords: then the roles that are "   \
    "created get no password, and those that log in by one need a new one.")                       \
  F(FAULT_SOURCE_ROLE,         2130, SOURCE,  "the role of --source-role cannot be set",           \
    "Name a role that exists and that the user who connects is a member of (from version 16 on "   \
    "with SET), or leave --source-role out.")                                                      \
  F(FAULT_SOURCE_POOLED,       2131, SOURCE,  "a pooler does not keep a session on the source",     \
    "Connect to the server itself, or through a pool in session mode (pool_mode = session).")      \
  F(FAULT_DATABASE_CONNECT,   2170, SOURCE,  "databases of the source cannot be connected to",   \
    "GRANT CONNECT ON DATABASE to the role that connects, or leave them out with "                 \
    "--exclude-database.")                                                                         \
  F(FAULT_SCHEMA_OURS,         2110, SOURCE,  "the schema pghaul has objects that are not ours",       \
    "Its name is kept for pghaul's own table: rename the schema on the source.")                   \
  F(FAULT_RECOVERY_CONFLICT,   2150, SOURCE,  "the standby ended what we read",                    \
    "Its replay removes what the snapshot still needs. Set hot_standby_feedback = on or "          \
    "max_standby_streaming_delay = -1 there, or pause it with pg_wal_replay_pause(), until the "   \
    "copy is done; then start over with --restart (and --drop-if-exists), or go on in a new "      \
    "snapshot with --resume --not-consistent.")                                                    \
  F(FAULT_UNLOGGED_ON_STANDBY, 2151, SOURCE,  "unlogged tables cannot be read on a standby",       \
    "Leave out their rows with --exclude-table-data, once for each (their definitions come all "   \
    "the same), or copy from the primary.")                                                        \
  F(FAULT_SUBSCRIPTIONS_UNREADABLE, 2152, SOURCE, "subscriptions cannot be read",                   \
    "Connect to the source as a superuser, or leave out --subscriptions.")                         \
                                                                                                   \
  F(FAULT_SLOT_UNFIT,          2201, SOURCE,  "a replication slot cannot be used",                 \
    "Give the name of a logical slot of this database, of plugin pgoutput, test_decoding or "      \
    "wal2json, made without two-phase commits.")                 \
  F(FAULT_STREAM_UNKNOWN,      2202, SOURCE,  "the stream of changes is not understood",           \
    "Please report it with the version of the source; what came before is in the spool.")          \
  F(FAULT_NOT_FOLLOWED,        2210, SOURCE,  "changes of the source cannot be followed",          \
    "Use a primary server of version 10 or later for --follow, or clone without it.")              \
  F(FAULT_WAL_LEVEL,           2211, SOURCE,  "the source's WAL does not hold what is needed",     \
    "Set wal_level = logical on the source (ALTER SYSTEM) and restart it.")                        \
  F(FAULT_REPLICATION_ROLE,    2212, SOURCE,  "the role may not read the source's changes",        \
    "ALTER ROLE … REPLICATION on the source, and let pg_hba.conf admit it to the database.")       \
  F(FAULT_NO_IDENTITY,         2213, SOURCE,  "tables have no usable replica identity",            \
    "Give each a primary key that is not deferrable, or ALTER TABLE … REPLICA IDENTITY USING "     \
    "INDEX or FULL, or leave it out by a filter, or see --no-identity. To publish it as it is "    \
    "would make the application's own UPDATE and DELETE fail.")                                    \
  F(FAULT_SLOT_WAIT,           2214, SOURCE,  "transactions on the source do not end",             \
    "End them (a prepared one by COMMIT PREPARED or ROLLBACK PREPARED), or raise --slot-timeout. " \
    "A slot begins only when all that wrote before it have ended.")                                \
  F(FAULT_SLOT_TAKEN,          2215, SOURCE,  "a slot or publication of this name exists already", \
    "Give another --slot (of several databases another --name); or, if nobody needs it any more, " \
    "drop the slot first (SELECT pg_drop_replication_slot('NAME')), then the publication (DROP PUBLICATION).")         \
  F(FAULT_PUBLICATION,         2216, SOURCE,  "the publication cannot be made",                    \
    "Connect as the owner of the tables with GRANT CREATE ON DATABASE, or as a superuser.")        \
  F(FAULT_TABLE_UNPUBLISHED,   2217, SOURCE,  "a table was created while the run began",           \
    "Start again: nothing was copied, and slot and publication are gone.")                         \
  F(FAULT_TABLE_UNDESCRIBED,   2230, SOURCE,  "changes of a table cannot be described",            \
    "What the plugin tells of a table is completed from the source's catalogs, which do not fit. " \
    "Name the table, its columns and its key as they were until the changes are received, or "     \
    "begin anew with another slot.")                                                               \
  F(FAULT_IDENTITY_MISSING,    2231, SOURCE,  "a change does not say which row it is of",          \
    "Leave the table out, or give it a primary key or REPLICA IDENTITY FULL and begin anew: the "  \
    "change itself cannot be had any more.")                                                       \
  F(FAULT_IDENTITY_CHANGED,    2232, SOURCE,  "the replica identity of a table was changed",       \
    "Updates of it that were received shortly before, or are still to come from before that, may " \
    "be applied to other rows. If there were any, begin anew, or copy the table anew; else start " \
    "again.")                                                                                      \
  F(FAULT_PLUGIN_UNFIT,        2233, SOURCE,  "an output plugin does not tell all values",         \
    "Use a slot of plugin pgoutput or test_decoding, or leave the table out.")                     \
  F(FAULT_SLOT_ACTIVE,         2250, SOURCE,  "somebody streams from the slot",                    \
    "Stop them, or end the backend that is named (pg_terminate_backend), then try again.")         \
  F(FAULT_PLUGIN_MISSING,      2234, SOURCE,  "the source lacks an output plugin",                 \
    "Install it on the source's server: test_decoding is in the contrib package of PostgreSQL, "   \
    "wal2json is a package of its own. Or let the publication be made that pgoutput needs: "       \
    "connect as the owner of the tables with GRANT CREATE ON DATABASE, or as a superuser.")        \
  F(FAULT_BACK_LACKS,            2330, SOURCE,  "tables could not be followed back",               \
    "Give them the names on the target that they have on the source, or go on without a way back.")\
  F(FAULT_BACK_UNMARKED,         2331, SOURCE,  "no changes of the run have been applied yet",     \
    "A way back begins when the run follows: wait until pghaul status says so.")                   \
  F(FAULT_BACK_CLOSED,           2332, USAGE,   "the way back is not open yet",                    \
    "It begins when the target is handed over: pghaul reverse start, once the run has reached its "\
    "end.")                                                                                        \
  F(FAULT_BACK_OTHER,            2333, USAGE,   "the way back is another run's",                   \
    "Remove it with pghaul cleanup --force for the directory that is named, with --source and "    \
    "--target the other way round.")                                                               \
  F(FAULT_BACK_EARLY,            2334, USAGE,   "the run still follows",                           \
    "Stop the application, let the run end (pghaul position set --end now), then begin the way "   \
    "back.")                                                                                       \
  F(FAULT_BACK_OPEN,             2335, USAGE,   "the run has a way back",                          \
    "Drop it as long as it was not begun (pghaul reverse drop); else end it as any other run that "\
    "follows (pghaul position set --end now), then clean up.")                                     \
  F(FAULT_SLOT_LOST,           2260, SOURCE,  "the run's slot is lost",                            \
    "What it had not sent cannot be had any more: begin anew with --restart --drop-if-exists. "    \
    "Give the source more room for slots first (max_slot_wal_keep_size).")                         \
  F(FAULT_TABLE_NEW,           2261, SOURCE,  "tables were created on the source",                 \
    "Their rows do not follow. Go on without them with --resume --on-ddl warn, and bring them by "  \
    "another run afterwards (--table); or begin anew with --restart --drop-if-exists.")            \
  F(FAULT_BINARY_UNFIT,        2262, SOURCE,  "values cannot come in binary form",                 \
    "Leave out --binary: text does for every type.")                                               \
  F(FAULT_TIMELINE,            2263, SOURCE,  "the source lacks WAL that was received",            \
    "It was promoted, or restored, from before that: go back to the server that had it, or begin " \
    "anew with --restart --drop-if-exists.")                                                       \
  F(FAULT_TABLE_GONE_SOURCE,   2270, SOURCE,  "tables that are followed were dropped on the source",   \
    "What they had last stays on the target: drop them there as well, when you like.")             \
  F(FAULT_TABLE_UNFOLLOWED,    2271, SOURCE,  "tables are not published any more",                     \
    "They were detached from the table that is published, or taken out of the publication, and "   \
    "what changes in them since then does not follow. Go on without them with --resume --on-ddl "  \
    "warn, and bring them by another run afterwards (--table); or begin anew with --restart "      \
    "--drop-if-exists.")                                                                           \
  F(FAULT_TABLE_KEYLESS,       2272, SOURCE,  "tables have lost their replica identity",               \
    "The application's own UPDATE and DELETE of them fail now: give each a primary key, or ALTER " \
    "TABLE … REPLICA IDENTITY FULL.")                                                              \
  F(FAULT_TABLE_ATTACHED,      2273, SOURCE,  "partitions were attached that had rows before",         \
    "Those rows do not follow, only what changes later. Bring them to the target yourself, then "  \
    "go on with --resume --on-ddl warn; or begin anew with --restart --drop-if-exists.")           \
  F(FAULT_ALTER_LOCKED,        2251, SOURCE,  "a table is locked that the run must alter",         \
    "End the sessions that are named, or let them end, then try again; --lock-timeout says how "   \
    "long to wait for them.")                                                                      \
  F(FAULT_NO_FAILOVER_SLOT,    2252, SOURCE,  "the source has no slots that fail over",            \
    "They come with version 17: leave out --failover-slot.")                                       \
  F(FAULT_TARGET_CONNECT,      3001, TARGET,  "cannot connect to the target",                      \
    "Check host, port, database, user, password and pg_hba.conf with pghaul ping.")                \
  F(FAULT_TARGET_LOST,         3002, TARGET,  "connection to the target was lost",                 \
    "Check network and server log, then go on with --resume.")                                     \
  F(FAULT_TARGET_QUERY,        3003, TARGET,  "the target refused a statement",                    \
    "See the server's message; go on with --resume after mending the cause.")                      \
  F(FAULT_TARGET_VERSION,      3004, TARGET,  "the target's version is not supported",             \
    "pghaul writes to PostgreSQL 11 and later.")                                                   \
  F(FAULT_TARGET_NOT_EMPTY,    3101, TARGET,  "the target already has relations of the same names", \
    "Use an empty database, or --drop-if-exists to drop them first.")                              \
  F(FAULT_ROLE_MISSING,        3102, TARGET,  "roles are missing on the target",                   \
    "Let --roles create them as they are on the source, create them by hand, or use --no-owner "   \
    "and --no-acl.")                                                                               \
  F(FAULT_TABLESPACE_MISSING,  3103, TARGET,  "tablespaces are missing on the target",             \
    "Create them, or use --tablespace-map or --no-tablespaces.")                                                       \
  F(FAULT_TARGET_PRIVILEGE,    3104, TARGET,  "the role may not create what is needed",            \
    "GRANT CREATE ON DATABASE to the role that connects to the target.")                           \
  F(FAULT_SCHEMA_RESTORE,      3105, TARGET,  "a schema statement failed on the target",           \
    "Mend the cause named by the server, then go on with --resume: what was created stays.")       \
  F(FAULT_TARGET_DIFFERS,      3106, TARGET,  "the target is not what was built",                  \
    "Somebody else changed the target during the run. Mend the named object by hand, or "          \
    "start over with --restart --drop-if-exists.")                                                 \
  F(FAULT_NEEDS_SUPERUSER,     3110, TARGET,  "objects need a superuser on the target",                  \
    "Connect as a superuser, have them created on the target before, grant the roles that default " \
    "privileges are of, or leave it all out, with what needs it, by --skip-forbidden.")                                                            \
  F(FAULT_ROLE_FORBIDDEN,      3120, TARGET,  "roles need what we may not give on the target",     \
    "Connect to the target as a superuser, create these roles there before, or leave out what is " \
    "named by --skip-forbidden.")                                                                  \
  F(FAULT_CREATEROLE,          3121, TARGET,  "the role may not create roles",                     \
    "ALTER ROLE … CREATEROLE on the target, or do without --roles.")                               \
  F(FAULT_OWNERS,              3111, TARGET,  "objects cannot be given to their owners",             \
    "Grant what is missing to the roles, or use --no-owner.")                                      \
  F(FAULT_PROPERTIES,          3116, TARGET,  "the database's own properties cannot be set",         \
    "Connect as the owner of the target database or as a superuser, or use --skip-db-properties.") \
  F(FAULT_TARGET_LACKS_RELATION, 3112, TARGET, "the target lacks tables, columns or sequences",     \
    "Create them first (pghaul copy schema, or --section pre-data), or leave them out with "       \
    "filters.")                                                                                    \
  F(FAULT_TARGET_HAS_ROWS,     3113, TARGET,  "tables on the target have rows",                    \
    "Remove them, leave the tables out with -T or --exclude-table-data, or use --truncate, "       \
    "which removes all rows of the tables that are copied.")                                       \
  F(FAULT_TARGET_TRIGGERS,     3114, TARGET,  "triggers, rules or keys on the target are in the way", \
    "Connect as a superuser, or be granted SET on session_replication_role (version 15 and "       \
    "later), or drop the triggers and foreign keys and create them after the rows "                \
    "(--section post-data).")                                                                      \
  F(FAULT_KEY_BROKEN,          3115, TARGET,  "a foreign key of the target does not hold",         \
    "Copy the table that it references as well, or drop the key. The rows are copied: "            \
    "--resume checks again.")                                                                      \
  F(FAULT_TARGET_NOT_COMPUTED, 3160, TARGET,  "a generated column is an ordinary one on the target",   \
    "Its values would be missing. Make it a generated column there, too; or name the columns that "\
    "are to be copied with --columns.")                                                            \
  F(FAULT_STATISTICS_TARGET,   3125, TARGET,  "the target cannot take the source's statistics",    \
    "Use --statistics analyze or none, or a target of version 18 or later.")                       \
  F(FAULT_TARGET_ROLE,         3130, TARGET,  "the role of --role cannot be set on the target",    \
    "Name a role that exists and that the user who connects is a member of (from version 16 on "   \
    "with SET), or leave --role out.")                                                             \
  F(FAULT_TABLESPACE_PRIVILEGE, 3131, TARGET, "the role may not create in a tablespace",           \
    "GRANT CREATE ON TABLESPACE to it, or use --tablespace-map or --no-tablespaces.")              \
  F(FAULT_TARGET_POOLED,       3132, TARGET,  "a pooler does not keep a session on the target",     \
    "Connect to the server itself, or through a pool in session mode (pool_mode = session).")      \
  F(FAULT_EXTENSION_VERSION,   3133, TARGET,  "an extension does not come in the wanted version",  \
    "Give --extension-version a version that the target has, or leave it out.")                    \
  F(FAULT_EXTENSION_MISSING,   3134, TARGET,  "extensions are not installed on the target server", \
    "Install their packages there, or leave them out with --exclude-extension.")                   \
  F(FAULT_SCRIPT_CHANGED,      3140, TARGET,  "a script was changed where it is done",              \
    "Put back what was there up to the last statement that is done, and go on with --resume.")     \
  F(FAULT_SUBSCRIPTION,        3150, TARGET,  "a subscription cannot be created on the target",    \
    "Do what the message asks for, or leave out --subscriptions.")                                 \
  F(FAULT_SCHEMA_NOT_OURS,     3151, TARGET,  "a schema of the target belongs to somebody else",   \
    "Connect as a superuser or as the schema's owner, make the comment or the privileges the "     \
    "same there before, or leave them out: --skip-forbidden, --no-comments, --no-acl.")            \
  F(FAULT_DATABASE_MISSING,    3170, TARGET,  "the target lacks a database",                       \
    "Create it (createdb), or use --create.")                                                      \
  F(FAULT_CREATEDB,            3171, TARGET,  "the role may not create databases",                 \
    "ALTER ROLE … CREATEDB on the target, or create the database by hand.")                        \
  F(FAULT_DATABASE_CREATE,     3172, TARGET,  "a database cannot be created on the target",        \
    "Create it by hand (createdb --template template0), with a locale and owner that the target "  \
    "knows: a database that is there is used.")                                                    \
  F(FAULT_APPLY_CONFLICT,      3201, TARGET,  "a change does not fit the target's rows",           \
    "Somebody else has changed the target. Mend the row that is named, then go on with --resume; " \
    "or let the source win with --on-conflict overwrite.")                                         \
  F(FAULT_APPLY_REFUSED,       3202, TARGET,  "the target refused a change",                       \
    "Mend the cause that the server names, then go on with --resume: nothing is lost.")            \
  F(FAULT_APPLY_DDL,           3203, TARGET,  "a table's definition is another on the target",     \
    "Make the same change of the definition on the target, then go on with --resume; or try as "   \
    "long as it fits with --on-ddl warn.")                                                         \
  F(FAULT_APPLY_OVERTAKEN,     3204, TARGET,  "somebody else applies this run's changes",          \
    "Let only one of them run. Nothing was applied twice.")                                        \
  F(FAULT_APPLY_ROLE,          3205, TARGET,  "the role may not keep triggers and keys still",     \
    "Connect to the target as a superuser, or (version 15 and later) GRANT SET ON PARAMETER "      \
    "session_replication_role TO the role.")                                                       \
  F(FAULT_KEY_DOUBLED,         3210, TARGET,  "rows of the target break a deferrable key",         \
    "Somebody else has written to the target while changes were applied: remove the row that the " \
    "source does not have, then go on with --resume.")                                             \
  F(FAULT_LATE_OBJECT_TAKEN,   3330, TARGET,  "large objects of the target are in the way",        \
    "Unlink those that are named on one of the two sides (SELECT lo_unlink(OID)), then go on "     \
    "with --resume.")                                                                              \
  F(FAULT_LATE_OBJECT_DENIED,  3331, TARGET,  "large objects cannot be read or written",           \
    "Connect as a superuser, or make the role a member of the objects' owners.")                   \
  F(FAULT_LATE_TABLE_MISSING,  3332, TARGET,  "the target lacks an unlogged table",                \
    "Create it, or rename it as the source's is called now, then go on with --resume.")            \
  F(FAULT_TARGET_LACKS,        3109, TARGET,  "the target has lost what was done",                 \
    "It was restored, failed over or replaced, or crashed with fsync or synchronous_commit "       \
    "off: begin anew with --restart --drop-if-exists.")                                            \
  F(FAULT_TARGET_LOCKED,       3107, TARGET,  "an object is locked on the target",                 \
    "End the session that holds the lock, then go on with --resume.")                              \
  F(FAULT_TARGET_READ_ONLY,    3108, TARGET,  "the target is read-only",                           \
    "Give the primary server: it is a standby or is set to read only.")                            \
                                                                                                   \
  F(FAULT_DIR_BUSY,            4001, CATALOG, "another pghaul works in this directory",            \
    "Wait for it or stop it, or give another --dir. See pghaul status.")                           \
  F(FAULT_DIR_HAS_RUN,         4002, CATALOG, "the work directory has a run in it",                \
    "Go on with it by --resume, begin again with --restart, or give another --dir.")               \
  F(FAULT_DIR_NO_RUN,          4003, CATALOG, "the work directory has no run in it",               \
    "Start one with pghaul clone, or give the --dir of one.")                                      \
  F(FAULT_DIR_UNUSABLE,        4004, CATALOG, "the work directory cannot be used",                 \
    "Give a --dir on a local disk that is writable and has free space.")                           \
  F(FAULT_CATALOG_VERSION,     4005, CATALOG, "the catalog was written by another pghaul",         \
    "Use the version of pghaul that started the run, or another --dir.")                           \
  F(FAULT_CATALOG,             4006, CATALOG, "the catalog could not be read or written",          \
    "Check free space and permissions of the work directory, then go on with --resume.")           \
  F(FAULT_RUN_DIFFERS,         4007, CATALOG, "the run was started with other settings",           \
    "Resume with the run's own source, target and settings, or use another --dir.")                \
  F(FAULT_SPOOL_DAMAGED,       4010, CATALOG, "received changes on the disk are damaged",          \
    "Check the disk, or put the file back. The source may not have these changes any more: "       \
    "without them begin anew with --restart --drop-if-exists.")                                    \
  F(FAULT_SPOOL_FULL,          4011, CATALOG, "the disk is full of received changes",              \
    "Free some space on the disk of the work directory. Nothing is lost: the source keeps what "   \
    "does not fit.")                                                                               \
  F(FAULT_SPOOL_GONE,          4012, CATALOG, "the target lacks changes that were already removed", \
    "It was restored, failed over or replaced after it had them: begin anew with --restart "       \
    "--drop-if-exists.")                                                                           \
                                                                                                   \
  F(FAULT_NOT_FOLLOWING,       4020, CATALOG, "the run does not follow",                           \
    "Only a run that was started with --follow has a slot, and a position.")                       \
  F(FAULT_END_UNKNOWN,         4021, CATALOG, "nobody is there who could ask where now is",        \
    "Go on with pghaul clone --resume, then set the end; or give an LSN.")                         \
  F(FAULT_END_PASSED,          4022, CATALOG, "the end lies behind what is applied",               \
    "Give an LSN that the target has not reached, or now.")                                        \
  F(FAULT_SPOOL_LIMIT,         4040, CATALOG, "receiving waits for room",                          \
    "It goes on by itself. Meanwhile the source keeps its WAL: watch its disk, or raise the "      \
    "limit with pghaul set spool-limit=SIZE.")                                             \
  F(FAULT_NOT_RUNNING,         4060, CATALOG, "nothing runs in the work directory",                \
    "Go on with the run by --resume, which takes other settings as well.")                         \
  F(FAULT_NOT_STOPPED,         4061, CATALOG, "a run does not stop",                               \
    "See what its processes wait for (ps, the log), then cancel again: nothing was removed.")      \
  F(FAULT_CUTOVER_BUSY,        4050, USAGE,   "a cutover of this run is under way",                \
    "Wait for it: pghaul status shows where it is.")                                               \
  F(FAULT_CUTOVER_NOT_NOW,     4051, USAGE,   "the run is not where it could be cut over",         \
    "A run is cut over while it follows: see pghaul status; go on with pghaul clone --follow "     \
    "--resume or pghaul follow.")                                                                  \
  F(FAULT_HANDED_OVER,         4052, USAGE,   "the run was handed over",                           \
    "The application works on the target now; what the old source may still get is not brought "   \
    "there. pghaul cleanup removes what the run has left.")                                        \
  F(FAULT_SOURCE_FROZEN,       4053, USAGE,   "the source is frozen by this run",                  \
    "Go on with --resume, which lets it write again (or hands over, if that was begun); or "       \
    "pghaul cleanup --force.")                                                                     \
                                                                                                   \
  F(FAULT_LATE,                4080, GIVEN_UP, "the cutover took longer than it may",              \
    "The source takes writes again and the run follows on. See which step took so long, then "     \
    "try again, with a longer --max-downtime if need be.")                                         \
  F(FAULT_CUTOVER_LAG,         4081, GIVEN_UP, "the target is too far behind",                     \
    "Wait until the lag is small (pghaul status --watch), or give a longer --max-downtime.")       \
  F(FAULT_CUTOVER_PREPARED,    4082, GIVEN_UP, "transactions are prepared on the source",          \
    "End them by COMMIT PREPARED or ROLLBACK PREPARED, then cut over again: they would be "        \
    "lost.")                                                                                       \
  F(FAULT_CUTOVER_WRITTEN,     4083, GIVEN_UP, "somebody wrote to the source while it was frozen", \
    "Stop what writes there in spite of default_transaction_read_only (BEGIN READ WRITE), then "   \
    "cut over again.")                                                                             \
  F(FAULT_CUTOVER_LONG,        4091, GIVEN_UP, "a cutover would take longer than it may",             \
    "Give a longer --max-downtime, or leave out what takes so long, and bring it by other means.") \
  F(FAULT_CUTOVER_SUBSCRIBED,  4092, GIVEN_UP, "subscriptions write to the source",                   \
    "ALTER SUBSCRIPTION ... DISABLE them, then cut over again; make them anew on the target "      \
    "(--subscriptions) if they are to go on there.")                                               \
  F(FAULT_CUTOVER_CHANGED,     4084, GIVEN_UP, "the source's schema changed during the cutover",   \
    "Cut over again when nobody changes it any more; what is not followed is not brought over.")   \
  F(FAULT_CUTOVER_RIGHTS,      4085, GIVEN_UP, "the role may not freeze the source",               \
    "Connect as the owner of the source database or a superuser; or stop the application "         \
    "yourself and give --freeze none.")                                                            \
  F(FAULT_CUTOVER_CANCELLED,   4086, GIVEN_UP, "the cutover was cancelled",                        \
    "The source takes writes again and the run follows on.")                                       \
  F(FAULT_CUTOVER_CUT_OFF,     4087, GIVEN_UP, "the cutover was cut off",                          \
    "The source takes writes again and the run follows on: cut over again.")                       \
  F(FAULT_CUTOVER_HOOK,        4088, SYSTEM,  "the command of --on-cutover failed",                \
    "The target has everything, and the source stays frozen. Mend the command, or do what it "     \
    "does by hand and give --on-cutover '' with it, then go on with pghaul follow --resume.")      \
  F(FAULT_CUTOVER_DIFFERS,     4089, GIVEN_UP, "source and target were not found equal",           \
    "pghaul compare data --live shows what differs; or cut over without --verify.")                \
  F(FAULT_CUTOVER_FAILED,      4090, GIVEN_UP, "a step of the cutover failed",                     \
    "The source takes writes again and the run follows on. Mend the cause, then cut over again.")  \
  F(FAULT_SEVERAL_DATABASES,   4100, USAGE,   "the run is of several databases",                   \
    "Give --dir with the directory of one of them.")                                               \
  F(FAULT_SEVERAL_PROCESSES,   4101, SYSTEM,  "more databases than there can be processes for",    \
    "Raise the limit (ulimit, or LimitNPROC and LimitNOFILE of a service), or follow them in "     \
    "several runs: --database, --exclude-database.")                                               \
  F(FAULT_TOOL_MISSING,        5001, SYSTEM,  "pg_dump or pg_restore is missing",                  \
    "Install the PostgreSQL client programs (postgresql-client), or give --pg-bindir.")            \
  F(FAULT_TOOL_OLD,            5002, SYSTEM,  "pg_dump is older than the source server",           \
    "Install the client programs of the source's major version or a later one, or give "           \
    "--pg-bindir.")                                                                                \
  F(FAULT_TOOL_FAILED,         5003, SYSTEM,  "pg_dump or pg_restore failed",                      \
    "See its message; go on with --resume after mending the cause.")                               \
  F(FAULT_SYSTEM,              5004, SYSTEM,  "the operating system refused",                      \
    "See the message.")                                                                            \
  F(FAULT_WORKER_DIED,         5005, SYSTEM,  "a worker process died",                             \
    "See the log for what it was doing (out of memory? killed?), then go on with --resume.")       \
                                                                                                   \
  F(FAULT_SLOTS_FULL,          7001, SOURCE,  "the source has no free replication slot",           \
    "Drop a slot that nobody needs (SELECT pg_drop_replication_slot('NAME')), or raise "           \
    "max_replication_slots on the source and restart it.")                                         \
  F(FAULT_WALSENDERS_FULL,     7002, SOURCE,  "the source has no free WAL sender",                 \
    "End a WAL sender that nobody needs, or raise max_wal_senders on the source and restart it.")  \
  F(FAULT_COLLATION_MISSING,   7101, TARGET,  "collations are missing on the target server",       \
    "Install the locale in the target's operating system, then SELECT "                            \
    "pg_import_system_collations('pg_catalog') there as a superuser; or leave out by filters "     \
    "what uses it.")                                                                               \
  F(FAULT_COMPARE_DIFFERS,     8001, DIFFERS, "source and target differ",                          \
    "See what is listed; pghaul compare data --repair writes the source's rows for those that "   \
    "differ.")                                                                                     \
  F(FAULT_COMPARE_UNVERIFIED,  8002, UNVERIFIED, "something could not be compared",                 \
    "Mend what is named, or leave it out by a filter, then compare again.")                        \
  F(FAULT_COMPARE_UNREAD,      8003, UNVERIFIED, "a table could not be read once more",             \
    "Compare again.")                                                                              \
  F(FAULT_COMPARE_NOT_LIVE,    8010, UNVERIFIED, "nobody applies changes",                         \
    "Compare without --live when the run has ended and nobody writes, or go on with the run: "    \
    "pghaul follow, pghaul clone --follow --resume.")                                              \
  F(FAULT_COMPARE_HELD,        8011, UNVERIFIED, "the two sides could not be brought to one place", \
    "See what the message waits for, and pghaul status of the run; then compare again.")          \
  F(FAULT_COMPARE_NOT_REPAIRED, 8004, TARGET, "a table cannot be repaired",                        \
    "Mend what is named, or the rows by hand.")                                                    \
                                                                                                   \
  F(FAULT_STOPPED,             6001, STOPPED, "stopped on request",                                \
    "Go on with --resume.")                                                                        \
  F(FAULT_ORPHANED,            6002, STOPPED, "the supervisor is gone",                            \
    "Go on with --resume.")                                                                        \
                                                                                                   \
  F(FAULT_BUG,                 9001, BUG,     "an internal error of pghaul",                       \
    "Please report it with the log file.")                                                         \
  F(FAULT_INJECTED,            9002, BUG,     "a fault injected by a test",                        \
    "Unset PGHAUL_TEST_AT.")                                                                       \
                                                                                                   \
  F(FAULT_METRICS_ADDRESS,     9010, SYSTEM,  "the address for metrics cannot be listened on",     \
    "Give another port (0 takes any that is free), or an address of this machine; the run has "    \
    "not begun.")                                                                                  \
  F(FAULT_METRICS_TOKEN,       9011, USAGE,   "metrics beyond this machine need a token",          \
    "Put a token into PGHAUL_METRICS_TOKEN or a file for --metrics-token-file, or listen on "      \
    "127.0.0.1.")                                                                                  \
  F(FAULT_METRICS_TOKEN_WEAK,  9030, USAGE,   "the token for metrics is not fit for one",          \
    "Take 16 letters and digits or more, by chance: openssl rand -hex 16 makes them.")             \
  F(FAULT_NOTIFY_TOOL,         9020, SYSTEM,  "webhooks need curl",                                \
    "Install curl, or give a command that posts the notice in another way.")                      \
  F(FAULT_NOTIFY,              9021, SYSTEM,  "a notice could not be delivered",                   \
    "The run goes on. See what the command, or curl, has printed.")
/* clang-format on */
