/*
 * checks.h - every check, once: what `pghaul check` looks at, and the pages of `pghaul explain`.
 *
 * REFUSED(fault, on, mend, means) is what the plan refuses itself, or what else ends a run: it has
 * the number, title and remedy of that fault (base/fault_ids.h). `mend` is the text in
 * check/sql/checks.sql that names objects and statements, asked when it was found only.
 *
 * ASKED(number, severity, on, when, sql, title, means, remedy) is asked of a server by a text of
 * check/sql/checks.sql. LOOKED_AT is the same for what is found out in other ways. A number never
 * changes its meaning. docs/reference/checks.md is generated from this list.
 */
/* clang-format off */
#define CHECKS(REFUSED, ASKED, LOOKED_AT)                                                          \
  /* ---- this machine ---- */                                                                     \
  REFUSED(FAULT_TOOL_MISSING, HERE, NONE, "The schema is read by pg_dump and sorted by pg_restore.") \
  REFUSED(FAULT_TOOL_OLD, HERE, NONE, "An older pg_dump refuses a newer server, so there would be no schema.") \
  REFUSED(FAULT_DIR_UNUSABLE, HERE, NONE, "The run keeps its notes, and received changes, in that directory.") \
  LOOKED_AT(4002, WARNING, HERE, ALWAYS, "the work directory has a run in it",                     \
    "A clone into it is refused unless it goes on with that run or gives it up.",                  \
    "Go on by pghaul clone --resume, begin anew with --restart, or give another --dir.")           \
  LOOKED_AT(4040, WARNING, HERE, FOLLOW, "the disk of the work directory has no room for changes", \
    "Less is free than is to stay free (--spool-reserve): nothing would be received, and the source would keep its WAL.", \
    "Free some space, give a --dir on another disk, or a smaller --spool-reserve.")                \
  LOOKED_AT(7081, WARNING, HERE, ALWAYS, "few files may be open",                                  \
    "Each worker has connections, the catalog and files of the spool open; a process that may open no more ends, and so does the run.", \
    "Raise the limit in the shell that starts pghaul: ulimit -n 1024.")                            \
  LOOKED_AT(7082, WARNING, PAIR, ALWAYS, "clocks differ",                                          \
    "Times in the logs of both servers and of the run do not go together, and defaults like now() jump at the switch.", \
    "Let NTP set the clocks of both servers and of this machine.")                                 \
  LOOKED_AT(7083, NOTE, PAIR, ALWAYS, "the way to a server is long",                               \
    "Each table takes four round trips, and pg_dump two or three for each: with many small tables these are what takes the time.", \
    "Run pghaul on a machine near to the servers, nearest to the source.")                         \
  LOOKED_AT(7084, NOTE, PAIR, ALWAYS, "the line to the source is slow",                            \
    "A probe of one megabyte came slower than 10 MB in a second, so no table will come faster by one worker.", \
    "Run pghaul nearer to the source, or give more --table-jobs where the line itself has room.")  \
  LOOKED_AT(7090, WARNING, PAIR, ALWAYS, "the plan warns",                                         \
    "The run would begin all the same, and say this in its log.",                                  \
    "See the sentence itself.")                                                                    \
  LOOKED_AT(7091, NOTE, PAIR, ALWAYS, "something could not be looked at",                          \
    "A statement of this check was refused, or what it needs is not there: the run may go well all the same.", \
    "Give the role what the message asks for, or look yourself.")                                  \
  /* ---- the source ---- */                                                                       \
  REFUSED(FAULT_SOURCE_CONNECT, SOURCE, NONE, "Nothing of the source could be looked at.")         \
  REFUSED(FAULT_SOURCE_VERSION, SOURCE, NONE, "Older servers lack what is asked of them.")         \
  REFUSED(FAULT_SOURCE_ROLE, SOURCE, NONE, "All would be read as that role.")                      \
  REFUSED(FAULT_SOURCE_POOLED, SOURCE, NONE, "A snapshot is held by a session, which the pooler would give to somebody else.") \
  REFUSED(FAULT_SOURCE_QUERY, SOURCE, NONE, "The plan cannot be made.")                            \
  REFUSED(FAULT_TABLE_UNREADABLE, SOURCE, MEND_UNREADABLE, "Their rows could not be copied.")      \
  REFUSED(FAULT_SEQUENCE_UNREADABLE, SOURCE, MEND_UNREADABLE_SEQUENCES, "Their values could not be copied.") \
  REFUSED(FAULT_ROWS_HIDDEN, SOURCE, MEND_HIDDEN, "Rows would be missing from the copy without any error.") \
  REFUSED(FAULT_LARGE_OBJECT_UNREADABLE, SOURCE, MEND_LARGE_OBJECTS, "They could not be copied.")  \
  REFUSED(FAULT_SCHEMA_OURS, SOURCE, NONE, "That schema is not copied.")                           \
  REFUSED(FAULT_TABLE_LOCKED, SOURCE, NONE, "The plan has to wait for that lock, and everybody else would wait behind it.") \
  REFUSED(FAULT_FILTER_NEEDS, SOURCE, NONE, "The table could not be created on the target.")       \
  REFUSED(FAULT_NO_MATCH, SOURCE, NONE, "Something that was meant would be missing, or come against your will.") \
  REFUSED(FAULT_BAD_VALUE, SOURCE, NONE, "The options do not say what is meant.")                  \
  REFUSED(FAULT_NOT_ON_SOURCE, SOURCE, NONE, "Something would not go where it was meant to.")      \
  REFUSED(FAULT_PASSWORDS_UNREADABLE, SOURCE, NONE, "The roles would be created without their passwords.") \
  REFUSED(FAULT_SUBSCRIPTIONS_UNREADABLE, SOURCE, NONE, "Their connection strings cannot be read.") \
  REFUSED(FAULT_UNLOGGED_ON_STANDBY, SOURCE, NONE, "They are empty there, whatever the primary has.") \
  REFUSED(FAULT_NOT_FOLLOWED, SOURCE, NONE, "A publication cannot be made there.")                 \
  REFUSED(FAULT_WAL_LEVEL, SOURCE, MEND_WAL_LEVEL, "No slot can be made, so nothing can follow. It needs a restart of the source.") \
  REFUSED(FAULT_REPLICATION_ROLE, SOURCE, MEND_REPLICATION_ROLE, "Changes are read by a replication connection.") \
  REFUSED(FAULT_NO_IDENTITY, SOURCE, MEND_NO_IDENTITY, "A change of a row could not say of which.") \
  REFUSED(FAULT_SLOT_TAKEN, SOURCE, MEND_SLOT_TAKEN, "It belongs to somebody else, or to a run that was not cleaned up.") \
  REFUSED(FAULT_NO_FAILOVER_SLOT, SOURCE, NONE, "The slot would be lost by a failover.")           \
  ASKED(7001, ERROR, SOURCE, FOLLOW, CHECK_SLOTS_FULL, NULL, "The run's own slot could not be made.", NULL) \
  ASKED(7002, ERROR, SOURCE, FOLLOW, CHECK_WALSENDERS_FULL, NULL, "Nobody would be there to send the changes.", NULL) \
  ASKED(2216, WARNING, SOURCE, FOLLOW, CHECK_PUBLISHER, NULL, "Without a publication the changes come by test_decoding: as text, of all tables of the database.", NULL) \
  ASKED(7003, WARNING, SOURCE, FOLLOW, CHECK_SLOT_KEEP, "the source may drop WAL that the slot needs", \
    "While changes cannot be received (the disk is full, the line is down), the source keeps so much and no more: then the slot is lost, and all begins anew.", \
    "Set max_slot_wal_keep_size = -1 on the source (a reload is enough), or make sure that it is enough for the longest interruption.") \
  ASKED(7004, WARNING, SOURCE, FOLLOW, CHECK_SLOT_IDLE, "the source gives up idle slots",          \
    "A run that is stopped for longer than that loses its slot, and all begins anew.",             \
    "Set idle_replication_slot_timeout = 0 on the source until the run is done (a reload is enough).") \
  ASKED(7005, WARNING, SOURCE, FOLLOW, CHECK_STANDBY_SLOTS, "the slot waits for standbys",         \
    "With --failover-slot the source sends a change only when those standbys have it; one that is away stops the run.", \
    "See that all of synchronized_standby_slots are there, or leave out --failover-slot.")         \
  ASKED(7006, NOTE, SOURCE, FOLLOW, CHECK_LOGICAL_ON_DEMAND, "logical decoding is switched on by the first slot", \
    "From version 19 on wal_level = replica is enough: the WAL of the whole server gets larger when the run makes its slot, until the last one is dropped.", \
    "Nothing has to be done.")                                                                     \
  ASKED(7007, NOTE, SOURCE, FOLLOW, CHECK_DECODING_MEMORY, "little memory for decoding",           \
    "Transactions that are larger than that go over the source's disk.",                           \
    "Set logical_decoding_work_mem = '64MB' or more on the source (a reload is enough).")          \
  ASKED(7008, WARNING, SOURCE, FOLLOW, CHECK_WRITERS, "transactions have been writing for a while", \
    "A slot is made only when all of them have ended: the run would wait for them (--slot-timeout).", \
    "Let them end, or end them: pg_terminate_backend.")                                            \
  ASKED(7009, WARNING, SOURCE, ALWAYS, CHECK_PREPARED, "prepared transactions are open",           \
    "What they have written is not in the copy, they hold back vacuum, and a slot is made only when they have ended.", \
    "COMMIT PREPARED or ROLLBACK PREPARED, as their owner.")                                       \
  ASKED(7010, WARNING, SOURCE, FOLLOW, CHECK_LEFT_SLOTS, "slots of earlier runs are left",         \
    "Nobody reads from them, and the source keeps all its WAL since then.",                        \
    "pghaul cleanup of that run; or, if its work directory is gone, drop the slot.")               \
  ASKED(7011, NOTE, SOURCE, FOLLOW, CHECK_LEFT_PUBLICATIONS, "publications of earlier runs are left", \
    "They do no harm, and are not copied unless you let them.",                                    \
    "pghaul cleanup of that run; or, if its work directory is gone, drop the publication.")        \
  ASKED(7012, NOTE, SOURCE, FOLLOW, CHECK_IDLE_SLOTS, "other slots keep WAL",                      \
    "The source's disk may fill up while the run goes on, whatever the run itself receives.",      \
    "Look who should be reading from them, or drop them.")                                         \
  ASKED(7013, WARNING, SOURCE, FOLLOW, CHECK_UNLOGGED, "changes of unlogged tables do not follow", \
    "What changes there is in no WAL: they are copied once more, whole, when the run ends.",       \
    "ALTER TABLE ... SET LOGGED, which writes the table anew; or let nobody write when the run ends, for as long as their copy takes.")    \
  ASKED(7014, NOTE, SOURCE, COPY, CHECK_UNLOGGED, "tables are unlogged",                           \
    "They are copied, and unlogged on the target: empty after a crash there.",                     \
    "Nothing has to be done.")                                                                     \
  ASKED(7015, NOTE, SOURCE, ALWAYS, CHECK_FOREIGN_TABLES, "foreign tables",                        \
    "Their definitions come, their rows stay where they are. The target must reach those servers.", \
    "Check the options of the foreign servers after the copy.")                                    \
  ASKED(7016, WARNING, SOURCE, ALWAYS, CHECK_INVALID_INDEXES, "indexes are invalid",               \
    "They are left out of the copy.",                                                              \
    "REINDEX them before, or drop them.")                                                          \
  ASKED(7017, NOTE, SOURCE, ALWAYS, CHECK_NOT_VALID, "constraints are not validated",              \
    "They come as they are: NOT VALID.",                                                           \
    "ALTER TABLE ... VALIDATE CONSTRAINT, on the source or afterwards on the target.")             \
  ASKED(7018, NOTE, SOURCE, ALWAYS, CHECK_EVENT_TRIGGERS, "event triggers",                        \
    "They are created at the end, so that they do not fire on the copy itself.",                   \
    "Nothing has to be done.")                                                                     \
  ASKED(7019, WARNING, SOURCE, FOLLOW, CHECK_LARGE_OBJECTS, "changes of large objects do not follow", \
    "Logical decoding tells nothing of them: when the run ends all are compared, and those that differ are copied.", \
    "Let nobody change them when the run ends. SELECT on pg_largeobject lets the run look only at those that were written since.") \
  ASKED(7020, NOTE, SOURCE, FOLLOW, CHECK_FULL_IDENTITY, "rows are told apart by all their columns", \
    "REPLICA IDENTITY FULL without a primary key: each change looks for its row by all values.",   \
    "Give the table a primary key.")                                                               \
  ASKED(7021, NOTE, SOURCE, FOLLOW, CHECK_DEFERRABLE, "deferrable keys are checked at the end only", \
    "While changes are applied the target does not check them; when that has ended, pghaul does.", \
    "Nothing has to be done, as long as nobody else writes to the target.")                        \
  ASKED(7022, NOTE, SOURCE, FOLLOW, CHECK_ALWAYS_FIRING, "triggers and rules fire on replicated changes", \
    "Enabled ALWAYS or REPLICA, they would do twice what they did on the source: they are off on the target while changes are applied.", \
    "Nothing has to be done.")                                                                     \
  ASKED(7023, NOTE, SOURCE, ALWAYS, CHECK_UNPOPULATED, "materialized views without data",          \
    "They have none on the target either.",                                                        \
    "REFRESH MATERIALIZED VIEW before, if they should.")                                           \
  ASKED(7024, NOTE, SOURCE, ALWAYS, CHECK_ALL_TABLES, "a publication is for all tables",           \
    "It comes to the target as well; only a superuser may make it there.",                         \
    "Drop it on the target afterwards, or on the source before, if nobody subscribes to it.")      \
  ASKED(7025, WARNING, SOURCE, ALWAYS, CHECK_LIBRARIES, "functions need libraries on the target",  \
    "CREATE FUNCTION loads the library: where the target's server lacks it, restoring the schema stops there.", \
    "Install the same libraries on the target's server.")                                          \
  ASKED(7026, WARNING, SOURCE, ALWAYS, CHECK_REG_TYPES, "columns hold names of objects",           \
    "Rows of them name tables or functions. What is created after the rows, like an index, is not there yet, and such a row is refused.", \
    "Make the columns text, or copy these tables last by a run of their own.")                     \
  ASKED(7027, NOTE, SOURCE, ALWAYS, CHECK_SEQUENCES_FULL, "sequences are near their end",          \
    "More than nine tenths of the values are used, on the target as well.",                        \
    "Make the column and its sequence bigint.")                                                    \
  ASKED(7028, WARNING, SOURCE, ALWAYS, CHECK_LOCK_TABLE, "too many tables for the lock table",     \
    "pg_dump locks all tables and sequences at once and may end with \"out of shared memory\".",                 \
    "Raise max_locks_per_transaction on the source and restart it.")                               \
  ASKED(7029, WARNING, BOTH, ALWAYS, CHECK_CONNECTIONS, "few connections are free",                \
    "Workers that get no connection are tried again, and take connections from the application meanwhile.", \
    "Give fewer --table-jobs and --index-jobs, or raise max_connections.")                         \
  ASKED(7030, WARNING, BOTH, ALWAYS, CHECK_ROLE_LIMIT, "the role may not have so many connections", \
    "Workers that get no connection are tried again, for --retry-for.",                            \
    "ALTER ROLE ... CONNECTION LIMIT -1, or give fewer --table-jobs and --index-jobs.")            \
  ASKED(7031, WARNING, BOTH, ALWAYS, CHECK_DATABASE_LIMIT, "the database may not have so many connections", \
    "Workers that get no connection are tried again, for --retry-for.",                            \
    "ALTER DATABASE ... CONNECTION LIMIT -1, or give fewer --table-jobs and --index-jobs.")        \
  ASKED(7032, NOTE, BOTH, ALWAYS, CHECK_UNENCRYPTED, "the connection is not encrypted",            \
    "Rows go over the network as they are.",                                                       \
    "Give sslmode=require, or better verify-full, in the connection string.")                      \
  ASKED(7033, WARNING, SOURCE, ALWAYS, CHECK_OLD_SNAPSHOT, "old snapshots are ended",              \
    "A copy that takes longer than old_snapshot_threshold fails with \"snapshot too old\".",       \
    "Set old_snapshot_threshold = -1 on the source and restart it.")                               \
  ASKED(7034, WARNING, SOURCE, ALWAYS, CHECK_COLLATION_VERSION, "the source's collation has changed below it", \
    "Its indexes on text may be in another order than its library now says, so keys may be doubled already: then building them fails on the target.", \
    "REINDEX what has columns of text, then ALTER DATABASE ... REFRESH COLLATION VERSION.")        \
  ASKED(7035, NOTE, SOURCE, FOLLOW, CHECK_FREEZE, "a cutover could not freeze the source",         \
    "pghaul cutover makes the source's database read-only, which only its owner or a superuser may.", \
    "Connect as the owner, or stop the application yourself and cut over with --freeze none.")     \
  /* ---- the target ---- */                                                                       \
  REFUSED(FAULT_TARGET_CONNECT, TARGET, NONE, "Nothing of the target could be looked at.")         \
  REFUSED(FAULT_TARGET_VERSION, TARGET, NONE, "Older servers lack what is sent to them.")          \
  REFUSED(FAULT_TARGET_ROLE, TARGET, NONE, "All would be created as that role.")                   \
  REFUSED(FAULT_TARGET_POOLED, TARGET, NONE, "Settings of a session would reach somebody else's.") \
  REFUSED(FAULT_TARGET_QUERY, TARGET, NONE, "The plan cannot be made.")                            \
  REFUSED(FAULT_SAME_DATABASE, TARGET, NONE, "A database cannot be copied onto itself.")           \
  REFUSED(FAULT_TARGET_READ_ONLY, TARGET, NONE, "Nothing can be written there.")                   \
  REFUSED(FAULT_TARGET_PRIVILEGE, TARGET, MEND_CREATE, "The schema could not be created.")         \
  REFUSED(FAULT_TARGET_NOT_EMPTY, TARGET, NONE, "Creating them would fail; what is there is not touched.") \
  REFUSED(FAULT_ROLE_MISSING, TARGET, MEND_ROLES, "They own something, or are granted something.") \
  REFUSED(FAULT_TABLESPACE_MISSING, TARGET, NONE, "What is in them could not be created.")         \
  REFUSED(FAULT_TABLESPACE_PRIVILEGE, TARGET, NONE, "What is in them could not be created.")       \
  REFUSED(FAULT_NEEDS_SUPERUSER, TARGET, NONE, "Creating them would be refused.")                  \
  REFUSED(FAULT_OWNERS, TARGET, NONE, "ALTER ... OWNER TO would be refused.")                      \
  REFUSED(FAULT_PROPERTIES, TARGET, NONE, "ALTER DATABASE would be refused.")                      \
  REFUSED(FAULT_ROLE_FORBIDDEN, TARGET, NONE, "The roles could not be created as they are.")       \
  REFUSED(FAULT_CREATEROLE, TARGET, NONE, "--roles could not create them.")                        \
  REFUSED(FAULT_STATISTICS_TARGET, TARGET, NONE, "--statistics carry could not be done.")          \
  REFUSED(FAULT_EXTENSION_VERSION, TARGET, NONE, "CREATE EXTENSION would be refused.")             \
  REFUSED(FAULT_EXTENSION_MISSING, TARGET, NONE, "CREATE EXTENSION would be refused, and what needs it as well.") \
  REFUSED(FAULT_SUBSCRIPTION, TARGET, NONE, "CREATE SUBSCRIPTION would be refused.")               \
  REFUSED(FAULT_SCHEMA_NOT_OURS, TARGET, NONE, "COMMENT or GRANT would be refused.")               \
  REFUSED(FAULT_TARGET_LACKS_RELATION, TARGET, NONE, "There is nothing that the rows could go to.") \
  REFUSED(FAULT_TARGET_HAS_ROWS, TARGET, NONE, "Rows would be there twice, or refused by a key.")  \
  REFUSED(FAULT_TARGET_TRIGGERS, TARGET, MEND_REPLICATION_SETTING, "They would act on each row, and change what is copied.") \
  REFUSED(FAULT_TARGET_NOT_COMPUTED, TARGET, NONE, "The column would be empty.")                   \
  REFUSED(FAULT_CREATEDB, TARGET, NONE, "--create could not make it.")                             \
  ASKED(7050, WARNING, TARGET, ALWAYS, CHECK_UNSAFE, "a crash of the target's machine would damage it", \
    "What the run believes to be done would be gone after a crash.",                               \
    "Switch it on again before the copy is relied upon (a reload is enough).")                     \
  ASKED(7051, WARNING, TARGET, ALWAYS, CHECK_AUTOVACUUM, "autovacuum does not run on the target",  \
    "Tables that change after the copy are neither vacuumed nor analyzed.",                        \
    "Switch it on again (a reload is enough).")                                                    \
  ASKED(7052, NOTE, TARGET, ALWAYS, CHECK_WAL_SIZE, "the target checkpoints often while it is filled", \
    "Each time max_wal_size is written there is a checkpoint, which costs time.",                  \
    "Raise max_wal_size on the target for as long as the copy takes (a reload is enough).")        \
  ASKED(7053, NOTE, TARGET, ALWAYS, CHECK_INDEX_MEMORY, "little memory for building indexes",      \
    "Larger indexes are sorted on disk.",                                                          \
    "Give --maintenance-work-mem 1GB, or what the target's memory allows for --index-jobs of them.") \
  ASKED(7054, WARNING, TARGET, ALWAYS, CHECK_SYNCHRONOUS, "the target waits for standbys at each commit", \
    "The copy is as slow as they are, and stands still when one is away.",                         \
    "Set synchronous_standby_names = '' on the target until the copy is done (a reload is enough).") \
  ASKED(7055, WARNING, TARGET, ALWAYS, CHECK_TARGET_EVENT_TRIGGERS, "event triggers fire on the target", \
    "They fire on each statement that creates the schema, and may refuse it.",                     \
    "Disable them until the copy is done.")                                                        \
  ASKED(7056, NOTE, TARGET, ALWAYS, CHECK_DEFAULT_PRIVILEGES, "the target has default privileges", \
    "What is created there gets them besides its own.",                                            \
    "ALTER DEFAULT PRIVILEGES ... REVOKE, if they are not meant.")                                 \
  ASKED(7057, WARNING, TARGET, ALWAYS, CHECK_TEMP_LIMIT, "temporary files are limited on the target", \
    "Building a large index is refused when its sort needs more.",                                 \
    "Set temp_file_limit = -1 on the target until the copy is done (a reload is enough).")         \
  ASKED(7058, NOTE, TARGET, ALWAYS, CHECK_LEFT_OURS, "the target has notes of earlier runs",       \
    "The schema pghaul says what was done; rows of other runs do no harm.",                        \
    "Drop it if no run is to go on.")                                                              \
  ASKED(7059, NOTE, TARGET, ALWAYS, CHECK_NOT_EMPTY, "the target is not empty",                    \
    "What is there stays as it is, besides the copy.",                                             \
    "Use an empty database if it is to be the same as the source.")                                \
  LOOKED_AT(7060, WARNING, TARGET, ALWAYS, "the target's disk is too small",                       \
    "Less is free than the source's size and a quarter of it, for indexes that are built and WAL.", \
    "Give it a larger disk.")                                                                      \
  /* ---- the pair ---- */                                                                         \
  ASKED(7101, ERROR, PAIR, ALWAYS, CHECK_COLLATIONS_MISSING, NULL, "CREATE TABLE would be refused.", NULL) \
  ASKED(7102, WARNING, PAIR, ALWAYS, CHECK_ENCODINGS, "the databases' encodings differ",           \
    "Text is converted by the target; what its encoding lacks is refused there (PGH-2005).",       \
    "Create the target with the source's encoding (pghaul clone --create does).")                  \
  ASKED(7103, WARNING, PAIR, ALWAYS, CHECK_LOCALES, "the databases' locales differ",               \
    "Text is sorted and compared in another way: results of ORDER BY change, and bounds of partitions by text may refuse rows.", \
    "Create the target with the source's locale (pghaul clone --create does).")                    \
  ASKED(7104, NOTE, PAIR, ALWAYS, CHECK_COLLATION_VERSIONS, "the libraries of collations differ",  \
    "Text may be sorted in another way on the target. Its indexes are built there, and are right.", \
    "Look at partitions by ranges of text, and at what relies on an order.")                       \
  ASKED(7105, NOTE, PAIR, ALWAYS, CHECK_PARAMETERS, "settings differ",                             \
    "The application may see other formats, results or limits on the target.",                     \
    "Set on the target what the application relies on.")                                           \
  ASKED(7106, NOTE, PAIR, ALWAYS, CHECK_SMALLER, "the target is set up smaller",                   \
    "The application may find too few connections, prepared transactions, workers or locks.",      \
    "Raise them on the target and restart it, before the application moves there.")                \
  ASKED(7107, WARNING, PAIR, ALWAYS, CHECK_EXTENSION_VERSIONS, "extensions come in another version", \
    "Functions may behave in another way, and an older version may lack some that are used.",      \
    "Give --extension-version, update the extension on either side, or see its release notes.")    \
  ASKED(7108, WARNING, PAIR, ALWAYS, CHECK_PRELOADED, "the target does not preload libraries",     \
    "What they do for the application (statistics, audit, jobs) is missing on the target, and some extensions cannot be created without.", \
    "Add them to shared_preload_libraries on the target and restart it.")
/* clang-format on */
