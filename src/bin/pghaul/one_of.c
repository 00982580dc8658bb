#include "one_of.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "run/workdir.h"

#include <unistd.h>

static void wipe(struct strbuf *text)
{
    if (text->text != NULL)
        explicit_bzero(text->text, text->length);
    drop_strbuf(text);
}

void drop_one_of(struct one_of *one)
{
    wipe(&one->source);
    wipe(&one->target);
    drop_borrowed_options(&one->options);
}

const char *one_of_database(const struct members *members, const struct member *member)
{
    return member->roles ? members->list[1].name : member->name;
}

void one_of_choose(struct one_of *one, const struct options *all, const char *dir,
                   const struct members *members, const struct member *member,
                   const struct conninfo *source, const struct conninfo *target)
{
    char file[PATH_MAX];
    const char *name = one_of_database(members, member);
    book_borrow(&one->options, all);
    member_path(one->path, dir, member);
    workdir_path(file, one->path, "catalog.db");
    one->there = access(file, F_OK) == 0;
    conninfo_add_other(&one->source, source, name);
    conninfo_add_other(&one->target, target, name);
    one->options.source = one->source.text;
    one->options.target = one->target.text;
    one->options.name = NULL;
    one->options.dir = one->path;
}

bool one_of_refuse(struct db *db, const char *dir, const char *command, struct fault *why)
{
    scoped(drop_members) struct members members = {.list = NULL};
    scoped(drop_listing) struct listing paths = {.count = 0};
    if (!members_read(db, &members, why))
        return false;
    for (int i = 0; i < members.count; i++) {
        char path[PATH_MAX];
        struct strbuf *to = members.list[i].roles ? NULL : listing_next(&paths);
        member_path(path, dir, &members.list[i]);
        if (to != NULL)
            strbuf_addf(to, "\"%s\"", path);
    }
    return members.count == 0 ||
           fault_set(why, FAULT_SEVERAL_DATABASES,
                     "the run in \"%s\" is of several databases, and %s is for one of them: %s",
                     dir, command, listing_end(&paths));
}
