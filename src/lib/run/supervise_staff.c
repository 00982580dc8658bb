/*
 * supervise_staff.c - which workers a phase needs, and what each may claim.
 */
#include "run/supervisor.h"

#include "catalog/cutover.h"
#include "catalog/position.h"

enum {
    /* A guess at how long work takes one worker; and how much is worth starting another, which
       takes some 20 ms of two servers and ourselves. */
    ITEM_MS = 2,
    MEGABYTE_MS = 20,
    LITTLE_MS = 80,
    WORKER_MS = 60,
};

/* Of work that is not a role's own, it does what nobody else is there for. While many tables are
 * created, the schema worker has nothing else to do, and the others may get no share of a budget.
 */
static bool may_help(const struct supervisor *s, enum role role, enum lane lane)
{
    if (lane == LANE_COPY)
        return s->staff.copiers == 0;
    return s->staff.builders == 0 || (role == ROLE_SCHEMA && s->phase == PHASE_SCHEMA);
}

unsigned supervisor_lanes(const struct supervisor *s, enum role role)
{
    const int *lanes = role_entry(role)->lanes;
    unsigned mask = 0;
    for (int i = 0; i < LANES_OF_ROLE && lanes[i] != NO_LANE; i++)
        if (i == 0 || may_help(s, role, (enum lane)lanes[i]))
            mask |= 1U << lanes[i];
    return mask;
}

void supervisor_wake(struct supervisor *s, unsigned lanes)
{
    for (int role = 0; role < ROLES && !s->crew->paused; role++) {
        unsigned mask = supervisor_lanes(s, (enum role)role);
        if ((mask & lanes) != 0)
            crew_wake(s->crew, (enum role)role, mask);
    }
}

static int64_t guess_ms(int64_t items, int64_t bytes)
{
    return items * ITEM_MS + (bytes >> 20) * MEGABYTE_MS;
}

/* Workers for a stage's lane, up to the user's number of jobs; none for a little work, which is
 * done by those who are there. */
static int wanted_for(int64_t items, int64_t bytes, int64_t jobs)
{
    int64_t ms = guess_ms(items, bytes);
    int64_t wanted = 1 + ms / WORKER_MS;
    if (ms < LITTLE_MS)
        return 0;
    wanted = wanted > jobs ? jobs : wanted;
    return (int)(wanted > items ? items : wanted);
}

bool staff_for(struct db *db, const struct settings *settings, enum phase stage,
               struct staff *ret_staff, struct fault *why)
{
    int64_t copies, copy_bytes, builds, build_bytes, scripts, script_bytes;
    if (!work_lane_size(db, stage, LANE_COPY, &copies, &copy_bytes, why) ||
        !work_lane_size(db, stage, LANE_BUILD, &builds, &build_bytes, why) ||
        !work_lane_size(db, PHASE_SCHEMA, LANE_BUILD, &scripts, &script_bytes, why))
        return false;
    ret_staff->copiers = wanted_for(copies, copy_bytes, settings->table_jobs);
    ret_staff->builders = wanted_for(builds, build_bytes, settings->index_jobs);
    /* Each of the scripts has a good deal of tables; the schema worker takes one of them. */
    if (scripts - 1 > ret_staff->builders)
        ret_staff->builders = (int)scripts - 1;
    return true;
}

/* How many copy and build workers a stage gets is decided when its work is known, and again when
 * the user wants more or less of them: then who is there stays needed for what is left. */
static bool decide(struct supervisor *s, enum phase stage, struct fault *why)
{
    struct staff before = s->staff;
    if (s->decided == stage)
        return true;
    if (!staff_for(s->what->db, s->what->settings, stage, &s->staff, why))
        return false;
    if (s->stage == stage && before.copiers > 0 && s->staff.copiers == 0)
        s->staff.copiers = 1;
    if (s->stage == stage && before.builders > 0 && s->staff.builders == 0)
        s->staff.builders = 1;
    s->decided = s->stage = stage;
    return true;
}

static bool staff_copy_stage(struct supervisor *s, struct fault *why)
{
    bool copies, builds;
    if (!decide(s, PHASE_COPY, why) ||
        !work_lane_open(s->what->db, PHASE_COPY, LANE_COPY, &copies, why) ||
        !work_lane_open(s->what->db, PHASE_COPY, LANE_BUILD, &builds, why))
        return false;
    if (!copies && (s->staff.builders > 0 || !builds))
        crew_end(s->crew, ROLE_COPY, false);
    /* Who created tables leaves its share of a budget to others. */
    if (!builds && s->phase == PHASE_COPY)
        crew_end(s->crew, ROLE_BUILD, false);
    return (!copies || crew_fill_up_to(s->crew, ROLE_COPY, s->staff.copiers, why)) &&
           (!builds || crew_fill_up_to(s->crew, ROLE_BUILD, s->staff.builders, why));
}

/* Before foreign keys, when tables were copied in several snapshots. */
static bool staff_settle(struct supervisor *s, struct fault *why)
{
    bool ready;
    return work_ready(s->what->db, LANE_APPLY, INT64_MAX, &ready, why) &&
           (!ready || crew_fill_up_to(s->crew, ROLE_APPLY, 1, why));
}

static bool staff_refresh_stage(struct supervisor *s, struct fault *why)
{
    bool builds;
    return decide(s, PHASE_REFRESH, why) && crew_fill_up_to(s->crew, ROLE_SCHEMA, 1, why) &&
           staff_settle(s, why) &&
           work_lane_open(s->what->db, PHASE_REFRESH, LANE_BUILD, &builds, why) &&
           (!builds || crew_fill_up_to(s->crew, ROLE_BUILD, s->staff.builders, why));
}

/* As soon as the plan is there, those who will copy connect, while the schema is dumped and
 * created; and where there are many tables, those who create them. */
static bool staff_ahead(struct supervisor *s, struct fault *why)
{
    bool planning, tables;
    if (!work_lane_open(s->what->db, PHASE_PLAN, LANE_PLAN, &planning, why) ||
        !work_lane_open(s->what->db, PHASE_SCHEMA, LANE_BUILD, &tables, why))
        return false;
    return planning || (staff_copy_stage(s, why) &&
                        (!tables || crew_fill_up_to(s->crew, ROLE_BUILD, s->staff.builders, why)));
}

/* The snapshot is let go as soon as nobody reads in it, so that the source can vacuum. */
static bool staff_snapshot(struct supervisor *s, struct fault *why)
{
    bool open;
    if (!s->data_open)
        return true;
    if (!work_data_open(s->what->db, &open, why))
        return false;
    if (!open) {
        s->data_open = false;
        crew_end(s->crew, ROLE_SNAPSHOT, false);
    }
    return true;
}

bool supervisor_look(struct supervisor *s, struct fault *why)
{
    bool found;
    int64_t handed;
    struct position position;
    if (!s->what->settings->follow)
        return true;
    if (!position_get(s->what->db, &position, &found, why))
        return false;
    /* What a hand-over has seen applied was received. */
    if (!cutover_handed_over(s->what->db, &handed, why))
        return false;
    s->received = handed != 0 || (found && position.end != 0 && position.durable >= position.end);
    return true;
}

/* From the plan on: until then the start may have to be undone. */
static bool staff_receive(struct supervisor *s, struct fault *why)
{
    bool planning;
    if (!s->what->settings->follow)
        return true;
    if (s->received || s->phase > PHASE_FOLLOW)
        crew_end(s->crew, ROLE_GUARD, false);
    if (s->received || s->phase < PHASE_PLAN || s->phase > PHASE_FOLLOW)
        return true;
    return work_lane_open(s->what->db, PHASE_PLAN, LANE_PLAN, &planning, why) &&
           (planning || (crew_fill_up_to(s->crew, ROLE_RECEIVE, 1, why) &&
                         crew_fill_up_to(s->crew, ROLE_GUARD, 1, why)));
}

/* It may go on for days, so who has nothing to do in it ends. */
static bool staff_follow_stage(struct supervisor *s, struct fault *why)
{
    crew_end(s->crew, ROLE_SCHEMA, false);
    crew_end(s->crew, ROLE_BUILD, false);
    return staff_snapshot(s, why) && crew_fill_up_to(s->crew, ROLE_APPLY, 1, why) &&
           (s->received || crew_fill_up_to(s->crew, ROLE_CUTOVER, 1, why));
}

bool supervisor_staff(struct supervisor *s, struct fault *why)
{
    if (s->stopping != NOT_STOPPING)
        return true;
    s->crew->short_of = false;
    if (!staff_receive(s, why))
        return false;
    switch (s->phase) {
    case PHASE_NEW:
        if (!s->resumed)
            return crew_fill_up_to(s->crew, ROLE_RESUME, 1, why);
        /* Who will be needed next connects while the snapshot is taken. */
        return (!s->data_open || crew_fill_up_to(s->crew, ROLE_SNAPSHOT, 1, why)) &&
               crew_fill_up_to(s->crew, ROLE_SCHEMA, 1, why);
    case PHASE_PLAN:
    case PHASE_SCHEMA:
        return crew_fill_up_to(s->crew, ROLE_SCHEMA, 1, why) && staff_ahead(s, why);
    case PHASE_COPY:
        return crew_fill_up_to(s->crew, ROLE_SCHEMA, 1, why) && staff_copy_stage(s, why) &&
               staff_settle(s, why) && staff_snapshot(s, why);
    case PHASE_REFRESH:
        return staff_refresh_stage(s, why);
    case PHASE_POST:
        crew_end(s->crew, ROLE_COPY, false);
        return crew_fill_up_to(s->crew, ROLE_SCHEMA, 1, why);
    case PHASE_FOLLOW:
        return staff_follow_stage(s, why);
    case PHASE_CLOSE:
        crew_end(s->crew, ROLE_BUILD, false);
        crew_end(s->crew, ROLE_RECEIVE, false);
        crew_end(s->crew, ROLE_APPLY, false);
        crew_end(s->crew, ROLE_CUTOVER, false);
        return crew_fill_up_to(s->crew, ROLE_SCHEMA, 1, why);
    default:
        return true;
    }
}
