#include "cdc/relation.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/described.h"
#include "catalog/landing.h"
#include "plan/ask.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of a domain, the type that it is over. */
struct source_type {
    uint32_t oid;
    char *nspname;
    char *name;
};

/* ---- the list ---- */

static void drop_relation(struct relation **held)
{
    struct relation *relation = *held;
    if (relation == NULL)
        return;
    for (int i = 0; i < relation->count; i++)
        free(relation->columns[i].name);
    free(relation->columns);
    free(relation->nspname);
    free(relation->relname);
    free(relation->bytes);
    drop_destination(&relation->to);
    drop_memory(held);
}

static struct relation **slot_of(const struct relations *relations, uint32_t oid)
{
    size_t slot = ((size_t)oid * 2654435761U) & (relations->room - 1);
    while (relations->list[slot] != NULL && relations->list[slot]->oid != oid)
        slot = (slot + 1) & (relations->room - 1);
    return &relations->list[slot];
}

static void grow(struct relations *relations)
{
    struct relations larger = *relations;
    larger.room = relations->room == 0 ? 64 : relations->room * 2;
    larger.list = new_memory(larger.room, sizeof(struct relation *));
    for (size_t i = 0; i < relations->room; i++)
        if (relations->list[i] != NULL)
            *slot_of(&larger, relations->list[i]->oid) = relations->list[i];
    free(relations->list);
    *relations = larger;
}

struct relation *relations_known(const struct relations *relations, uint32_t oid)
{
    return relations->room == 0 ? NULL : *slot_of(relations, oid);
}

void drop_relations(struct relations *relations)
{
    for (size_t i = 0; i < relations->room; i++)
        drop_relation(&relations->list[i]);
    free(relations->list);
    for (size_t i = 0; i < relations->type_count; i++) {
        free(relations->types[i].nspname);
        free(relations->types[i].name);
    }
    free(relations->types);
}

/* ---- what the stream says ---- */

static const char *named(const char *namespace)
{
    return *namespace == '\0' ? "pg_catalog" : namespace;
}

static struct relation *make(const uint8_t *bytes, size_t length,
                             const struct pgoutput_relation *described)
{
    struct relation *relation = new_memory(1, sizeof *relation);
    struct pgoutput_columns columns = described->columns;
    struct pgoutput_column column;
    relation->oid = described->oid;
    relation->nspname = copy_string(named(described->namespace));
    relation->relname = copy_string(described->name);
    relation->identity = described->replica_identity;
    relation->columns = new_memory((size_t)columns.count + 1, sizeof *relation->columns);
    while (pgoutput_columns_next(&columns, &column))
        relation->columns[relation->count++] = (struct relation_column){
            .name = copy_string(column.name),
            .type = column.type,
            .typmod = column.typmod,
            .key = column.key,
        };
    relation->bytes = new_memory(1, length);
    memcpy(relation->bytes, bytes, length);
    relation->length = length;
    return relation;
}

bool relation_is_same(const struct relations *relations, uint32_t oid, const uint8_t *bytes,
                      size_t length)
{
    const struct relation *relation = relations_known(relations, oid);
    return relation != NULL && relation->length == length &&
           memcmp(relation->bytes, bytes, length) == 0;
}

/* The next change of each of a table's partitions looks for it anew. */
static void forget_destination(struct relations *relations, uint32_t root)
{
    for (size_t i = 0; i < relations->room && root != 0; i++)
        if (relations->list[i] != NULL && relations->list[i]->root == root)
            drop_destination(&relations->list[i]->to);
}

bool relations_describe(struct relations *relations, const uint8_t *bytes, size_t length,
                        const struct pgoutput_message *message, struct fault *why)
{
    scoped(drop_relation) struct relation *now = make(bytes, length, &message->relation);
    if (relations->count * 2 >= relations->room)
        grow(relations);
    struct relation **slot = slot_of(relations, now->oid);
    if (*slot != NULL) {
        FAILPOINT("apply.relation_changed", why);
        forget_destination(relations, (*slot)->root);
        drop_relation(slot);
    } else {
        relations->count++;
    }
    *slot = give(now);
    return true;
}

void relations_describe_type(struct relations *relations, const struct pgoutput_type *type)
{
    size_t i = 0;
    while (i < relations->type_count && relations->types[i].oid != type->oid)
        i++;
    if (i == relations->type_count) {
        relations->types =
            grow_memory(relations->types, relations->type_count++, sizeof *relations->types);
        relations->types[i] = (struct source_type){.oid = type->oid};
    }
    free(relations->types[i].nspname);
    free(relations->types[i].name);
    relations->types[i].nspname = copy_string(named(type->namespace));
    relations->types[i].name = copy_string(type->name);
}

/* ---- where it goes ---- */

static bool refuse(const struct relation *relation, struct fault *why, const char *what,
                   const char *column)
{
    return fault_set(why, FAULT_APPLY_DDL, "table %s.%s: column \"%s\" %s", relation->nspname,
                     relation->relname, column, what);
}

/* Types that are built in have the same oid everywhere; others are told apart by their names. */
static bool same_base(const struct relations *relations, const struct relation_column *column,
                      const struct destination_column *to)
{
    for (size_t i = 0; i < relations->type_count; i++)
        if (relations->types[i].oid == column->type)
            return strcmp(relations->types[i].nspname, to->base_namespace) == 0 &&
                   strcmp(relations->types[i].name, to->base_name) == 0;
    return column->type == to->base;
}

static bool same_type(const struct relations *relations, const struct relation_column *column,
                      const struct destination_column *to)
{
    return same_base(relations, column, to) &&
           (to->type != to->base || column->typmod == to->typmod);
}

static bool place_columns(const struct relations *relations, struct relation *relation,
                          const struct destination *to, struct fault *why)
{
    bool strict = relations->on_ddl == DDL_STOP;
    for (int i = 0; i < relation->count; i++) {
        struct relation_column *column = &relation->columns[i];
        column->at = destination_column(to, column->name);
        column->other = column->at >= 0 && !same_base(relations, column, &to->columns[column->at]);
        if (column->at < 0 && (strict || column->key))
            return refuse(relation, why, "is not on the target", column->name);
        if (column->at < 0)
            log_warning("table %s.%s: column \"%s\" is not on the target: its values are left out",
                        relation->nspname, relation->relname, column->name);
        else if (strict && !same_type(relations, column, &to->columns[column->at]))
            return refuse(relation, why, "has another type on the target", column->name);
    }
    return true;
}

static bool check_others(const struct relation *relation, const struct destination *to,
                         struct fault *why)
{
    for (int i = 0; i < to->count; i++) {
        bool comes = false;
        for (int j = 0; j < relation->count && !comes; j++)
            comes = relation->columns[j].at == i;
        if (!comes && to->columns[i].needs_value)
            return refuse(relation, why,
                          "of the target needs a value that the source does not have",
                          to->columns[i].name);
    }
    return true;
}

static bool comes(const struct relation *relation, int column)
{
    for (int i = 0; i < relation->count; i++)
        if (relation->columns[i].at == column)
            return true;
    return false;
}

/* With REPLICA IDENTITY FULL the whole row comes: then the target's primary key will do. The
 * number of its columns. */
static int find_primary(const struct relation *relation, const struct destination *to, int *key)
{
    int count = 0;
    for (int place = 1; place <= to->count; place++)
        for (int i = 0; i < to->count; i++)
            if (to->columns[i].primary == place) {
                if (!comes(relation, i))
                    return 0;
                key[count++] = i;
            }
    return count;
}

static int find_key(const struct relation *relation, const struct destination *to, int *key)
{
    int count = 0;
    if (relation->identity == PGOUTPUT_IDENTITY_FULL)
        return find_primary(relation, to, key);
    for (int i = 0; i < relation->count; i++)
        if (relation->columns[i].key && relation->columns[i].at >= 0)
            key[count++] = relation->columns[i].at;
    return count;
}

static void set_key(const struct relation *relation, struct destination *to)
{
    to->key_count = find_key(relation, to, to->key);
    to->by_image = to->key_count == 0 && relation->identity == PGOUTPUT_IDENTITY_FULL;
}

/* Rows of several partitions are told apart in one way. */
static bool check_same_key(const struct relation *relation, const struct destination *to,
                           struct fault *why)
{
    scoped(drop_memory) int *key = new_memory((size_t)to->count + 1, sizeof *key);
    int count = find_key(relation, to, key), shared = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < to->key_count; j++)
            shared += key[i] == to->key[j];
    bool image = count == 0 && relation->identity == PGOUTPUT_IDENTITY_FULL;
    return (shared == count && count == to->key_count && image == to->by_image) ||
           fault_set(why, FAULT_APPLY_REFUSED,
                     "table %s.%s has another replica identity than others whose rows go to %s.%s "
                     "of the target, too",
                     relation->nspname, relation->relname, to->nspname, to->relname);
}

/* What is unique in each partition need not be so in all of them together. */
static bool check_unique(const struct relations *relations, const struct relation *relation,
                         const struct destination *to, struct fault *why)
{
    bool unique;
    if (to->key_count == 0)
        return true;
    if (!destination_has_unique_key(relations->target, to, &unique, why))
        return false;
    return unique ||
           fault_set(why, FAULT_APPLY_REFUSED,
                     "table %s.%s of the target has no unique index on the replica identity of "
                     "%s.%s: rows of its partitions could not be told apart",
                     to->nspname, to->relname, relation->nspname, relation->relname);
}

/* ---- what it was before ---- */

/* A column that the source has no more, but the target has: nothing that comes would tell. And one
 * whose values the target makes by itself, while they come now. */
static bool check_columns(const struct relation *relation, const struct described *before,
                          const struct destination *to, struct fault *why)
{
    const char *columns = strbuf_text(&before->columns);
    for (int i = 0; i < to->count; i++) {
        const struct destination_column *column = &to->columns[i];
        bool did = described_has(columns, column->quoted), does = comes(relation, i);
        if (did && !does && !column->generated)
            return refuse(relation, why, "is not on the source any more, but on the target",
                          column->name);
        if (!did && does && column->generated)
            return refuse(relation, why, "is computed on the target, and not on the source",
                          column->name);
    }
    return true;
}

static bool has_its_name(const struct relation *relation, const struct described *before)
{
    return strcmp(strbuf_text(&before->nspname), relation->nspname) == 0 &&
           strcmp(strbuf_text(&before->relname), relation->relname) == 0;
}

/* The name that the table has now which changes went to before; no row: there is none. */
static bool find_former(const struct relations *relations, const struct described *before,
                        struct rows *ret_rows, struct fault *why)
{
    char oid[24];
    const char *const values[] = {oid};
    snprintf(oid, sizeof oid, "%" PRId64, before->target);
    return ask_with(relations->target, ASK_TABLE_NAME, 1, values, ret_rows, why);
}

/* Where nothing has come of a table before, its name is all that is known. */
static bool check_name(const struct relations *relations, const struct relation *relation,
                       const struct described *before, struct fault *why)
{
    scoped(drop_destination) struct destination *old = NULL;
    const char *nspname = before->nspname.text, *relname = before->relname.text;
    if (has_its_name(relation, before))
        return true;
    if (!destination_load(relations->target, nspname, relname, 0, &old, why))
        return false;
    if (old != NULL && relations->on_ddl == DDL_STOP)
        return fault_set(why, FAULT_APPLY_DDL,
                         "table %s.%s is called %s.%s on the source now, and the target has both",
                         nspname, relname, relation->nspname, relation->relname);
    if (old != NULL)
        log_warning("table %s.%s is called %s.%s on the source now, and the target has both",
                    nspname, relname, relation->nspname, relation->relname);
    return true;
}

/* A name may have gone to another table, on either side: then the one that changes went to before
 * is still there. */
static bool check_table(const struct relations *relations, const struct relation *relation,
                        const struct described *before, const struct destination *to,
                        struct fault *why)
{
    scoped(drop_rows) struct rows former = ROWS_NONE;
    if (before->target == 0)
        return check_name(relations, relation, before, why);
    if (to->oid == (uint32_t)before->target)
        return true;
    if (!find_former(relations, before, &former, why))
        return false;
    if (rows_count(&former) == 0)
        return true;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(
        &text, "table %s.%s of the target is not the one that its changes went to: that is %s.%s",
        relation->nspname, relation->relname, rows_text(&former, 0, 0), rows_text(&former, 0, 1));
    if (!has_its_name(relation, before) || relations->on_ddl == DDL_STOP)
        return fault_set(why, FAULT_APPLY_DDL, "%s", text.text);
    log_warning("%s", text.text);
    return true;
}

static bool note(const struct relations *relations, const struct relation *relation,
                 const struct described *before, const struct destination *to, struct fault *why)
{
    scoped(drop_described) struct described now = {.target = to->oid};
    strbuf_add(&now.nspname, relation->nspname);
    strbuf_add(&now.relname, relation->relname);
    for (int i = 0; i < relation->count; i++) {
        strbuf_add(&now.columns, i == 0 ? "" : ", ");
        strbuf_add_identifier(&now.columns, relation->columns[i].name);
    }
    bool same = before->found && has_its_name(relation, before) &&
                strcmp(strbuf_text(&before->columns), strbuf_text(&now.columns)) == 0;
    if (same && before->target == now.target)
        return true;
    /* What is as the plan has it need not be on the disk: it would be found so again. */
    return described_put(relations->db, relation->oid, &now, !same, why);
}

static bool lacks_table(const struct relation *relation, const struct described *before,
                        struct fault *why)
{
    if (relation->gone) {
        log_warning("table %s.%s is on neither side any more: changes of it are left out",
                    relation->nspname, relation->relname);
        return true;
    }
    bool renamed = before->found && !has_its_name(relation, before);
    return fault_set(why, FAULT_APPLY_DDL, "table %s.%s is not on the target%s%s%s%s",
                     relation->nspname, relation->relname, renamed ? ": before, its name was " : "",
                     renamed ? before->nspname.text : "", renamed ? "." : "",
                     renamed ? before->relname.text : "");
}

/* Where changes of another partition go already. */
static struct destination *shared(const struct relations *relations, uint32_t root)
{
    for (size_t i = 0; i < relations->room && root != 0; i++)
        if (relations->list[i] != NULL && relations->list[i]->root == root &&
            relations->list[i]->to != NULL) {
            relations->list[i]->to->users++;
            return relations->list[i]->to;
        }
    return NULL;
}

static bool look_for(struct relations *relations, struct relation *relation,
                     struct destination **ret_to, struct fault *why)
{
    scoped(drop_landing) struct landing landing = {.root = 0};
    if (!landing_get(relations->db, relation->oid, &landing, why))
        return false;
    relation->root = landing.root;
    *ret_to = shared(relations, landing.root);
    if (*ret_to != NULL)
        return true;
    const char *nspname = landing.root != 0 ? landing.nspname.text : relation->nspname;
    const char *relname = landing.root != 0 ? landing.relname.text : relation->relname;
    return destination_load(relations->target, nspname, relname, relations->serial++, ret_to, why);
}

/* What is missing is asked about: then it may be known to be gone, or where its rows go. */
static bool find_destination(struct relations *relations, struct relation *relation,
                             const struct described *before, struct destination **ret_to,
                             struct fault *why)
{
    relation->gone = before->gone;
    if (!look_for(relations, relation, ret_to, why))
        return false;
    /* The target may have a table of a new partition's name, and not use it. */
    bool doubtful = *ret_to == NULL || (relation->root == 0 && !before->found);
    if (!doubtful || before->gone || relations->is_gone == NULL)
        return true;
    if (!relations->is_gone(relations->arg, relation->oid, &relation->gone, why))
        return false;
    if (relation->gone)
        return true;
    drop_destination(ret_to);
    return look_for(relations, relation, ret_to, why);
}

/* How rows are told apart there. */
static bool agree_on_key(const struct relations *relations, const struct relation *relation,
                         struct destination *to, struct fault *why)
{
    if (to->users > 1)
        return check_same_key(relation, to, why);
    set_key(relation, to);
    return relation->root == 0 || check_unique(relations, relation, to, why);
}

static bool resolve(struct relations *relations, struct relation *relation, struct fault *why)
{
    scoped(drop_destination) struct destination *to = NULL;
    scoped(drop_described) struct described before = {.found = false};
    if (!described_get(relations->db, relation->oid, &before, why) ||
        !find_destination(relations, relation, &before, &to, why))
        return false;
    if (to == NULL)
        return lacks_table(relation, &before, why);
    relation->gone = false;
    if ((before.found && !check_table(relations, relation, &before, to, why)) ||
        !place_columns(relations, relation, to, why) || !check_others(relation, to, why))
        return false;
    if (before.found && relations->on_ddl == DDL_STOP && !check_columns(relation, &before, to, why))
        return false;
    if (!agree_on_key(relations, relation, to, why) || !note(relations, relation, &before, to, why))
        return false;
    relation->to = give(to);
    return true;
}

bool relations_find(struct relations *relations, uint32_t oid, struct relation **ret_relation,
                    struct fault *why)
{
    struct relation *relation = relations_known(relations, oid);
    if (relation == NULL)
        return fault_set(why, FAULT_STREAM_UNKNOWN,
                         "a change of relation %u, which was never described", oid);
    if (relation->to == NULL && !relation->gone && !resolve(relations, relation, why))
        return false;
    *ret_relation = relation;
    return true;
}

bool relation_check_identity(const struct relation *relation, struct fault *why)
{
    return relation->to->by_image || relation->to->key_count > 0 ||
           fault_set(why, FAULT_APPLY_REFUSED,
                     "table %s.%s has no replica identity: its updates and deletes cannot be "
                     "applied",
                     relation->nspname, relation->relname);
}
