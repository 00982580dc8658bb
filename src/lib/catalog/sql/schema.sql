-- The catalog: everything that a run knows. Anyone may look at it with sqlite3; the views
-- at the end have plain names. Times are microseconds since 1970 UTC, sizes are bytes.

-- name: SCHEMA
create table run (
    id             integer primary key check (id = 1),
    name           text not null,
    uuid           text not null,                 -- first column of pghaul.done on the target
    version        text not null,                 -- of the pghaul that started the run
    state          text not null check (state in ('running', 'stopped', 'failed', 'done', 'cancelled')),
    phase          integer not null,              -- work.stage that is being worked on
    source         text not null,                 -- for people: without secrets
    target         text not null,
    source_id      text,                          -- system identifier and database, once known
    target_id      text,
    source_version integer,                       -- server_version_num
    target_version integer,
    encoding       text,                          -- of the source database
    snapshot       integer,                       -- snapshot.seq that the copies are made in
    created_us     integer not null,
    started_us     integer not null,              -- of the latest start or resume
    ended_us       integer,
    resumes        integer not null default 0,
    fault_id       integer,
    fault_text     text,
    fault_hint     text
) strict;

create table setting (
    name  text primary key,
    value text not null
) strict, without rowid;

create table snapshot (
    seq           integer primary key,
    id            text not null,                  -- for SET TRANSACTION SNAPSHOT
    lsn           text not null,                  -- WAL position when it was taken
    content       text not null,                  -- what it sees begins so; '' until entered
    holder        text not null check (holder in ('run', 'command', 'outside')),
    holder_pid    integer,                        -- of the pghaul process that holds it
    backend_pid   integer,
    backend_start text,
    taken_us      integer not null,
    ended_us      integer,
    -- Of one that a run that follows took in the place of its slot's own:
    settled       text,                           -- what it sees has committed before this LSN
    xids          text                            -- all that it sees: xmin:xmax:xip,…
) strict;

-- Which part of the source is meant.
create table filter (
    position integer primary key,
    kind     text not null,                       -- as pg_dump's options: table, exclude-schema, …
    pattern  text not null
) strict;

-- The runs that a run over several databases consists of, each with a catalog of its own.
create table member (
    position integer primary key,
    roles    integer not null,                    -- 1: brings the roles, 0: a database
    name     text not null,
    bytes    integer not null,                    -- on the source, when the run was made
    state    text not null default 'waiting'
             check (state in ('waiting', 'running', 'stopped', 'failed', 'done', 'cancelled')),
    unique (roles, name)
) strict;

-- What regular expressions among them mean.
create table filter_name (
    kind    text not null,
    nspname text not null,
    relname text not null,                        -- '': the schema itself
    primary key (kind, nspname, relname)
) strict, without rowid;

-- What the user wants to be another on the target.
create table mapping (
    position integer primary key,
    kind     text not null,                       -- as our options: tablespace-map, extension-version
    name     text not null,                       -- on the source
    value    text not null,
    unique (kind, name)
) strict;

-- What stays behind because it needs something that the filters leave out.
create table left_out (
    classid     integer not null,                 -- oid of the system catalog
    oid         integer not null,
    kind        text not null,                    -- relation, index, link (of a partition), server, other, alone;
                                                  -- comment, privileges, owner of a schema
    nspname     text not null,                    -- of a relation; a schema's
    relname     text not null,
    description text not null,
    reason      text not null,                    -- '': a filter itself says so, or nobody misses it
    primary key (classid, oid)
) strict, without rowid;

-- A default may be part of CREATE TABLE: then a sequence that it needs and that is not chosen has a
-- stand-in until the table is there and the default is dropped.
create table stand_in (
    nspname  text not null,                       -- of the table
    relname  text not null,
    attname  text not null,
    seq_nsp  text not null,                       -- of the sequence
    seq_name text not null
) strict;

-- Roles of the source that the target lacks: they come first.
create table obj_role (
    rolname text primary key,
    owns    integer not null default 0            -- something, so that we must become its member
) strict, without rowid;

create table obj_schema (
    oid     integer primary key,
    nspname text not null unique
) strict;

-- Every relation of the source that has a name in the way of others: for the check of the target.
create table obj_relation (
    oid     integer primary key,
    nspname text not null,
    relname text not null,
    kind    text not null                         -- pg_class.relkind
) strict;
create index obj_relation_name on obj_relation (nspname, relname);

-- What belongs to the database itself: set at the very end.
create table property (
    position integer primary key,
    kind     text not null,                       -- setting, limit, comment, label, privileges, privilege
    role     text not null,                       -- whom it is for; '': all; of a label, its provider
    text     text not null
) strict;

create table obj_table (
    oid           integer primary key,
    nspname       text not null,
    relname       text not null,
    kind          text not null,                  -- r table, p partitioned table, m materialized view
    filenode      integer not null,               -- as seen by the snapshot
    bytes         integer not null,               -- heap and TOAST
    blocks        integer not null,               -- of the heap
    rows_estimate integer not null,
    access_method text not null,
    columns       text not null,                  -- quoted names, in order, without generated ones
    column_types  text not null,                  -- "type/typmod/number,…" as a row description shows them
    format        text not null,                  -- text or binary
    condition     text,                           -- configuration table of an extension: its condition
    is_config     integer not null,               -- belongs to an extension: only its rows are copied
    has_data      integer not null,               -- rows are copied
    is_share      integer not null default 0,     -- only some of its rows or columns are
    is_small      integer not null default 0,     -- one item does all of it
    is_analyzed   integer not null default 0,     -- has statistics of its own
    is_carried    integer not null default 0,     -- they are the source's, else made by ANALYZE
    analyze_why   text,                           -- why they could not be carried
    split_by      text,                           -- ctid or key, when the table is split
    split_why     text not null,                  -- why it is split, or why not
    split_key     text,                           -- quoted column, when split by key
    signature     text not null default '',                  -- a line for each of the columns: quoted name, tab, type
    -- Of the target's table, where it was there before the run:
    no_truncate   integer not null default 0,     -- a key references it, or we may not
    is_guarded    integer not null default 0,     -- by triggers or keys, which must not fire
    is_root       integer not null default 0      -- it is partitioned, in whatever way
) strict;
create index obj_table_name on obj_table (nspname, relname);

create table obj_inherits (
    child  integer not null,
    parent integer not null,
    primary key (child, parent)
) strict, without rowid;
create index obj_inherits_parent on obj_inherits (parent);

-- A table of the source whose rows go to one above it, since the target has other partitions, or none.
create table landing (
    leaf   integer primary key,
    root   integer not null,
    counts integer not null                       -- the source has it, with rows of its own that follow
) strict;
create index landing_root on landing (root);

create table obj_index (
    oid        integer primary key,
    table_oid  integer not null,
    nspname    text not null,
    relname    text not null,
    definition text not null,                     -- CREATE INDEX …
    tablespace text,                              -- null: the database's
    bytes      integer not null,
    parent     integer,                           -- index of the partitioned table it is attached to
    partitioned integer not null,                 -- has no rows of its own: made with the schema
    marks      text,                              -- statements that restore CLUSTER, REPLICA IDENTITY, …
    is_valid   integer not null,
    is_there   integer not null default 0         -- on the target, before the run
) strict;
create index obj_index_table on obj_index (table_oid);
create index obj_index_parent on obj_index (parent) where parent is not null;

create table obj_constraint (
    oid        integer primary key,
    table_oid  integer not null,
    conname    text not null,
    kind       text not null,                     -- pg_constraint.contype: p u x f
    index_oid  integer,                           -- of p, u, x
    by_index   integer not null,                  -- may be attached with USING INDEX
    definition text not null,                     -- pg_get_constraintdef; where there is verify, the table's name
    suffix     text not null,                     -- DEFERRABLE …, for USING INDEX
    ref_table  integer,                           -- of f
    validated  integer not null,
    is_there   integer not null default 0,        -- on the target, before the run
    verify     text                               -- a key of the target only: finds a row that breaks it
) strict;
create index obj_constraint_table on obj_constraint (table_oid);
create index obj_constraint_index on obj_constraint (index_oid);

-- Calls of functions of the target that restore the source's statistics.
create table obj_statistic (
    table_oid integer not null,
    call      text not null
) strict;
create index obj_statistic_table on obj_statistic (table_oid);

create table obj_sequence (
    oid     integer primary key,
    nspname text not null,
    relname text not null
) strict;

-- The table of contents of the schema's dump.
create table toc (
    dump_id     integer primary key,
    position    integer not null,
    table_oid   integer not null,                 -- pg_class.oid of the catalog that holds the object
    oid         integer not null,
    description text not null,
    label       text not null,                    -- rest of the line: schema, name, owner
    content     integer not null default 0,       -- enum content: what asks for it
    script      text                              -- pre, tables-N, views, post, …; null: ours, or left out
) strict;
create index toc_object on toc (oid);

-- What an entry needs of the others; read only where somebody asks.
create table toc_need (
    dump_id integer not null,
    needs   integer not null,
    primary key (needs, dump_id)
) strict, without rowid;

-- Which tables an entry needs, itself included, however indirectly; where there are many tables.
create table toc_table (
    dump_id integer not null,
    needs   integer not null,
    primary key (dump_id, needs)
) strict, without rowid;

create table work (
    id         integer primary key,
    stage      integer not null,                  -- the phase in which it may be claimed
    lane       integer not null,                  -- which role of worker claims it
    kind       text not null,
    object     integer,                           -- oid it is about
    part       integer not null default 0,
    leaf       integer,                           -- of a part: the table of the source that has its rows,
                                                  --   null: the object itself
    name       text not null,                     -- for people
    priority   integer not null,                  -- largest first
    bytes      integer not null default 0,        -- expected
    low        text,                              -- bounds of a part or batch: from low up to
    high       text,                              --   before high, null: open
    waits      integer not null default 0,        -- items that must be done before
    state      text not null default 'ready' check (state in ('ready', 'running', 'done')),
    owner      integer,                           -- process.id while running
    epoch      integer not null default 0,        -- counts claims: fences a worker that was given up
    attempts   integer not null default 0,
    snapshot   integer,                           -- snapshot.seq that it was done in
    confirmed  integer not null default 0,        -- at the last resume the target had it
    started_us integer,
    ended_us   integer,
    rows       integer,
    moved      integer,                           -- bytes moved, so far or in all
    fault      text                               -- of the last attempt that failed
) strict;
create index work_ready on work (stage, lane, priority desc, id) where state = 'ready' and waits = 0;
create index work_open on work (stage, lane) where state <> 'done';
create index work_object on work (object, kind);
create index work_leaf on work (leaf) where leaf is not null;
create index work_owner on work (owner) where owner is not null;

-- What the items of a kind have together, kept by triggers: whoever looks at a run would have to read all
-- of its items otherwise, each time.
create table tally (
    kind         text primary key,
    stage        integer not null,                -- of the first one,
    id           integer not null,                --   and its id
    items        integer not null default 0,
    done         integer not null default 0,
    running      integer not null default 0,
    most         integer not null default 0,      -- that ran at the same time
    bytes        integer not null default 0,
    bytes_done   integer not null default 0,      -- of those that are done,
    bytes_moving integer not null default 0,      --   and what others have moved of theirs
    rows         integer not null default 0,
    moved        integer not null default 0,
    started_us   integer,                         -- when the first one was begun
    ended_us     integer,                         -- when the last one ended
    worked_us    integer not null default 0       -- time of all of them that are done
) strict, without rowid;

create trigger work_tally_insert after insert on work begin
    insert into tally (kind, stage, id) values (new.kind, new.stage, new.id) on conflict do nothing;
    update tally
       set items = items + 1, done = done + (new.state = 'done'), running = running + (new.state = 'running'),
           stage = min(stage, new.stage), id = min(id, new.id), bytes = bytes + new.bytes,
           bytes_done = bytes_done + iif(new.state = 'done', new.bytes, 0),
           bytes_moving = bytes_moving + iif(new.state = 'done', 0, min(coalesce(new.moved, 0), new.bytes)),
           rows = rows + coalesce(new.rows, 0), moved = moved + coalesce(new.moved, 0),
           worked_us = worked_us + iif(new.state = 'done', coalesce(new.ended_us - new.started_us, 0), 0)
     where kind = new.kind;
end;

create trigger work_tally_update after update of state, bytes, rows, moved, started_us, ended_us on work begin
    update tally
       set done = done + (new.state = 'done') - (old.state = 'done'),
           running = running + (new.state = 'running') - (old.state = 'running'),
           most = max(most, running + (new.state = 'running') - (old.state = 'running')),
           bytes = bytes + new.bytes - old.bytes,
           bytes_done = bytes_done + iif(new.state = 'done', new.bytes, 0) - iif(old.state = 'done', old.bytes, 0),
           bytes_moving = bytes_moving + iif(new.state = 'done', 0, min(coalesce(new.moved, 0), new.bytes))
                        - iif(old.state = 'done', 0, min(coalesce(old.moved, 0), old.bytes)),
           rows = rows + coalesce(new.rows, 0) - coalesce(old.rows, 0),
           moved = moved + coalesce(new.moved, 0) - coalesce(old.moved, 0),
           started_us = coalesce(min(started_us, new.started_us), started_us, new.started_us),
           ended_us = coalesce(max(ended_us, new.ended_us), ended_us, new.ended_us),
           worked_us = worked_us + iif(new.state = 'done', coalesce(new.ended_us - new.started_us, 0), 0)
                     - iif(old.state = 'done', coalesce(old.ended_us - old.started_us, 0), 0)
     where kind = new.kind;
end;

create trigger work_tally_delete after delete on work begin
    update tally
       set items = items - 1, done = done - (old.state = 'done'), running = running - (old.state = 'running'),
           bytes = bytes - old.bytes, bytes_done = bytes_done - iif(old.state = 'done', old.bytes, 0),
           bytes_moving = bytes_moving - iif(old.state = 'done', 0, min(coalesce(old.moved, 0), old.bytes)),
           rows = rows - coalesce(old.rows, 0), moved = moved - coalesce(old.moved, 0),
           worked_us = worked_us - iif(old.state = 'done', coalesce(old.ended_us - old.started_us, 0), 0)
     where kind = old.kind;
    delete from tally where kind = old.kind and items = 0;
end;

-- What was found on the target, before the run or by the check of the result: filled, compared, emptied.
create table found_relation (
    nspname     text not null,
    relname     text not null,
    kind        text not null,                    -- pg_class.relkind
    columns     text not null,                    -- as obj_table.signature
    no_truncate integer not null,
    is_guarded  integer not null,
    obstacle    text not null,                    -- '': none
    above_nsp   text,                             -- of a partition, the table that it belongs to
    above_name  text,
    primary key (nspname, relname)
) strict, without rowid;
create table found_index (
    nspname    text not null,
    relname    text not null,
    table_nsp  text not null,
    table_name text not null,
    definition text not null,
    is_valid   integer not null
) strict;
create index found_index_name on found_index (nspname, relname);
create table found_constraint (
    nspname    text not null,
    relname    text not null,
    conname    text not null,
    definition text not null,
    validated  integer not null
) strict;
create index found_constraint_name on found_constraint (nspname, relname, conname);

create table edge (
    before integer not null,
    after  integer not null,
    primary key (before, after)
) strict, without rowid;
create index edge_after on edge (after);

-- Of `pghaul compare`: relations of each side, what is compared with what, the parts in which that is
-- read, and what was found.
create table side_relation (
    side      integer not null,                   -- 0 source, 1 target
    oid       integer not null,
    nspname   text not null,
    relname   text not null,
    kind      text not null,                      -- pg_class.relkind
    filenode  integer not null,
    bytes     integer not null,
    blocks    integer not null,                   -- 0: is read as a whole
    top       integer not null,                   -- the partitioned table that it is part of; 0: none
    populated integer not null,
    columns   text not null,                      -- a line each: quoted name, built-in type, own cast
    key       text not null,                      -- a line each
    is_member integer not null,                   -- belongs to an extension
    chosen    integer not null default 0,         -- by the filters
    pair      integer,
    primary key (oid, side)                       -- none begins with the side, half of all have the same
) strict, without rowid;
create index side_relation_name on side_relation (nspname, relname, side);
create index side_relation_top on side_relation (top, side);
create index side_relation_pair on side_relation (pair);
create table pair (
    id          integer primary key,
    kind        text not null,                    -- table, sequence, large objects
    nspname     text not null,
    relname     text not null,
    row_sql     text not null default '',         -- an expression for all that is compared of a row,
    sum_sql     text not null default '',         --   one for the same, as it is hashed to be summed up,
    seed_sql    text not null default '',         --   one for a number that no other row has, '': there is none,
    key_sql     text not null default '',         --   one for its key, '': it has none
    columns     text not null default '',         -- that both have
    condition   text not null default '',         -- WHERE …
    state       text not null default 'open' check (state in ('open', 'equal', 'differs', 'unverified')),
    note        text not null default '',
    bytes       integer not null default 0,       -- to be read, on both sides
    source_rows integer not null default 0,
    source_high integer not null default 0,       -- both halves of the sum, modulo 2^64
    source_low  integer not null default 0,
    target_rows integer not null default 0,
    target_high integer not null default 0,
    target_low  integer not null default 0,
    missing     integer not null default 0,       -- rows of the source that the target lacks,
    extra       integer not null default 0,       --   the other way round,
    changed     integer not null default 0,       --   and of the same key
    repaired    integer not null default 0
) strict;
create index pair_state on pair (state);
create index pair_name on pair (kind, nspname, relname);
create table scan_part (
    id    integer primary key,
    side  integer not null,
    pair  integer not null,
    oid   integer not null,                       -- the relation
    low   integer not null,                       -- block, or oid of a large object
    high  integer not null,                       -- before it; 0: to the end
    bytes integer not null
) strict;
create index scan_part_side on scan_part (side, id);
create index scan_part_pair on scan_part (pair);
create table finding (
    pair     integer not null,
    position integer not null,
    kind     text not null,                       -- missing, extra, changed
    shown    text not null,
    primary key (pair, position)
) strict, without rowid;
create table schema_object (
    side   integer not null,
    label  text not null,                         -- kind, schema, name
    number integer not null,                      -- among those of the same label
    start  integer not null,                      -- its text in the dump
    length integer not null,
    state  text not null,                         -- SET statements that hold for it
    primary key (side, label, number)
) strict, without rowid;

create table process (
    id            integer primary key,
    role          text not null,
    number        integer not null,
    pid           integer not null,
    started_us    integer not null,
    ended_us      integer,
    source_pid    integer,                        -- backends that may still commit after our death
    source_start  text,
    target_pid    integer,
    target_start  text,
    reaped        integer not null default 0,     -- its backends are known to be gone
    note          text,                           -- what its backend is doing or waiting for
    ending        text
) strict;
create index process_live on process (target_pid) where ended_us is null;

-- Of a run that follows: what it has made on the source, and how far it is. LSNs are written as the
-- server writes them. A row of another run is what one that was given up has left on its source.
create table position (
    run          text primary key,                -- run.uuid
    slot         text not null,
    publication  text not null,                   -- '': none
    insert_publication text not null default '',  -- of tables of which only inserts follow; '': none
    plugin       text not null default '',        -- of the slot; '': not chosen yet
    source_id    text,                            -- of the source they are on; null: nothing was made
    consistent   text,                            -- what committed before it is in the snapshot
    received     text,                            -- what did is here, on disk or not yet,
    durable      text,                            -- is on our disk,
    applied      text,                            -- is committed on the target,
    flushed      text,                            -- is on the target's disk
    stop         text,                            -- where to end: an LSN or now; null: nowhere
    stop_now     integer not null default 0,      -- that LSN was now
    received_us  integer,                         -- when these were noted
    applied_us   integer,
    commit_us    integer,                         -- of the last transaction applied, by the source's clock
    transactions integer not null default 0,
    inserts      integer not null default 0,
    updates      integer not null default 0,
    deletes      integer not null default 0,
    truncates    integer not null default 0,
    conflicts    integer not null default 0,
    format       text,                            -- of values in the stream: text or binary; null: not begun
    timeline     integer,                         -- of the source's WAL, as far as it was received
    slot_state   text,                            -- of the WAL that the slot needs, as the source says it
    slot_keeps   integer,                         -- bytes of WAL that the source keeps for it
    slot_safe    integer,                         -- bytes until it is in danger; null: without end
    slot_us      integer                          -- when these were seen
) strict, without rowid;

-- How the user steers a run while it goes on.
create table steering (
    id        integer primary key check (id = 1),
    version   integer not null,                   -- counts what was changed, settings too,
    taken     integer not null default 0,         -- and how much of it the supervisor has taken
    paused    integer not null default 0,         -- nothing is copied, built or applied
    paused_us integer                             -- since when
) strict;

-- That apply is to wait for a moment, for who reads both sides.
create table cutover (
    id              integer primary key,
    kind            text not null check (kind in ('cutover', 'rehearsal', 'dry run')),
    state           text not null check (state in ('asked', 'running', 'given up', 'rehearsed', 'handed over', 'done')),
    freeze          integer not null,             -- enum freeze_mode
    max_downtime_ms integer not null,
    verify          integer not null,
    leave_open      integer not null,             -- the source is to take writes afterwards
    reverse         integer not null,             -- with a way back
    command         text not null,                -- of --on-cutover; '': none
    before_command  text not null,                -- of --before-freeze; '': none
    cancelled       integer not null default 0,   -- who asked wants it no more
    stop            text,                         -- what committed before this LSN came over
    asked_us        integer not null,
    begun_us        integer,
    frozen_us       integer,                      -- from then on the source took no writes,
    handed_us       integer,                      -- … from then on there was only forwards,
    ready_us        integer,                      -- … from then on the target could
    ended_us        integer,
    fault_id        integer,
    fault_text      text,
    fault_detail    text,
    fault_hint      text
) strict;

create table cutover_step (
    id       integer primary key,
    cutover  integer not null,
    step     text not null,
    begun_us integer not null,
    ended_us integer,
    note     text not null default ''
) strict;
create index cutover_step_cutover on cutover_step (cutover);

-- What the source was before it was frozen; noted before it is.
create table frozen (
    kind  text not null,                          -- database, role: default_transaction_read_only; allow: connections; at: when
    name  text not null,                          -- of the role; of at: of the database
    value text,                                   -- null: it was not set
    primary key (kind, name)
) strict, without rowid;

create table pause (
    id       integer primary key check (id = 1),
    lsn      text not null,                       -- applied up to there
    until_us integer not null,                    -- the wish ends by itself
    held     text                                 -- apply waits, and has applied up to there
) strict;

-- The relations whose changes a run means to follow.
create table published (
    oid      integer primary key,
    nspname  text not null,
    relname  text not null,
    kind     text not null,                       -- r table, p partitioned table
    identity text not null,                       -- of a row: key, index, full; '': none
    logged   integer not null,
    given    text not null,                       -- where there is none, what the table has: DEFAULT, NOTHING
    children integer not null                     -- direct ones on the source; -1: it cannot be published whole
) strict;
create index published_by_name on published (relname, nspname);

-- Of a way back: the relations that the run which it turns back has brought.
create table back_relation (
    nspname text not null,
    relname text not null,
    kind    text not null,                        -- r table, p partitioned table, S sequence
    primary key (nspname, relname)
) strict, without rowid;

-- Tables of the source that were given REPLICA IDENTITY FULL, and what they had before: those of a
-- run that was given up, too.
create table identity_changed (
    run     text not null,                        -- run.uuid
    oid     integer not null,
    nspname text not null,
    relname text not null,
    given   text not null,                        -- DEFAULT, NOTHING
    primary key (run, oid)
) strict, without rowid;

-- Tables of the source as they were when their changes last went to the target: where that is not as the
-- plan has them.
create table described (
    oid     integer primary key,
    nspname text not null,
    relname text not null,
    columns text not null,                        -- quoted names, without generated ones
    target  integer not null,                     -- oid of the table there
    gone    integer not null default 0            -- the source has it no more
) strict;

-- Triggers and rules of the target that would fire on changes too: off while these are applied.
create table switched_off (
    nspname text not null,
    relname text not null,
    kind    text not null,                        -- TRIGGER, RULE
    name    text not null,
    enabled text not null,                        -- as it was: ALWAYS, REPLICA
    primary key (nspname, relname, kind, name)
) strict, without rowid;

-- What a run that goes on has done by when: a row for each of the last seconds, over and over.
create table sample (
    place        integer primary key,             -- the second, modulo their number
    at_us        integer not null,
    bytes        integer not null,                -- copied, as the plan counts them
    rows         integer not null,                -- of finished items
    transactions integer not null,                -- and so on: as in position
    inserts      integer not null,
    updates      integer not null,
    deletes      integer not null,
    received     text not null,
    applied      text not null,
    caught_up_us integer not null                 -- when all that was received was applied last; 0: not seen
) strict;

-- What the source said of itself, to who guards its slot.
create table source_seen (
    id      integer primary key check (id = 1),
    at_us   integer not null,
    wal_end text not null,
    skew_us integer not null                      -- its clock is so far before ours
) strict;

-- What the backends of our processes did when they were looked at last.
create table backend (
    process  integer not null,                    -- process.id
    side     text not null,                       -- source, target
    at_us    integer not null,
    since_us integer not null,                    -- when it was first seen waiting for this
    state    text not null,                       -- as in pg_stat_activity:
    type     text not null,                       -- wait_event_type,
    event    text not null,                       -- wait_event
    object   text not null,                       -- of a lock: the relation; '': another thing
    holder   text not null,                       -- who has it, for people
    primary key (process, side)
) strict, without rowid;

create table event (
    id       integer primary key,
    at_us    integer not null,
    level    text not null,
    fault_id integer,
    text     text not null
) strict;

create view v_progress as
select stage, kind,
       count(*) as items,
       sum(state = 'ready') as ready,
       sum(state = 'running') as running,
       sum(state = 'done') as done,
       sum(bytes) as bytes,
       sum(case when state = 'done' then bytes else min(coalesce(moved, 0), bytes) end) as bytes_done,
       sum(rows) as rows
  from work group by stage, kind;

create view v_tables as
select t.nspname, t.relname, t.bytes, t.rows_estimate, t.format, t.split_by,
       count(w.id) as parts,
       sum(w.state = 'done') as parts_done,
       sum(w.rows) as rows,
       sum(w.moved) as moved,
       sum(w.ended_us - w.started_us) as worked_us,
       max(case w.state when 'done' then w.snapshot end) as snapshot
  from obj_table t left join work w on coalesce(w.leaf, w.object) = t.oid and w.kind in ('table', 'part', 'small', 'config')
 where t.has_data
 group by t.oid;

create view v_errors as
select at_us, level, fault_id, text from event where level in ('error', 'warning');
